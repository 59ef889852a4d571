"""Who may see how the installation is doing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from clinic.accounts import policies

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


def can_see_operations(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """The clinic's administrators: whom everybody else asks why something does not move."""
    return policies.can_administer(user, clinic_id)

"""Who may see how the installation is doing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from clinic.accounts import policies
from clinic.accounts.models import Clinic

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User


def can_see_operations(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """The clinic's administrators: whom everybody else asks why something does not move."""
    return policies.can_administer(user, clinic_id)


def can_see_installation(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """The figures of the whole installation: whoever runs it, and administrators where there is no other clinic."""
    alone = not Clinic.objects.exclude(pk=clinic_id).exists()
    return can_see_operations(user, clinic_id) and (alone or bool(getattr(user, "is_superuser", False)))

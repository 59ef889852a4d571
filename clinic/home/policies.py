"""Who prescribes what is done at home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.accounts import policies

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User
    from clinic.patients.models import Episode


def can_prescribe(user: User | AnonymousUser, episode: Episode) -> bool:
    """Start, change and end a home programme, and send its link: a person who treats patients, never a system."""
    return not episode.patient.is_closed and policies.can_confirm(user, episode.patient.clinic_id)

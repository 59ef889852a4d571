"""What a role may do. Pages, API, files, exports and tasks ask here and nowhere else.

Every function takes the user first and the clinic's identifier second; what a user may not even
see is filtered out earlier by `visible_to`, and so is "not found" rather than "forbidden".
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .models import Membership, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User

READERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR, Role.REVIEWER, Role.INTEGRATION})
WRITERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR, Role.INTEGRATION})
CONFIRMERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


def clinics_of(user: User | AnonymousUser) -> dict[uuid.UUID, str]:
    """The role that the user has in each of their clinics, by the clinic's identifier. An invitation is none."""
    if not user.is_authenticated or not user.is_active:
        return {}
    roles: dict[uuid.UUID, str] | None = getattr(user, "_roles_by_clinic", None)
    if roles is None:
        found = Membership.objects.in_force().filter(user_id=user.pk)
        roles = dict(found.values_list("clinic_id", "role"))
        user._roles_by_clinic = roles
    return roles


def speak_for(user: User, clinic_id: uuid.UUID, role: str) -> None:
    """Let this user, as one request has it, be a member of that clinic alone: of a token's, wherever else they work."""
    user._roles_by_clinic = {clinic_id: role}


def role_in(user: User | AnonymousUser, clinic_id: uuid.UUID) -> str | None:
    return clinics_of(user).get(clinic_id)


def can_read_records(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    return role_in(user, clinic_id) in READERS


def can_write_records(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """Log patients, episodes and visits, and store photos."""
    return role_in(user, clinic_id) in WRITERS


def can_confirm(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """Say what a clinician says: confirm or correct a finding, give a grade or an impression, take a patient off the
    lists. Never another system's act."""
    return role_in(user, clinic_id) in CONFIRMERS


def is_integration(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """Whether the user is another system in that clinic."""
    return role_in(user, clinic_id) == Role.INTEGRATION


def can_administer(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    return role_in(user, clinic_id) in ADMINISTRATORS

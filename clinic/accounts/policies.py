"""What a role may do. Pages, API, files, exports and tasks ask here and nowhere else.

Every function takes the user first and the clinic's identifier second; what a user may not even
see is filtered out earlier by `visible_to`, and so is "not found" rather than "forbidden".
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .memberships import clinics_of
from .models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User

READERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR, Role.REVIEWER, Role.INTEGRATION})
WRITERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR, Role.INTEGRATION})
CONFIRMERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


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

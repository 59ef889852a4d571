"""In which clinics a person is who: asked by models and policies alike."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User


def clinics_of(user: User | AnonymousUser) -> dict[uuid.UUID, str]:
    """The role that the user has in each of their clinics, by the clinic's identifier. An invitation is none."""
    if not user.is_authenticated or not user.is_active:
        return {}
    roles: dict[uuid.UUID, str] | None = getattr(user, "_roles_by_clinic", None)
    if roles is None:
        found = user.memberships.in_force()
        roles = dict(found.values_list("clinic_id", "role"))
        user._roles_by_clinic = roles
    return roles


def speak_for(user: User, clinic_id: uuid.UUID, role: str) -> None:
    """Let this user, as one request has it, be a member of that clinic alone: of a token's, wherever else they work."""
    user._roles_by_clinic = {clinic_id: role}

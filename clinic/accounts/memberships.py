"""In which clinics a person is who: asked by models and policies alike."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import F, FilteredRelation, Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from .models import Membership, User


def with_blind(found: QuerySet[Membership]) -> QuerySet[Membership]:
    """These memberships, each once for every patient whom it reads blind at the moment (`blind_patient`), or once with
    None. The relation names its model."""
    open_ones = FilteredRelation("blind_readings", condition=Q(blind_readings__closed_at__isnull=True))
    return found.annotate(blind=open_ones, blind_patient=F("blind__visit__patient_id"))


def blind_to(user: User | AnonymousUser) -> frozenset[uuid.UUID]:
    """The patients of whom the user may see nothing yet, since a second reading of a visit is open."""
    clinics_of(user)
    return getattr(user, "_blind_to", frozenset())


def clinics_of(user: User | AnonymousUser) -> dict[uuid.UUID, str]:
    """The role that the user has in each of their clinics, by the clinic's identifier. An invitation is none."""
    if not user.is_authenticated or not user.is_active:
        return {}
    roles: dict[uuid.UUID, str] | None = getattr(user, "_roles_by_clinic", None)
    if roles is None:
        found = user.memberships.in_force()
        rows: list[tuple[uuid.UUID, str, uuid.UUID | None]]
        rows = list(with_blind(found).values_list("clinic_id", "role", "blind_patient"))
        roles = {clinic: role for clinic, role, _ in rows}
        user._roles_by_clinic = roles
        user._blind_to = frozenset(patient for _, _, patient in rows if patient is not None)
    return roles


def speak_for(user: User, clinic_id: uuid.UUID, role: str, *, blind: Iterable[uuid.UUID] = ()) -> None:
    """Let this user, as one request has it, be a member of that clinic alone: of a token's, wherever else they work.
    blind: as of `blind_to`."""
    user._roles_by_clinic = {clinic_id: role}
    user._blind_to = frozenset(blind)

"""What is read about users, clinics and memberships."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from .models import Clinic, Membership, Role
from .policies import clinics_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import User


def page_clinics(*, user: User | AnonymousUser) -> QuerySet[Clinic]:
    """The clinics that the user may open in the browser; an integration uses the API alone."""
    return Clinic.objects.filter(
        pk__in=[pk for pk, role in clinics_of(user).items() if role != Role.INTEGRATION]
    ).order_by("name", "pk")


def choose_clinic(*, clinics: list[Clinic], chosen: str | None) -> Clinic | None:
    """The clinic that the session chose, if it is still among the user's, or else their first; None without any."""
    by_id = {str(clinic.pk): clinic for clinic in clinics}
    return by_id.get(chosen or "") or (clinics[0] if clinics else None)


def is_integration_only(*, user: User | AnonymousUser) -> bool:
    """Whether every role of this user is for another system's use of the API."""
    roles = set(clinics_of(user).values())
    return roles == {Role.INTEGRATION}


def members(*, clinic_id: uuid.UUID) -> QuerySet[Membership]:
    """All memberships of a clinic with their users: those in force first, then by name."""
    return (
        Membership.objects.filter(clinic_id=clinic_id)
        .select_related("user")
        .order_by("-is_active", "user__full_name", "user__email")
    )

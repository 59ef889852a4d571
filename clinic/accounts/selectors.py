"""What is read about users, clinics and memberships."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from .models import Clinic, Membership, Role, User
from .policies import clinics_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def page_clinics(*, user: User | AnonymousUser) -> QuerySet[Clinic]:
    """The clinics that the user may open in the browser; an integration uses the API alone."""
    return Clinic.objects.filter(
        pk__in=[pk for pk, role in clinics_of(user).items() if role != Role.INTEGRATION]
    ).order_by("name", "pk")


def choose_clinic(*, clinics: list[Clinic], chosen: str | None) -> Clinic | None:
    """The clinic that the session chose, if it is still the user's, or else their first; None without any."""
    by_id = {str(clinic.pk): clinic for clinic in clinics}
    return by_id.get(chosen or "") or (clinics[0] if clinics else None)


def is_integration_only(*, user: User | AnonymousUser) -> bool:
    """Whether every role of this user is for another system's use of the API."""
    roles = set(clinics_of(user).values())
    return roles == {Role.INTEGRATION}


def integration_ids(*, clinic_ids: Iterable[uuid.UUID]) -> frozenset[int]:
    """The users who are or were another system in these clinics: what they wrote no person said."""
    found = Membership.objects.filter(clinic_id__in=list(clinic_ids), role=Role.INTEGRATION)
    return frozenset(found.values_list("user_id", flat=True))


def memberships_of(*, user: User | AnonymousUser) -> QuerySet[Membership]:
    """The user's roles that are in force, with their clinics."""
    return (
        Membership.objects.filter(user_id=user.pk, is_active=True)
        .select_related("clinic")
        .order_by("clinic__name")
    )


def members(*, clinic_id: uuid.UUID) -> QuerySet[Membership]:
    """All memberships of a clinic with their users: those in force first, then by name."""
    return (
        Membership.objects.filter(clinic_id=clinic_id)
        .select_related("user")
        .order_by("-is_active", "user__full_name", "user__email")
    )


def may_link_password(*, membership: Membership) -> bool:
    """Whether the clinic's administrator may make a password link for this member.

    Not for someone who also works elsewhere or runs the server: the link would open another clinic's records.
    """
    user = membership.user
    elsewhere = Membership.objects.filter(user=user).exclude(clinic_id=membership.clinic_id).exists()
    return membership.is_active and user.is_active and not (elsewhere or user.is_staff or user.is_superuser)


def integrations(*, clinic_id: uuid.UUID) -> QuerySet[User]:
    """The integrations of a clinic whose tokens its administrators keep: those that serve no other clinic."""
    return (
        User.objects.filter(
            memberships__clinic_id=clinic_id, memberships__role=Role.INTEGRATION, memberships__is_active=True
        )
        .exclude(pk__in=Membership.objects.exclude(clinic_id=clinic_id).values("user_id"))
        .exclude(Q(is_active=False) | Q(is_staff=True))
        .order_by("full_name", "email")
    )


def tokens_of(*, users: list[User]) -> QuerySet[AuthToken]:
    """The tokens of these users that still work, newest first, each with its name."""
    now = timezone.now()
    return (
        AuthToken.objects.filter(user__in=users)
        .filter(Q(expiry__isnull=True) | Q(expiry__gt=now))
        .select_related("user", "label")
        .order_by("-created")
    )

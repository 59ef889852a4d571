"""What is read about users, clinics and memberships."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from .links import invitation_links
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


def is_integration_account(*, user: User | AnonymousUser) -> bool:
    """Whether the account is or ever was another system's: it has no password, and never becomes a person."""
    return Membership.objects.filter(user_id=user.pk, role=Role.INTEGRATION).exists()


def integration_ids(*, clinic_ids: Iterable[uuid.UUID]) -> frozenset[int]:
    """The users who are or were another system in these clinics: what they wrote no person said."""
    found = Membership.objects.filter(clinic_id__in=list(clinic_ids), role=Role.INTEGRATION)
    return frozenset(found.values_list("user_id", flat=True))


def memberships_of(*, user: User | AnonymousUser) -> QuerySet[Membership]:
    """The user's roles that are in force, with their clinics."""
    return (
        Membership.objects.in_force()
        .filter(user_id=user.pk)
        .select_related("clinic")
        .order_by("clinic__name")
    )


def invitations_of(*, user: User | AnonymousUser) -> QuerySet[Membership]:
    """The roles that clinics offer this person, with their clinics; they open nothing."""
    return (
        Membership.objects.invitations()
        .filter(user_id=user.pk)
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


def is_clinics_own(*, user: User, clinic_id: uuid.UUID) -> bool:
    """Whether the account is this clinic's alone: made here, accepted nowhere else, and not the server's.

    Its administrators may make links for such an account. What they made opens no other clinic: a membership there
    begins with a password that nobody but its holder knows.
    """
    accepted = Membership.objects.filter(user=user, accepted_at__isnull=False)
    here = accepted.filter(clinic_id=clinic_id).exists()
    elsewhere = accepted.exclude(clinic_id=clinic_id).exists()
    return here and not (elsewhere or user.is_staff or user.is_superuser)


def may_link_password(*, membership: Membership) -> bool:
    """Whether the clinic's administrator may make a password link for this member: for an account of theirs alone.

    For someone who also works elsewhere or runs the server it would open another clinic's records, and another system
    has no password.
    """
    user = membership.user
    in_force = membership.is_active and membership.accepted_at is not None and user.is_active
    return (
        in_force
        and is_clinics_own(user=user, clinic_id=membership.clinic_id)
        and not is_integration_account(user=user)
    )


def may_use_password_link(*, user: User) -> bool:
    """Whether a link that was made for this account still may be used: it is still one clinic's alone."""
    mine = list(Membership.objects.in_force().filter(user=user).select_related("user")[:2])
    return len(mine) == 1 and may_link_password(membership=mine[0])


def integrations(*, clinic_id: uuid.UUID) -> QuerySet[User]:
    """The integrations of a clinic, whose tokens its administrators make."""
    mine = Membership.objects.in_force().filter(clinic_id=clinic_id, role=Role.INTEGRATION)
    return (
        User.objects.filter(pk__in=mine.values("user_id"))
        .exclude(Q(is_active=False) | Q(is_staff=True))
        .order_by("full_name", "email")
    )


def tokens_visible_to(*, user: User | AnonymousUser) -> QuerySet[AuthToken]:
    """The tokens that this person may see and revoke: their own, and all for clinics that they administer.

    Those that still work, newest first, each with its name, clinic and last use.
    """
    administered = [pk for pk, role in clinics_of(user).items() if role == Role.ADMINISTRATOR]
    return (
        AuthToken.objects.filter(Q(user_id=user.pk) | Q(label__clinic_id__in=administered))
        .filter(label__clinic_id__isnull=False, expiry__gt=timezone.now())
        .select_related("user", "label__clinic", "label__use", "label__made_by")
        .order_by("-created")
    )


def is_invitation(*, pk: uuid.UUID, secret: str) -> bool:
    """Whether a link with this secret was made for the invitation and works still; whose it is nobody is told."""
    invited = Membership.objects.invitations().filter(pk=pk).first()
    return invited is not None and invitation_links.opens(invited, secret)

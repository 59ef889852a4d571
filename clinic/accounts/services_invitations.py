"""How somebody who has an account joins a clinic: invited by its administrator, accepted by its holder alone.

The account may have been made in another clinic, whose administrators could have made its password, its second factor,
its sessions and its tokens. So the membership begins with two proofs that no administrator has together, a session
of the account and the secret of the invitation's link; and all that was handed out before ends with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.common.writing import lock, save

from . import factors
from .events import note_access
from .links import invitation_links
from .models import Membership
from .notices import NoticeKind, tell
from .services import end_credentials
from .services_tokens import end_tokens

if TYPE_CHECKING:
    from .models import User


@transaction.atomic
def invitation_secret(*, membership: Membership, by: User | None = None) -> str:
    """What makes a link by which its holder accepts the invitation: it works once, for some days."""
    if not is_open(membership):
        raise PermissionDenied
    note_access(what="invitation_link", clinic=membership.clinic, by=by, member=str(membership.pk))
    return invitation_links.secret_of(membership)


def is_open(membership: Membership) -> bool:
    """Whether the membership waits for its holder's word."""
    return membership.is_active and membership.accepted_at is None and membership.user.is_active


@transaction.atomic
def accept_invitation(
    *, membership: Membership, user: User, secret: str, password: str, keep: Iterable[int] = ()
) -> Membership:
    """Let the membership begin. The account's tokens, sessions, links, password and other factors end.

    secret: of the invitation's link.
    password: the new one, checked here.
    keep: the factors, by their keys, that the holder proved in this session; all others could be somebody else's.
    """
    lock(membership)
    if membership.user_id != user.pk or not is_open(membership):
        raise PermissionDenied
    if not invitation_links.opens(membership, secret):
        raise PermissionDenied
    if user.check_password(password):
        raise ValidationError({"password": [_("Choose another password than the one that you have.")]})
    validate_password(password, user)
    membership.accepted_at = timezone.now()
    save(membership, user=user, only=["accepted_at"])
    user.set_password(password)
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user_id=user.pk).exclude(
        pk__in=list(keep), type__in=factors.FACTORS
    ).delete()
    end_tokens(user=user, why="new_clinic")
    end_credentials(user=user)
    note_access(
        what="accepted", clinic=membership.clinic, by=user, role=membership.role, member=str(membership.pk)
    )
    tell(user=user, kind=NoticeKind.JOINED, clinic=membership.clinic)
    return membership


@transaction.atomic
def decline_invitation(*, membership: Membership, user: User) -> Membership:
    """Let the invitation end without a membership; the clinic may invite again."""
    lock(membership)
    if membership.user_id != user.pk or not is_open(membership):
        raise PermissionDenied
    membership.is_active = False
    save(membership, user=user, only=["is_active"])
    note_access(what="declined", clinic=membership.clinic, by=user, member=str(membership.pk))
    return membership

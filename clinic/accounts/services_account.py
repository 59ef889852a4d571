"""What whoever runs the server writes about an account of any clinic: address, password, and whether it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.common.writing import errors_of, lock, raise_if, save

from . import events
from .models import Clinic, Membership, Role
from .notices import NoticeKind, tell
from .selectors import is_integration_account
from .services import end_credentials
from .services_tokens import end_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .models import User

PAGE = "command"


def _log(user: User, fields: Iterable[str], kind: str = events.Event.ACCOUNT_CHANGED) -> None:
    """In each clinic that the person belongs or belonged to: its administrators are to see it."""
    names = list(fields)
    clinics = Clinic.objects.filter(memberships__user=user).order_by("pk")
    found: list[Clinic | None] = [*clinics]
    for clinic in found or [None]:
        events.changed(user, names, kind=kind, clinic=clinic, page=PAGE)


@transaction.atomic
def set_open(*, user: User, is_open: bool) -> User:
    """Close an account in all clinics at once, or open it again; a clinic keeps an open administrator.

    What was handed out for it before stays ended when it is opened again.
    """
    lock(user)
    if user.is_active == is_open:
        return user
    if not is_open:
        _keep_administrators(user)
    user.is_active = is_open
    save(user, user=None, only=["is_active"])
    if not is_open:
        end_tokens(user=user, why="closed")
        end_credentials(user=user)
    tell(user=user, kind=NoticeKind.ACCOUNT_OPENED if is_open else NoticeKind.ACCOUNT_CLOSED)
    _log(user, ["is_active"])
    return user


def _keep_administrators(user: User) -> None:
    for clinic in Clinic.objects.select_for_update().filter(
        memberships__user=user, memberships__role=Role.ADMINISTRATOR, memberships__is_active=True
    ):
        others = Membership.objects.in_force().filter(
            clinic=clinic, role=Role.ADMINISTRATOR, user__is_active=True
        )
        others = others.exclude(user=user)
        if not others.exists():
            raise ValidationError(
                _("%(clinic)s has no other administrator. Name another one first.") % {"clinic": clinic.name}
            )


@transaction.atomic
def change_address(*, user: User, email: str) -> User:
    """Let a person log in by another e-mail address; their sessions and unused links end."""
    lock(user)
    user.email = email.strip().lower()
    raise_if(errors_of(user, exclude=["password"]))
    save(user, user=None, only=["email"])
    end_credentials(user=user)
    tell(user=user, kind=NoticeKind.ADDRESS_CHANGED)
    _log(user, ["email"])
    return user


@transaction.atomic
def set_password(*, user: User, password: str) -> User:
    """Give a person another password; their sessions, tokens and unused links end. Another system has no password."""
    if is_integration_account(user=user):
        said = _("Another system has no password: it comes in by API tokens alone.")
        raise ValidationError(said, code="not_permitted")
    validate_password(password, user)
    lock(user)
    user.set_password(password)
    save(user, user=None, only=["password"])
    end_tokens(user=user, why="password_set")
    end_credentials(user=user)
    tell(user=user, kind=NoticeKind.PASSWORD_CHANGED)
    _log(user, ["password"], events.Event.PASSWORD_CHANGED)
    return user

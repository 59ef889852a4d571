"""Everything that is written about users, clinics, memberships and API tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from knox.models import AuthToken

from clinic.audit.services import log_act
from clinic.common.writing import Basis, Errors, assign, errors_of, lock, raise_if, save

from . import events
from .models import ApiToken, Clinic, Membership, Role, User
from .scopes import PEOPLE_ONLY, Scope, written
from .selectors import is_integration_only

CLINIC_FIELDS = frozenset({"name", "time_zone", "language", "require_second_factor", "idle_minutes"})
PROFILE_FIELDS = frozenset({"full_name", "language"})


@transaction.atomic
def setup_clinic(
    *, clinic: str, time_zone: str, language: str, email: str, full_name: str, password: str | None
) -> Membership:
    """Make a clinic and its first administrator, or neither; a known e-mail address keeps its password."""
    place = Clinic(name=" ".join(clinic.split()), time_zone=time_zone, language=language)
    raise_if(_prefixed("clinic_", errors_of(place)))
    place.save()
    log_act(
        kind=events.Event.CLINIC_CHANGED,
        clinic=place,
        page="setup_clinic",
        detail={"what": "made", "record": str(place.pk)},
    )
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        user = _new_user(email=email, full_name=full_name, language=language, password=password)
    elif not user.is_active:
        raise ValidationError({"email": [_("The user of this e-mail address is deactivated.")]})
    return Membership.objects.create(user=user, clinic=place, role=Role.ADMINISTRATOR)


def _prefixed(prefix: str, errors: Errors) -> Errors:
    return {f"{prefix}{name}": messages for name, messages in errors.items()}


def _new_user(*, email: str, full_name: str, language: str, password: str | None) -> User:
    """A user who is checked in full; without a password they can't log in until they set one by a link."""
    user = User(email=email.strip().lower(), full_name=" ".join(full_name.split()), language=language)
    errors = errors_of(user, exclude=["password"])
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            errors["password"] = error.error_list
    raise_if(errors)
    user.set_password(password)
    user.save()
    log_act(kind=events.Event.ACCOUNT_MADE, detail={"record": str(user.pk), "password": password is not None})
    return user


@transaction.atomic
def update_clinic(
    *, clinic: Clinic, user: User | None = None, based_on: Basis | None = None, **fields: object
) -> Clinic:
    """Change how a clinic is called, where its days begin, what its members read, and how they log in."""
    lock(clinic, based_on)
    changed = assign(clinic, fields, CLINIC_FIELDS, based_on=based_on)
    raise_if(errors_of(clinic))
    if changed:
        save(clinic, user=user, only=changed)
        events.changed(clinic, changed, kind=events.Event.CLINIC_CHANGED, user=user, clinic=clinic)
    return clinic


@transaction.atomic
def add_member(*, clinic: Clinic, email: str, full_name: str, role: str) -> Membership:
    """Give a person a role in the clinic; one who is new to the house is made, without a password yet."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        user = _new_user(email=email, full_name=full_name, language="", password=None)
    membership = Membership.objects.filter(user=user, clinic=clinic).first()
    if membership is not None:
        lock(membership)
    if membership is not None and membership.is_active:
        raise ValidationError({"email": [_("This person is already a member of the clinic.")]})
    if membership is None:
        membership = Membership(user=user, clinic=clinic)
    elif membership.role != role:
        _end_tokens_of_integration(membership, membership.role)
    membership.role, membership.is_active = role, True
    membership.full_clean()
    save(membership, user=None)
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: str, based_on: Basis | None = None) -> Membership:
    """Give a member another role, as long as the clinic keeps an administrator."""
    lock(membership, based_on)
    before = membership.role
    if assign(membership, {"role": role}, frozenset({"role"}), based_on=based_on):
        _end_tokens_of_integration(membership, before)
        if before == Role.ADMINISTRATOR:
            _keep_an_administrator(membership)
        membership.full_clean()
        save(membership, user=None, only=["role"])
    return membership


def _end_tokens_of_integration(membership: Membership, role: str) -> None:
    """What an administrator made for another system must not speak for a person."""
    if role == Role.INTEGRATION:
        revoke_tokens_of(user=membership.user)


@transaction.atomic
def set_member_active(*, membership: Membership, active: bool, based_on: Basis | None = None) -> Membership:
    """Take a person's access to the clinic away, or give it back; what they recorded stays."""
    lock(membership, based_on)
    if membership.is_active and not active and membership.role == Role.ADMINISTRATOR:
        _keep_an_administrator(membership)
    membership.is_active = active
    save(membership, user=None, only=["is_active"])
    return membership


def _keep_an_administrator(membership: Membership) -> None:
    # The lock makes two administrators who demote each other at the same moment take turns.
    Clinic.objects.select_for_update().get(pk=membership.clinic_id)
    others = Membership.objects.filter(
        clinic_id=membership.clinic_id, role=Role.ADMINISTRATOR, is_active=True, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise ValidationError(_("A clinic needs at least one administrator. Name another one first."))


def password_link_parts(*, user: User) -> tuple[str, str]:
    """What makes a link by which this person sets their password: it works once, for some days."""
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


@transaction.atomic
def update_profile(*, user: User, based_on: Basis | None = None, **fields: object) -> User:
    """Change how a person is called and which language they read."""
    lock(user, based_on)
    changed = assign(user, fields, PROFILE_FIELDS, based_on=based_on)
    raise_if(errors_of(user, exclude=["password"]))
    if changed:
        save(user, user=user, only=changed)
        _log_profile(user, changed)
    return user


@transaction.atomic
def set_language(*, user: User, language: str) -> None:
    """Remember the language that a person reads."""
    lock(user)
    if assign(user, {"language": language}, PROFILE_FIELDS):
        save(user, user=user, only=["language"])
        _log_profile(user, ["language"])


def _log_profile(user: User, changed: Iterable[str]) -> None:
    """In each of the person's clinics: what they are called concerns all of them."""
    kind = events.Event.ACCOUNT_CHANGED
    clinics = Clinic.objects.filter(memberships__user=user, memberships__is_active=True).order_by("pk")
    found: list[Clinic | None] = [*clinics]
    for clinic in found or [None]:
        events.changed(user, changed, kind=kind, user=user, clinic=clinic)


@transaction.atomic
def create_token(
    *, user: User, name: str, days: int | None, scopes: Iterable[str] | None = None
) -> tuple[ApiToken, str]:
    """Make an API token of that user; its text is returned once and stored nowhere.

    Without `scopes` it has all that its user may have.
    """
    expiry = dt.timedelta(days=days) if days else None
    allowed = set(Scope.values) - (PEOPLE_ONLY if is_integration_only(user=user) else set())
    wanted = allowed if scopes is None else set(scopes)
    raise_if(_wrong_scopes(wanted, allowed))
    token, text = AuthToken.objects.create(user, expiry=expiry)
    label = ApiToken(token=token, name=" ".join(name.split()), scopes=written(wanted))
    raise_if(errors_of(label))
    label.save()
    return label, text


def _wrong_scopes(wanted: set[str], allowed: set[str]) -> Errors:
    if not wanted:
        return {"scopes": [ValidationError(_("Choose what the token may be used for."), code="required")]}
    if unknown := wanted - set(Scope.values):
        said = _("There is no scope “%(scope)s”.") % {"scope": min(unknown)}
        return {"scopes": [ValidationError(said, code="unknown")]}
    if wanted - allowed:
        said = _("Another system can't confirm results or give grades: that is a clinician's act.")
        return {"scopes": [ValidationError(said, code="not_permitted")]}
    return {}


def revoke_token(*, token: AuthToken) -> None:
    """End an API token at once."""
    token.delete()


def revoke_tokens_of(*, user: User) -> None:
    """End all API tokens of a person at once."""
    AuthToken.objects.filter(user=user).delete()

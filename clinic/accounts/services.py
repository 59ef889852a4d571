"""Everything that is written about users, clinics and memberships; tokens and invitations have modules beside it."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from clinic.audit.services import log_act
from clinic.common.writing import Basis, Errors, assign, errors_of, lock, raise_if, save

from . import events, sessions
from .events import note_access
from .links import password_links
from .models import Clinic, Membership, Role, User
from .notices import NoticeKind, tell
from .selectors import is_clinics_own, is_integration_account, may_link_password
from .services_tokens import create_token, end_tokens, revoke_token

__all__ = ["create_token", "end_tokens", "revoke_token"]

CLINIC_FIELDS = frozenset({"name", "time_zone", "language", "require_second_factor", "idle_minutes"})
# What each person may do, the least first.
RANK = {Role.REVIEWER: 0, Role.CLINICIAN: 1, Role.ADMINISTRATOR: 2}
PROFILE_FIELDS = frozenset({"full_name", "language"})


@transaction.atomic
def setup_clinic(
    *, clinic: str, time_zone: str, language: str, email: str, full_name: str, password: str | None
) -> Membership:
    """Make a clinic and its first administrator, or neither; whoever has an account is invited and keeps it."""
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
    new = user is None
    if user is None:
        user = _new_user(email=email, full_name=full_name, language=language, password=password)
    elif not user.is_active:
        raise ValidationError({"email": [_("The user of this e-mail address is deactivated.")]})
    raise_if(_wrong_kind(user, Role.ADMINISTRATOR, None))
    membership = Membership(user=user, clinic=place, role=Role.ADMINISTRATOR)
    _begin(membership, own=new, by=None)
    return membership


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
def add_member(
    *, clinic: Clinic, email: str, full_name: str, role: str, by: User | None = None
) -> Membership:
    """Give a person a role in the clinic; one who is new here is made, without a password yet.

    Whoever has an account that isn't this clinic's alone is invited: the role counts once they accept it.
    """
    user = User.objects.select_for_update().filter(email__iexact=email.strip()).first()
    if user is None:
        user = _new_user(email=email, full_name=full_name, language="", password=None)
        own = True
    else:
        own = is_clinics_own(user=user, clinic_id=clinic.pk)
    membership = Membership.objects.filter(user=user, clinic=clinic).first()
    if membership is not None:
        lock(membership)
    if membership is not None and membership.is_active:
        raise ValidationError({"email": [_already(membership)]})
    raise_if(_wrong_kind(user, role, membership))
    if membership is None:
        membership = Membership(user=user, clinic=clinic)
    membership.role = role
    _begin(membership, own=own, by=by)
    return membership


def _already(membership: Membership) -> str:
    if membership.accepted_at is None:
        return _("This person is invited already.")
    return _("This person is already a member of the clinic.")


def _wrong_kind(user: User, role: str, membership: Membership | None) -> Errors:
    """A person stays a person and another system stays one: in one clinic, and by its tokens alone."""
    integration = is_integration_account(user=user)
    if integration and (role != Role.INTEGRATION or membership is None):
        said = _("This address is another system's. It belongs to one clinic and never becomes a person.")
        return {"email": [ValidationError(said, code="integration")]}
    known = user.memberships.exists() or user.has_usable_password() or user.is_staff or user.is_superuser
    if role == Role.INTEGRATION and not integration and known:
        said = _("This address is a person's. Another system needs an address of its own.")
        return {"email": [ValidationError(said, code="person")]}
    return {}


def _begin(membership: Membership, *, own: bool, by: User | None) -> None:
    """Let the membership begin, or make it an invitation where the account isn't the clinic's alone."""
    new = membership._state.adding
    membership.is_active, membership.accepted_at = True, timezone.now() if own else None
    membership.full_clean()
    save(membership, user=None)
    what = ("added" if new else "access_given") if own else "invited"
    note_access(what=what, clinic=membership.clinic, by=by, role=membership.role, member=str(membership.pk))
    if not own:
        tell(user=membership.user, kind=NoticeKind.INVITED, clinic=membership.clinic)
    elif not new:
        tell(user=membership.user, kind=NoticeKind.ACCESS_GIVEN, clinic=membership.clinic)


@transaction.atomic
def change_role(
    *, membership: Membership, role: str, based_on: Basis | None = None, by: User | None = None
) -> Membership:
    """Give a member another role, as long as the clinic keeps an administrator.

    What was handed out under the old role ends: tokens for this clinic, links, and sessions where the role rises.
    """
    lock(membership, based_on)
    before = membership.role
    if assign(membership, {"role": role}, frozenset({"role"}), based_on=based_on):
        if Role.INTEGRATION in (before, role):
            said = _("Another system never becomes a person, nor a person another system.")
            raise ValidationError({"role": [ValidationError(said, code="integration")]})
        if before == Role.ADMINISTRATOR:
            _keep_an_administrator(membership)
        membership.full_clean()
        save(membership, user=None, only=["role"])
        end_tokens(user=membership.user, clinic=membership.clinic, why="role")
        if RANK[Role(role)] > RANK[Role(before)]:
            end_credentials(user=membership.user)
        note_access(
            what="role", clinic=membership.clinic, by=by, role=membership.role, member=str(membership.pk)
        )
        tell(user=membership.user, kind=NoticeKind.ROLE_CHANGED, clinic=membership.clinic)
    return membership


@transaction.atomic
def set_member_active(
    *, membership: Membership, active: bool, based_on: Basis | None = None, by: User | None = None
) -> Membership:
    """Take a person's access to the clinic away, or give it back; what they recorded stays.

    What was handed out ends with it and does not come back: tokens for this clinic, and links.
    """
    lock(membership, based_on)
    if membership.is_active == active:
        return membership
    if active:
        raise_if(_wrong_kind(membership.user, membership.role, membership))
        own = is_clinics_own(user=membership.user, clinic_id=membership.clinic_id)
        _begin(membership, own=own, by=by)
        return membership
    if membership.role == Role.ADMINISTRATOR and membership.accepted_at is not None:
        _keep_an_administrator(membership)
    membership.is_active = False
    save(membership, user=None, only=["is_active"])
    end_tokens(user=membership.user, clinic=membership.clinic, why="access_taken")
    note_access(
        what="access_taken", clinic=membership.clinic, by=by, role=membership.role, member=str(membership.pk)
    )
    tell(user=membership.user, kind=NoticeKind.ACCESS_TAKEN, clinic=membership.clinic)
    return membership


def _keep_an_administrator(membership: Membership) -> None:
    # The lock makes two administrators who demote each other at the same moment take turns.
    Clinic.objects.select_for_update().get(pk=membership.clinic_id)
    others = Membership.objects.in_force().filter(
        clinic_id=membership.clinic_id, role=Role.ADMINISTRATOR, user__is_active=True
    )
    if not others.exclude(pk=membership.pk).exists():
        raise ValidationError(_("A clinic needs at least one administrator. Name another one first."))


def end_credentials(*, user: User) -> None:
    """End what was handed out for the account: every session, and every link that wasn't used yet.

    The password and the second factor stay, and so does the way in for whoever knows them.
    """
    User.objects.filter(pk=user.pk).update(credential_generation=F("credential_generation") + 1)
    user.refresh_from_db(fields=["credential_generation"])
    sessions.end_all(user=user)


@transaction.atomic
def password_link_parts(*, membership: Membership, by: User | None = None) -> tuple[str, str]:
    """What makes a link by which this member sets their password: it works once, for some days."""
    if not may_link_password(membership=membership):
        raise PermissionDenied
    user = membership.user
    note_access(what="password_link", clinic=membership.clinic, by=by, member=str(membership.pk))
    tell(user=user, kind=NoticeKind.LINK_MADE, clinic=membership.clinic)
    return urlsafe_base64_encode(force_bytes(user.pk)), password_links.make_token(user)


@transaction.atomic
def password_set_by_link(*, user: User) -> None:
    """What follows a password set by a link: whoever had the old one keeps nothing that it opened."""
    end_tokens(user=user, why="password_link")
    end_credentials(user=user)
    tell(user=user, kind=NoticeKind.PASSWORD_SET)


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
    mine = Membership.objects.in_force().filter(user=user)
    clinics = Clinic.objects.filter(pk__in=mine.values("clinic_id")).order_by("pk")
    found: list[Clinic | None] = [*clinics]
    for clinic in found or [None]:
        events.changed(user, changed, kind=kind, user=user, clinic=clinic)

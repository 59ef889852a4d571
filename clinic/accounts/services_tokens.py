"""Making and ending API tokens. Each speaks for one clinic, for some uses, until its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from knox.models import AuthToken

from clinic.common.writing import Errors, errors_of, raise_if

from .events import Event, note_access
from .models import ApiToken, Membership, Role, TokenUse
from .notices import NoticeKind, tell
from .scopes import PEOPLE_ONLY, Scope, proofs, written

if TYPE_CHECKING:
    from .models import Clinic, User

# A token's last use is written once in so long, or when it comes from elsewhere.
USE_EVERY = dt.timedelta(minutes=1)


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    days: int | None,
    scopes: Iterable[str] | None = None,
    clinic: Clinic | None = None,
    strength: Iterable[str] = (),
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """Make an API token of that user for one of their clinics; its text is returned once and stored nowhere.

    days: until its end, TOKEN_DAYS at most.
    scopes: all that its user may have there, if left out.
    clinic: needed where the user works in several.
    strength: by what its maker proved who they are, as in `Proof`; nothing counts as a password alone.
    """
    membership = _membership(user, clinic)
    allowed = set(Scope.values) - (PEOPLE_ONLY if membership.role == Role.INTEGRATION else set())
    wanted = allowed if scopes is None else set(scopes)
    raise_if({**_wrong_scopes(wanted, allowed), **_wrong_end(days)})
    token, text = AuthToken.objects.create(user, expiry=dt.timedelta(days=days or 0))
    label = ApiToken(
        token=token,
        name=" ".join(name.split()),
        scopes=written(wanted),
        clinic=membership.clinic,
        strength=proofs(strength),
        made_by=by or user,
    )
    raise_if(errors_of(label))
    label.save()
    note_access(
        kind=Event.TOKEN_MADE,
        what="made",
        clinic=membership.clinic,
        by=by or user,
        member=str(membership.pk),
        token=str(label.pk),
    )
    tell(user=user, kind=NoticeKind.TOKEN_MADE, clinic=membership.clinic)
    return label, text


def _membership(user: User, clinic: Clinic | None) -> Membership:
    """The one for which the token is to speak; locked, so that taking it away ends every token of it."""
    found = Membership.objects.in_force().filter(user=user)
    mine = list((found.filter(clinic=clinic) if clinic else found).select_for_update()[:2])
    if len(mine) == 1:
        return mine[0]
    if mine:
        said = _("Choose the clinic that the token is for: you work in several.")
        raise ValidationError({"clinic": [ValidationError(said, code="required")]})
    said = _("A token is for a clinic in which its user works.")
    raise ValidationError({"clinic": [ValidationError(said, code="not_permitted")]})


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


def _wrong_end(days: int | None) -> Errors:
    if days and 0 < days <= settings.TOKEN_DAYS:
        return {}
    said = ngettext(
        "A token works for %(days)s day at most.",
        "A token works for %(days)s days at most.",
        settings.TOKEN_DAYS,
    )
    return {"days": [ValidationError(said % {"days": settings.TOKEN_DAYS}, code="invalid")]}


@transaction.atomic
def revoke_token(*, token: AuthToken, by: User | None = None) -> None:
    """End an API token at once."""
    label: ApiToken | None = getattr(token, "label", None)
    clinic = label.clinic if label else None
    note_access(
        kind=Event.TOKEN_REVOKED, what="revoked", clinic=clinic, by=by, token=str(label.pk) if label else ""
    )
    tell(user=token.user, kind=NoticeKind.TOKEN_REVOKED, clinic=clinic)
    token.delete()


@transaction.atomic
def end_tokens(*, user: User, why: str, clinic: Clinic | None = None) -> int:
    """End all API tokens of a person, or those for one clinic, at once; how many there were.

    why: a code for the log.
    """
    found = AuthToken.objects.filter(user=user)
    if clinic is not None:
        found = found.filter(label__clinic=clinic)
    count = found.count()
    if count:
        found.delete()
        note_access(
            kind=Event.TOKEN_REVOKED, what="ended", clinic=clinic, owner=user.pk, count=count, why=why
        )
        tell(user=user, kind=NoticeKind.TOKENS_ENDED, clinic=clinic)
    return count


def note_use(*, label: ApiToken, address: str | None) -> None:
    """Remember when and from where the token was used last."""
    now = timezone.now()
    use: TokenUse | None = getattr(label, "use", None)
    if use is None:
        TokenUse.objects.get_or_create(token=label, defaults={"at": now, "address": address})
    elif use.address != address or now - use.at > USE_EVERY:
        TokenUse.objects.filter(token=label).update(at=now, address=address)

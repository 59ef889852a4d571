"""Everything that is written about links sent to patients. Callers have asked the policy first.

A secret has 128 bits and is shown once; its hash needs no salt, since nobody can try that many.
"""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from typing import TYPE_CHECKING, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.common.versions import Basis
from clinic.common.writing import errors_of, lock, raise_if, save

from . import rules
from .models import Episode
from .models_of_links import LinkState, PatientLink, hash_of

if TYPE_CHECKING:
    from clinic.accounts.models import User

SECRET_BYTES: Final = 16
LONGEST_DAYS: Final = 30
USUAL_DAYS: Final = 7


@transaction.atomic
def make_link(
    *, user: User, episode: Episode, purpose: str, subject: str, days: int = USUAL_DAYS
) -> tuple[PatientLink, str]:
    """A link for the patient of that episode, and its secret, which is told this once and stored nowhere."""
    rules.not_archived(episode.patient)
    if not 1 <= days <= LONGEST_DAYS:
        said = _("A link lasts 1 to %(days)d days.") % {"days": LONGEST_DAYS}
        raise ValidationError({"days": [ValidationError(said, code="invalid")]})
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=")
    link = PatientLink(
        episode=episode,
        purpose=purpose,
        subject=subject,
        secret_hash=hash_of(secret),
        made_by=user,
        expires_at=timezone.now() + dt.timedelta(days=days),
    )
    raise_if(errors_of(link))
    save(link, user=user)
    return link, secret


@transaction.atomic
def revoke_link(*, user: User, link: PatientLink, based_on: Basis | None = None) -> PatientLink:
    """Let it work no more; what was answered by it stays."""
    lock(link, based_on)
    if link.revoked_at is None and link.used_at is None:
        link.revoked_at = timezone.now()
        save(link, user=user, only=["revoked_at"])
    return link


@transaction.atomic
def use_link(*, link: PatientLink) -> PatientLink:
    """Say that the patient did what it was for: it works no more. ValidationError where it already doesn't."""
    lock(link)
    if link.state != LinkState.OPEN:
        raise ValidationError(_("This link no longer works."), code="closed")
    link.used_at = timezone.now()
    save(link, user=None, only=["used_at"])
    return link


def note_failure(*, link: PatientLink) -> None:
    """Count a wrong birth date, whatever else happens to the request."""
    PatientLink.objects.filter(pk=link.pk).update(failures=F("failures") + 1)


def forget_failures(*, link: PatientLink) -> None:
    """The birth date was right after all: a slip a week closes no link that is opened every day."""
    PatientLink.objects.filter(pk=link.pk, failures__gt=0).update(failures=0)

"""When a visit or a photo can have been: a moment beyond that would break every page that shows it in a time zone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

EARLIEST = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)
# A clock or a time zone may be wrong by as much.
AHEAD = dt.timedelta(days=1)
VISIT_AHEAD = _("A visit can't be in the future.")
PHOTO_AHEAD = _("A photo can't be from the future.")


def check(*, moment: dt.datetime, field: str, ahead: str | StrPromise) -> None:
    """ValidationError of that field unless the moment lies between 1900 and tomorrow."""
    if moment > timezone.now() + AHEAD:
        raise ValidationError({field: ValidationError(ahead, code="future")})
    if moment < EARLIEST:
        raise ValidationError({field: ValidationError(_("Check the year."), code="too_early")})

"""Moments as people type them: a day and an hour by the clock on the wall, which twice a year is no moment, or two."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _


class MomentField(forms.DateTimeField):
    """A date and time in the active time zone, to the minute.

    An hour that comes twice, when clocks go back, means the moment that the form showed if it still reads so, else the
    first of the two. An hour that clocks leave out is refused in words.
    """

    shown: dt.datetime | None = None
    """The moment that the form was shown with."""

    def to_python(self, value: Any) -> dt.datetime | None:
        zone = timezone.get_current_timezone()
        # Read as if no clock were ever put forward or back; what the hour means in this zone is settled below.
        with timezone.override(dt.UTC):
            read = super().to_python(value)
        if read is None or read.tzinfo is not dt.UTC:
            return read
        naive = read.replace(tzinfo=None)
        first = naive.replace(tzinfo=zone, fold=0)
        try:
            back = first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
        except OverflowError:  # within a day of year 1 or 9999
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if back != naive:
            raise ValidationError(
                _("On that day the clocks were put forward, and there was no %(time)s. Choose another time."),
                code="no_such_time",
                params={"time": naive.strftime("%H:%M")},
            )
        second = naive.replace(tzinfo=zone, fold=1)
        if self.shown is not None and first.utcoffset() != second.utcoffset():
            was = timezone.localtime(self.shown, zone)
            if was.fold and was.replace(tzinfo=None, second=0, microsecond=0, fold=0) == naive:
                return second
        return first

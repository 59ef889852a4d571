"""How long ago something began, as exactly as its beginning is known and as coarsely as the time is long."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from .dates import local_day

YEAR_DAYS = 365


class Precision(TextChoices):
    """How exactly a day in the past is known."""

    DAY = "day", gettext_lazy("To the day")
    MONTH = "month", gettext_lazy("Month and year")
    YEAR = "year", gettext_lazy("Year alone")
    UNKNOWN = "unknown", gettext_lazy("Not known")


def months_between(start: dt.date, end: dt.date) -> int:
    """Whole months from one day to a later one; 0 where it isn't later."""
    return max(0, (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day))


def years_and_months(start: dt.date, end: dt.date) -> str:
    """As "3 years", or "1 year 4 months"."""
    return _years_and_months(*divmod(months_between(start, end), 12), get_language())


@functools.lru_cache(1024)
def _years_and_months(years: int, months: int, language: str | None) -> str:
    """language: the active one."""
    words = [ngettext("%(n)d year", "%(n)d years", years) % {"n": years}] if years else []
    if months:
        words.append(ngettext("%(n)d month", "%(n)d months", months) % {"n": months})
    return " ".join(words) or _("under a month")


@dataclass(frozen=True, slots=True)
class Onset:
    """The day on which a weakness began, as exactly as it is known. date: the earliest that it may have been; where
    nothing is known of it, a stand-in that nobody is shown."""

    date: dt.date
    precision: str = Precision.DAY

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return self.precision != Precision.UNKNOWN

    @property
    def text(self) -> str:
        """The onset as it is known."""
        if self.precision == Precision.MONTH:
            return date_format(self.date, "YEAR_MONTH_FORMAT")
        if self.precision == Precision.YEAR:
            return str(self.date.year)
        return date_format(self.date) if self.is_known else _("not known")

    def days(self, day: dt.date | dt.datetime) -> int | None:
        """Days from onset to that day, negative before it; None unless the onset is known to the day."""
        return (local_day(day) - self.date).days if self.precision == Precision.DAY else None

    def since(self, day: dt.date | dt.datetime) -> str:
        """The time from onset to that day in words: weeks in the first year, then years and months; empty where the
        onset isn't known."""
        on = local_day(day)
        passed = (on - self.date).days
        if not self.is_known:
            return ""
        if self.precision == Precision.YEAR:
            years = on.year - self.date.year
            return (
                ngettext("about %(n)d year", "about %(n)d years", years) % {"n": years}
                if years > 0
                else _("under a year")
            )
        if self.precision == Precision.MONTH:
            return (
                _("about %(time)s") % {"time": years_and_months(self.date, on)}
                if passed > 30
                else _("under a month")
            )
        if passed < YEAR_DAYS:
            return _("week %(week)d") % {"week": passed // 7}
        return years_and_months(self.date, on)


def age_text(born: dt.date, day: dt.date | dt.datetime, precision: str = Precision.DAY) -> str:
    """An age in words: days and weeks of an infant, months to the second birthday, then years; about, where the day of
    birth isn't known."""
    on = local_day(day)
    if precision == Precision.YEAR:
        years = max(0, on.year - born.year)
        return ngettext("about %(n)d year", "about %(n)d years", years) % {"n": years}
    days, months = max(0, (on - born).days), months_between(born, on)
    if days < 14:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if months < 3:
        return ngettext("%(n)d week", "%(n)d weeks", days // 7) % {"n": days // 7}
    if months < 24:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    return ngettext("%(n)d year", "%(n)d years", months // 12) % {"n": months // 12}

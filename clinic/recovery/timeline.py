"""The time axis that all charts of a page share: it starts near the first visit and counts in what fits."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.spans import YEAR_DAYS, Onset, Precision

from .history import EpisodeHistory

MONTH_DAYS: Final = 30.4375
MOST_TICKS: Final = 6
# Unit, days in it, and the steps of ticks that a reader counts in.
UNITS: Final = (
    ("days", 1.0, (1, 2, 5, 7)),
    ("weeks", 7.0, (1, 2, 4, 8, 12, 26)),
    ("months", MONTH_DAYS, (1, 2, 3, 6, 12)),
    ("years", 365.25, (1, 2, 5, 10, 20)),
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """From which day to which the charts run, where their ticks stand, and what they count."""

    start: dt.date
    end: dt.date
    ticks: tuple[tuple[dt.date, str], ...]
    title: str

    def share(self, day: dt.date) -> float:
        """Where that day lies, 0 at the start and 1 at the end."""
        return (day - self.start).days / max(1, (self.end - self.start).days)

    def holds(self, day: dt.date) -> bool:
        """Whether that day is drawn."""
        return self.start <= day <= self.end


def timeline(history: EpisodeHistory) -> Timeline | None:
    """Of an episode with visits or scores: from its onset where that is near the first of them, else from that one."""
    days = [one.date for one in history.visits[:1]] + [one.date for one in history.visits[-1:]]
    days += [one.date for one in history.scores]
    if not days:
        return None
    first, last = min(days), max(days)
    onset, span = history.onset, max(7, (last - first).days)
    gap = (first - onset.date).days
    near = onset.precision == Precision.DAY and 0 <= gap <= max(21, span // 2)
    start = onset.date if near else first
    end = max([last, start + dt.timedelta(days=7), *(one.date for one in history.treatments)])
    if onset.precision == Precision.DAY and abs(gap) < YEAR_DAYS:
        ticks, unit = _since(onset.date, start, end)
        return Timeline(start, end, ticks, _title(unit))
    return Timeline(start, end, _calendar(start, end), _dated(onset, first))


def _since(onset: dt.date, start: dt.date, end: dt.date) -> tuple[tuple[tuple[dt.date, str], ...], str]:
    """Ticks that count from onset, in the finest unit that needs few enough of them."""
    days = (end - start).days
    unit, length, step = _step(days)
    first = math.ceil((start - onset).days / (length * step)) * step
    ticks = []
    for number in range(first, first + MOST_TICKS * 2 * step, step):
        day = onset + dt.timedelta(days=round(number * length))
        if day > end:
            break
        ticks.append((day, str(number).replace("-", "\N{MINUS SIGN}")))
    return tuple(ticks), unit


def _step(days: int) -> tuple[str, float, int]:
    for unit, length, steps in UNITS:
        if unit == "days" and days > 21:
            continue
        if unit == "weeks" and days > 2 * YEAR_DAYS:
            continue
        for step in steps:
            if days / (length * step) <= MOST_TICKS:
                return unit, length, step
    return "years", 365.25, max(20, math.ceil(days / 365.25 / MOST_TICKS / 10) * 10)


def _title(unit: str) -> str:
    return {
        "days": _("Days since onset"),
        "weeks": _("Weeks since onset"),
        "months": _("Months since onset"),
        "years": _("Years since onset"),
    }[unit]


def _dated(onset: Onset, first: dt.date) -> str:
    """What stands under an axis of dates: how long after onset it begins, as far as that is known."""
    since = onset.since(first)
    return (
        _("Date; it starts %(time)s after onset") % {"time": since} if since else _("Date; onset not known")
    )


def _calendar(start: dt.date, end: dt.date) -> tuple[tuple[dt.date, str], ...]:
    """Ticks at dates: days, first days of months, or of years."""
    days = (end - start).days
    if days <= 70:
        step = max(7, math.ceil(days / MOST_TICKS / 7) * 7)
        found = [start + dt.timedelta(days=n) for n in range(0, days + 1, step)]
        return tuple((day, date_format(day, "j M")) for day in found)
    months = list(_months(start, end))
    if len(months) <= 30:
        return tuple((day, date_format(day, "M Y")) for day in _thinned(months))
    years = [day for day in months if day.month == 1]
    return tuple((day, str(day.year)) for day in _thinned(years))


def _months(start: dt.date, end: dt.date) -> Iterator[dt.date]:
    day = dt.date(start.year, start.month, 1)
    while day <= end:
        if day >= start:
            yield day
        day = dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _thinned(days: Sequence[dt.date]) -> Sequence[dt.date]:
    return days[:: max(1, math.ceil(len(days) / (MOST_TICKS - 1)))]

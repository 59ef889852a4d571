"""The course of recovery in one sentence, no surer than the measurements are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinic.common.dates import local_day, today, week_since

from . import measures
from .noise import error_of

# The region that says most about a face comes first; the others stand in where it was not measured.
_ORDER = ("mouth", "eye", "brow")

Kind = Literal["nothing", "first", "other_release", "changed"]


def region_name(region: str) -> str:
    """The region's name within a sentence."""
    return {
        "brow": pgettext("within a sentence", "brow"),
        "eye": pgettext("within a sentence", "eye"),
        "mouth": pgettext("within a sentence", "mouth"),
    }[region]


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Course:
    """What can be said of the course: a region, its last value, and its change since an earlier visit.

    kind: "nothing" measured yet; "first" measured visit; "other_release" where no earlier visit was measured
    alike; "changed" with `since` and `by`, the difference of the figures as written. `worse` compares the last
    two measured visits, all regions. `beyond_error` says whether the change exceeds the measurement error,
    None while that is unknown.
    """

    kind: Kind
    region: str = ""
    value: float | None = None
    date: dt.date | None = None
    by: float | None = None
    since: dt.date | None = None
    worse: bool = False
    release: str = ""
    onset: dt.date | None = None
    weak_side: str = ""
    exercise: str = ""

    @property
    def error(self) -> float | None:
        """The measurement error of the region in that exercise; None while it isn't known."""
        return error_of(region=self.region, exercise=self.exercise, release=self.release)

    @property
    def beyond_error(self) -> bool | None:
        """Whether the change is larger than the measurement error; None while that isn't known."""
        error = self.error
        return None if error is None or self.by is None else abs(self.by) > error

    @property
    def sentence(self) -> str:
        """The course in one sentence, in the reader's language."""
        if self.kind == "nothing" or self.value is None or self.date is None:
            return _("No analysed photos yet, so nothing can be said of the course.")
        values = {
            "region": _capitalised(region_name(self.region)),
            "value": number(self.value),
            "date": self._day(self.date),
        }
        if self.kind == "first":
            return _("%(region)s symmetry %(value)s on %(date)s, the first measured visit.") % values
        if self.kind == "other_release" or self.by is None or self.since is None:
            return (
                _("%(region)s symmetry %(value)s on %(date)s; no earlier visit was measured alike.") % values
            )
        values |= {"by": number(abs(self.by)), "since": self._day(self.since)}
        if self.by == 0:
            return _("%(region)s symmetry %(value)s on %(date)s, unchanged since %(since)s.") % values
        if self.by > 0:
            return _("%(region)s symmetry %(value)s on %(date)s, up %(by)s since %(since)s.") % values
        return _("%(region)s symmetry %(value)s on %(date)s, down %(by)s since %(since)s.") % values

    def _day(self, date: dt.date) -> str:
        """The date with the week since onset, by which courses are compared."""
        if self.onset is None:
            return day_and_month(date)
        week = _("(week %(week)d)") % {"week": week_since(self.onset, date)}
        return " ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in (day_and_month(date), week))

    @property
    def caveat(self) -> str:
        """What the sentence must not hide: how much of the change may be noise, and what a ratio can't say."""
        if self.kind == "nothing":
            return ""
        return " ".join(filter(None, [self._both_sides(), self._noise()]))

    def _both_sides(self) -> str:
        if self.weak_side != "both":
            return ""
        return _("Both sides are weak: two sides that move equally little are alike too. Go by the grade.")

    def _noise(self) -> str:
        if self.by is None:
            return ""
        if self.beyond_error is None:
            return _(
                "The measurement error is not yet known: less may have changed than it seems, or nothing."
            )
        values = {"error": number(self.error or 0)}
        if self.beyond_error:
            return _("More than the measurement error of %(error)s.") % values
        return _("Within the measurement error of %(error)s: no detectable change.") % values


def course_of(
    visits: Sequence[tuple[dt.date, measures.Measured]],
    *,
    onset: dt.date | None = None,
    weak_side: str = "",
) -> Course:
    """The course over those visits, oldest first: since the first, or since the last one if it got worse."""
    return replace(_course(visits), onset=onset, weak_side=weak_side)


def _course(visits: Sequence[tuple[dt.date, measures.Measured]]) -> Course:
    last = next((place for place in range(len(visits) - 1, -1, -1) if _first_region(visits[place][1])), None)
    if last is None:
        return Course("nothing")
    date, after = visits[last]
    fall = measures.last_change([measured for _, measured in visits])
    worse = measures.is_worse(fall[2]) if fall else False
    if fall and worse:
        # The sentence must show what fell, not a region that happened to hold.
        found = measures.changes(before=visits[fall[0]][1], after=visits[fall[1]][1])
        deepest = min(found, key=lambda one: one.by)
        return _changed(deepest, visits[fall[1]][0], visits[fall[0]][0], worse=True)
    region = _first_region(after)
    assert region is not None
    for earlier, before in visits[:last]:
        if (found_change := measures.change(region, before=before, after=after)) is not None:
            return _changed(found_change, date, earlier, worse=False)
    reading = after.reading(region)
    assert reading is not None
    alone = not any(measured.counted for _, measured in visits[:last])
    return Course(
        "first" if alone else "other_release",
        region=region,
        value=reading.value,
        date=date,
        release=reading.release,
        exercise=reading.exercise,
    )


def _first_region(measured: measures.Measured) -> str | None:
    return next((region for region in _ORDER if measured.reading(region) is not None), None)


def _changed(change: measures.Change, date: dt.date, since: dt.date, *, worse: bool) -> Course:
    return Course(
        "changed",
        region=change.region,
        value=change.after.value,
        date=date,
        by=change.shown,
        since=since,
        worse=worse,
        release=change.after.release,
        exercise=change.after.exercise,
    )


def number(value: float) -> str:
    """A symmetry with the two digits that it can bear, as the reader's language writes numbers."""
    return number_format(measures.rounded(value), 2)


def day_and_month(moment: dt.date | dt.datetime) -> str:
    """Day and month, with the year where it is another one than now."""
    date = local_day(moment)
    return date_format(date, "MONTH_DAY_FORMAT" if date.year == today().year else "DATE_FORMAT")

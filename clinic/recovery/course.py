"""The course of recovery in one sentence, no surer than the measurements are."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Protocol

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from clinic.common import written
from clinic.common.dates import local_day, today
from clinic.common.spans import Onset
from clinic.visits import exercises

from . import measures, rules
from .change import WHOLE, CourseChanges, RegionChange, Verdict, changes
from .compared import Compared, Reading

# The region that says most about a face comes first; the others stand in where it was not measured.
_ORDER = ("mouth", "eye", "brow")

Kind = Literal["nothing", "first", "other_release", "changed"]


_REGIONS: Final = {
    "brow": pgettext_lazy("within a sentence", "brow"),
    "eye": pgettext_lazy("within a sentence", "eye"),
    "mouth": pgettext_lazy("within a sentence", "mouth"),
    WHOLE: pgettext_lazy("within a sentence", "brow, eye and mouth together"),
}


def region_name(region: str) -> str:
    """The region's name within a sentence."""
    return str(_REGIONS[region])


def capitalised(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Course:
    """What can be said of the course: a region, its last figure, and its change since an earlier visit.

    kind: "nothing" measured yet; "first" measured visit; "other_release" where no earlier visit was measured
    alike; "changed" with `change`: the deepest fall where the face is worse than it was, else since the first visit.
    `changes`: of every region, against the visit before, the first and the best. `apart`: the exercises by their names,
    where the figures compared are of fewer than the visit's own figure, which the charts draw.
    """

    kind: Kind
    region: str = ""
    reading: Reading | None = None
    date: dt.date | None = None
    change: RegionChange | None = None
    changes: CourseChanges = field(default_factory=CourseChanges)
    apart: tuple[str, ...] = ()
    onset: Onset | None = None
    weak_side: str = ""

    @property
    def value(self) -> float | None:
        """The region's last figure."""
        return self.reading.value if self.reading else None

    @property
    def release(self) -> str:
        """That measured it."""
        return self.reading.release if self.reading else ""

    @property
    def exercise(self) -> str:
        """In which it was measured, of several the first."""
        return self.reading.exercise if self.reading else ""

    @property
    def by(self) -> float | None:
        """The difference of the two figures as written."""
        return self.change.shown if self.change else None

    @property
    def since(self) -> dt.date | None:
        """The earlier visit's day."""
        return self.change.since if self.change else None

    @property
    def worse(self) -> bool:
        """Whether the face is worse than it was at an earlier visit."""
        return self.changes.worse

    @property
    def error(self) -> float | None:
        """The measurement error of one comparison of that figure; None while it isn't known."""
        return self.change.error if self.change else None

    @property
    def limit(self) -> float | None:
        """What a change must exceed, as one of all the comparisons of this course."""
        return self.change.limit if self.change else None

    @property
    def verdict(self) -> Verdict | None:
        """What the change is; None without one."""
        return self.change.verdict if self.change else None

    @property
    def beyond_error(self) -> bool | None:
        """Whether the change is more than measurement error; None while that isn't known."""
        return {"better": True, "worse": True, "same": False}.get(self.verdict or "unknown")

    @property
    def sentence(self) -> str:
        """The course in one sentence, in the reader's language."""
        if self.kind == "nothing" or self.reading is None or self.date is None:
            return _("No analysed photos yet, so nothing can be said of the course.")
        what = figure_words(self.region, self.reading, self.weak_side)
        if self.apart:
            what = _("%(what)s in %(exercises)s") % {"what": what, "exercises": ", ".join(self.apart)}
        values = {"what": what, "date": self._day(self.date)}
        if self.kind == "first":
            return _("%(what)s on %(date)s, the first measured visit.") % values
        if self.change is None or self.by is None or self.since is None:
            return _("%(what)s on %(date)s; no earlier visit was measured alike.") % values
        values |= {
            "by": number(abs(self.by)),
            "since": self._day(self.since),
            "before": number(self.change.before.value),
        }
        if self.worse:
            return _("%(what)s on %(date)s; fell from %(before)s on %(since)s.") % values
        if self.by == 0:
            return _("%(what)s on %(date)s, unchanged since %(since)s.") % values
        if self.by > 0:
            return _("%(what)s on %(date)s, up %(by)s since %(since)s.") % values
        return _("%(what)s on %(date)s, down %(by)s since %(since)s.") % values

    @property
    def mark(self) -> str:
        """What stands beside the sentence where the face is worse than it was; empty else."""
        worst = self.changes.worst
        if worst is None or worst.since is None:
            return ""
        if self.changes.worse_than_before:
            return _("Worse than at the visit before.")
        return _("Worse than on %(date)s.") % {"date": self._day(worst.since)}

    def _day(self, date: dt.date) -> str:
        """The date with the time since onset, by which courses are compared."""
        text = day_and_month(date)
        since = self.onset.since(date) if self.onset is not None else ""
        parts = [text, f"({since})"] if since else [text]
        return " ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)

    @property
    def caveat(self) -> str:
        """What the sentence must not hide: how much of the change may be noise, and what a share can't say."""
        if self.kind == "nothing":
            return ""
        return " ".join(filter(None, [self._both_sides(), self._noise()]))

    def _both_sides(self) -> str:
        if self.weak_side != "both":
            return ""
        return _("Both sides are weak: two sides that move equally little are alike too. Go by the grade.")

    def _noise(self) -> str:
        if self.change is None:
            return ""
        if self.limit is None:
            return _("The measurement error is not known: less may have changed than it seems, or nothing.")
        values = {"error": number(self.limit)}
        if not self.beyond_error and self.limit >= rules.TOO_WIDE:
            return (
                _("The measurement error of %(error)s is as wide as the scale: nothing can be told.") % values
            )
        if self.beyond_error:
            return _("More than measurement error explains (%(error)s).") % values
        return _("Within the measurement error of %(error)s: no detectable change.") % values


def verdict_words(verdict: Verdict, limit: float | None) -> str:
    """What a change of a share or a ratio means, with what it had to exceed."""
    if verdict == "unknown" or limit is None:
        return _("error not known")
    values = {"limit": number(limit)}
    if verdict == "same" and limit >= rules.TOO_WIDE:
        return _("can't be told: error of %(limit)s, as wide as the scale") % values
    return {
        "better": _("better, by more than the error of %(limit)s"),
        "worse": _("worse, by more than the error of %(limit)s"),
        "same": _("no detectable change; error up to %(limit)s"),
    }[verdict] % values


def figure_words(region: str, reading: Reading, weak_side: str) -> str:
    """A region's figure in words, with what it is a share or a ratio of."""
    values = {"region": capitalised(region_name(region)), "value": number(reading.value)}
    if reading.kind == "distance":
        return _("%(region)s %(value)s (ratio of distances)") % values
    if region == WHOLE:
        return _("%(region)s %(value)s of the other side's movement") % values
    if weak_side == "left":
        return _("%(region)s %(value)s of the right side's movement") % values
    if weak_side == "right":
        return _("%(region)s %(value)s of the left side's movement") % values
    return _("%(region)s: the smaller movement is %(value)s of the larger") % values


class CourseVisit(Protocol):
    """A visit as far as the course is told from it."""

    @property
    def compared(self) -> Compared: ...

    def reading(self, region: str) -> Reading | None:
        """The region's own figure."""


Seen = tuple[dt.date, CourseVisit]


def course_of(visits: Sequence[Seen], *, onset: Onset | None = None, weak_side: str = "") -> Course:
    """The course over those visits, oldest first: since the first, or since its best where it got worse."""
    return replace(_course(visits), onset=onset, weak_side=weak_side)


def _course(visits: Sequence[Seen]) -> Course:
    measured = [(date, one) for date, one in visits if one.compared.plain]
    last = next(
        ((date, one, region) for date, one in reversed(measured) if (region := _first_region(one))), None
    )
    if last is None:
        return Course("nothing")
    date, after, region = last
    known = changes(measured)
    worst = known.worst
    if worst is not None:
        names = _apart(worst, measured[-1][1])
        return Course("changed", worst.region, worst.after, measured[-1][0], worst, known, names)
    reading = after.reading(region)
    assert reading is not None
    # A visit whose photos show no region at all hides no earlier change.
    until = known if after is measured[-1][1] else changes(measured[: measured.index((date, after)) + 1])
    change = until.since_first(region)
    if change is not None:
        return Course("changed", region, change.after, date, change, known, _apart(change, after))
    return Course("first" if len(measured) == 1 else "other_release", region, reading, date, None, known)


def _apart(change: RegionChange, measured: CourseVisit) -> tuple[str, ...]:
    """The names of the exercises of which the compared figure is, where the visit's own one is of others too."""
    if change.region == WHOLE:
        return ()
    own = measured.reading(change.region)
    if own is None or own.kind != change.after.kind or own.value == change.after.value:
        return ()
    codes = change.after.exercises or (change.after.exercise,)
    return tuple(str(exercises.by_code(code).name) for code in codes)


def _first_region(measured: CourseVisit) -> str | None:
    return next((region for region in _ORDER if measured.reading(region) is not None), None)


def fall_sentence(fall: dict[str, Any] | None) -> str:
    """The fall that a patient's summary keeps, in one sentence."""
    if not fall:
        return _("Worse than before.")
    values = {
        "region": capitalised(region_name(fall["region"])),
        "before": number(fall["before"]),
        "now": number(fall["now"]),
        "date": day_and_month(dt.date.fromisoformat(fall["since"])),
    }
    return _("%(region)s fell from %(before)s (%(date)s) to %(now)s.") % values


def number(value: float) -> str:
    """A figure with the two digits that it can bear, as the reader's language writes numbers."""
    return number_in(get_language(), value)


@functools.lru_cache(written.REMEMBERED)
def number_in(language: str | None, value: float) -> str:
    """The same in that language, which is the active one."""
    return written.decimal(measures.rounded(value), 2).replace("-", "\N{MINUS SIGN}")


def day_and_month(moment: dt.date | dt.datetime) -> str:
    """Day and month, with the year where it is another one than now."""
    date = local_day(moment)
    return date_format(date, "MONTH_DAY_FORMAT" if date.year == today().year else "DATE_FORMAT")

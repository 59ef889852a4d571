"""Tasks in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.formats import number_format as localized
from django.utils.translation import gettext as _

from clinic.common.dates import local_day
from clinic.common.spans import YEAR_DAYS, Onset
from clinic.visits import exercises
from inference.pipeline.codes import Exercise

from . import milestone_sentences
from .models import Task, TaskKind

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class LidGap:
    """One eye of one photo: how far it stays open, mm, and how far it may by error."""

    at: dt.datetime
    onset: Onset
    exercise: str
    side: str
    mm: float
    limit_mm: float
    photo: str
    visit: str
    release: str

    @property
    def since(self) -> str:
        """The time since onset, as exactly as that is known."""
        return self.onset.since(self.at)

    @property
    def name(self) -> str:
        """The exercise's name."""
        return str(exercises.by_code(self.exercise).name)

    @property
    def is_open(self) -> bool:
        """Whether it is more than the error."""
        return self.mm > self.limit_mm

    @property
    def shown(self) -> str:
        """The gap as it is written, with the one decimal that it can bear."""
        return millimetres(self.mm)

    @property
    def limit_shown(self) -> str:
        """The limit as it is written."""
        return millimetres(self.limit_mm)


def gaps(task: Task, which: str = "openings") -> list[LidGap]:
    """The gaps that a task rests on (`openings`), or those of the newest visit (`last`)."""
    return [_gap(row, task.episode.onset) for row in _rows(task, which)]


@dataclass(frozen=True, slots=True)
class Gaps:
    """Some visits' gaps, oldest first. before: whether visits came after; earlier: the first visit, where there are
    some before it."""

    rows: tuple[LidGap, ...]
    before: bool = False
    earlier: str = ""


def gaps_page(task: Task, *, before: str = "", most: int = 20) -> Gaps | None:
    """The gaps that a task rests on and those of the newest visit, of so many visits: the newest ones, or the newest
    before that one; None where the task rests on no such visit."""
    rows = list(_rows(task))
    known = {(row["photo"], row["side"]) for row in rows}
    rows += [row for row in _rows(task, "last") if (row["photo"], row["side"]) not in known]
    visits = list(dict.fromkeys(row["visit"] for row in rows))
    if before and before not in visits:
        return None
    end = visits.index(before) if before else len(visits)
    shown = set(visits[max(0, end - most) : end])
    onset = task.episode.onset
    found = tuple(_gap(row, onset) for row in rows if row["visit"] in shown)
    return Gaps(found, bool(before), found[0].visit if end > most else "")


def _rows(task: Task, which: str = "openings") -> Sequence[dict[str, Any]]:
    """As the task keeps them: of a long illness hundreds, of which a page tells a few; none while findings are
    withheld."""
    if not task.episode.shows_findings:
        return ()
    return (task.figures or {}).get(which) or ()


def _gap(row: dict[str, Any], onset: Onset) -> LidGap:
    at = dt.datetime.fromisoformat(row["at"])
    plain = {name: row[name] for name in ("exercise", "side", "mm", "limit_mm", "photo", "visit", "release")}
    return LidGap(at=at, onset=onset, **plain)


def millimetres(value: float) -> str:
    """A length with one decimal and its unit."""
    return f"{localized(round(value, 1), 1)}\u00a0mm"


def sentence(task: Task) -> str:
    """What the task is about, in one sentence."""
    if task.milestone:
        return milestone_sentences.taken_up(task)
    if task.kind != TaskKind.EYE_CLOSURE:
        return task.plan
    rows = _rows(task)
    if not rows:
        return _("Open eye: it does not close.")
    tight = [row for row in rows if row["exercise"] == Exercise.TIGHT_EYE_CLOSURE]
    kind = tight or rows
    first, newest = (_gap(row, task.episode.onset) for row in (kind[0], kind[-1]))
    return " ".join(filter(None, (_opening(first, newest), _now(newest, gaps(task, "last")))))


def _opening(first: LidGap, newest: LidGap) -> str:
    """The newest gap of the kind that weighs most, and the weeks in which it was seen."""
    said = (
        _("Open eye: %(mm)s on tight closure, %(when)s.")
        if newest.exercise == Exercise.TIGHT_EYE_CLOSURE
        else _("Open eye: %(mm)s on gentle closure, %(when)s.")
    )
    return said % {"mm": newest.shown, "when": _when(first, newest)}


def _when(first: LidGap, last: LidGap) -> str:
    """From when to when: in weeks of the first year after onset, else by date."""
    days = [first.onset.days(gap.at) for gap in (first, last)]
    if any(day is None or not 0 <= day < YEAR_DAYS for day in days):
        dates = list(dict.fromkeys(date_format(local_day(gap.at)) for gap in (first, last)))
        return _("%(first)s to %(last)s") % {"first": dates[0], "last": dates[1]} if dates[1:] else dates[0]
    weeks = [(day or 0) // 7 for day in days]
    if weeks[0] == weeks[1]:
        return _("week %(week)d") % {"week": weeks[0]}
    return _("weeks %(first)d to %(last)d") % {"first": weeks[0], "last": weeks[1]}


def _now(named: LidGap, last: Sequence[LidGap]) -> str:
    """What the newest visit says where it is another one than the sentence names."""
    if not last or last[0].visit == named.visit:
        return ""
    worst = max(last, key=lambda gap: gap.mm - gap.limit_mm)
    values = {"mm": worst.shown, "exercise": worst.name.lower()}
    if worst.is_open:
        return _("At the last visit %(mm)s, %(exercise)s.") % values
    return _("At the last visit %(mm)s, %(exercise)s: within the error.") % values


def still_open(task: Task) -> bool:
    """Whether the newest visit shows it too, as far as it was measured."""
    last = gaps(task, "last")
    return not last or any(gap.is_open for gap in last)


def state(task: Task) -> str:
    """Who looks after it, and when it is looked at next."""
    owner = (
        _("with %(name)s") % {"name": task.owner.full_name} if task.owner else _("nobody looks after it yet")
    )
    if task.next_check is None:
        return owner
    day = date_format(local_day(task.next_check), "SHORT_DATE_FORMAT")
    return _("%(owner)s, next check %(day)s") % {"owner": owner, "day": day}

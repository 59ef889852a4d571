"""How a palsy of that cause went in published series: of a hundred people, never of this one.

Plain data, each figure with its source, and the choice of those that belong beside a course. Only Bell's palsy has any:
of a stroke, or of a cause that is another or not known, nothing is told, and nothing where red flags are open or point
to a stroke. No figure is told of a palsy of both sides, which those series don't hold.

Sources: Peitersen E. Bell's palsy: the spontaneous course of 2,500 peripheral facial nerve palsies of different
etiologies. Acta Otolaryngol Suppl 2002;549:4-30 (1,701 people with Bell's palsy, untreated, followed for a year).
Sullivan FM et al. Early treatment with prednisolone or acyclovir in Bell's palsy. N Engl J Med 2007;357:1598-607 (496
people, treatment begun within 72 hours).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Cause, WeakSide
from clinic.patients.treatments import TreatmentKind

if TYPE_CHECKING:
    from .history import EpisodeHistory

FIRST_DAYS: Final = 14
"""From onset on so many days a grade tells how severe a palsy was at first: later it has begun to recover, or never
did."""
COMPLETE_GRADE: Final = 6
"""House-Brackmann: no movement at all. Grade V still moves a little."""
EARLY_DAYS: Final = 3
"""Within which steroids were begun in the trial: 72 hours."""
PEITERSEN: Final = "Peitersen 2002"
SULLIVAN: Final = "Sullivan 2007"


class Severity(StrEnum):
    """How severe a palsy was at first; UNKNOWN where nobody graded it then."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReferenceFigure:
    """What became of a hundred people. text: a sentence that names them. of_100: how many of them; months: after how
    many. severities: of which it is told; steroids: whether only where they were begun early."""

    code: str
    cause: str
    text: str | Promise
    of_100: int
    months: int | None
    source: str
    severities: frozenset[Severity] = frozenset(Severity)
    steroids: bool = False


FIGURES: Final = (
    ReferenceFigure(
        "complete_palsy",
        Cause.BELLS_PALSY,
        _("Of 100 people with a complete Bell's palsy at first, untreated, 61 recovered completely."),
        61,
        12,
        PEITERSEN,
        frozenset({Severity.COMPLETE, Severity.UNKNOWN}),
    ),
    ReferenceFigure(
        "incomplete_palsy",
        Cause.BELLS_PALSY,
        _("Of 100 people with an incomplete Bell's palsy at first, untreated, 94 recovered completely."),
        94,
        12,
        PEITERSEN,
        frozenset({Severity.INCOMPLETE, Severity.UNKNOWN}),
    ),
    ReferenceFigure(
        "movement_three_weeks",
        Cause.BELLS_PALSY,
        _(
            "Of 100 people with Bell's palsy, untreated, 85 moved again within three weeks, "
            "the others after 3 to 6 months."
        ),
        85,
        None,
        PEITERSEN,
    ),
    ReferenceFigure(
        "prednisolone_three_months",
        Cause.BELLS_PALSY,
        _(
            "Of 100 people who were given prednisolone within 72 hours, 83 had recovered completely after "
            "3 months, of 100 others 64."
        ),
        83,
        3,
        SULLIVAN,
        steroids=True,
    ),
    ReferenceFigure(
        "prednisolone_nine_months",
        Cause.BELLS_PALSY,
        _(
            "Of 100 people who were given prednisolone within 72 hours, 94 had recovered completely after "
            "9 months, of 100 others 82."
        ),
        94,
        9,
        SULLIVAN,
        steroids=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Reference:
    """The figures that belong beside a course. asks: whether nobody has said how severe the palsy was at first."""

    severity: Severity
    figures: tuple[ReferenceFigure, ...]

    @property
    def asks(self) -> bool:
        return self.severity == Severity.UNKNOWN


def reference_of(history: EpisodeHistory, *, said: str = "") -> Reference | None:
    """Beside that course; None where none belongs there. said: the severity at first, by whoever reads the page, which
    counts where no grade tells it."""
    if not history.cleared or history.weak_side == WeakSide.BOTH:
        return None
    graded = [(one.date, one.clinician_grade) for one in history.visits if one.clinician_grade]
    severity = severity_at_first([(history.onset.days(day), grade) for day, grade in graded])
    if severity == Severity.UNKNOWN and said in (Severity.COMPLETE, Severity.INCOMPLETE):
        severity = Severity(said)
    early = _steroids_early(history)
    found = tuple(
        one
        for one in FIGURES
        if one.cause == history.cause and severity in one.severities and (early or not one.steroids)
    )
    return Reference(severity, found) if found else None


def severity_at_first(graded: Sequence[tuple[int | None, int]]) -> Severity:
    """From clinicians' grades with their days since onset (None: not known): the worst of those of the first days."""
    first = [grade for day, grade in graded if day is not None and 0 <= day <= FIRST_DAYS]
    if not first:
        return Severity.UNKNOWN
    return Severity.COMPLETE if max(first) >= COMPLETE_GRADE else Severity.INCOMPLETE


def _steroids_early(history: EpisodeHistory) -> bool:
    days: Iterable[tuple[str, dt.date]] = ((one.kind, one.date) for one in history.treatments)
    given = (history.onset.days(day) for kind, day in days if kind == TreatmentKind.STEROIDS)
    return any(day is not None and 0 <= day <= EARLY_DAYS for day in given)

"""What clinical scales came to in the course of an episode, and what differs between two of them.

Two scores are held against each other only where both are of the same scale in the same version. A difference is a
change where it exceeds the smallest detectable change that was published for that scale; where none was, it is told
and not judged.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from clinic.common.spans import Onset
from clinic.examination.models import AnswerWay, Assessment
from clinic.examination.scale_page import said
from clinic.examination.scales import BY_CODE, SCALES, Rater, Scale
from clinic.examination.scales.shape import Better, tidy

from .change import Verdict

TOTAL: Final = "total"
"""The code of a scale's total among its figures."""


@dataclass(frozen=True, slots=True)
class ScoredFigure:
    """A total or sub-score of a scale: its range, which end is the healthy one, and by how much two of one patient
    must differ to be told apart. detectable: None where nobody published it; source: who did."""

    code: str
    name: str
    low: float
    high: float
    better: Better
    detectable: float | None = None
    source: str = ""

    @property
    def is_total(self) -> bool:
        """Whether it is the scale's total."""
        return self.code == TOTAL


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleScore:
    """What one finished assessment came to. scale: its code; `definition` is None where this software has another
    version. way, language: how a patient's answers came in, and how they were asked; empty where nobody knows. `total`
    and the values of `sub_scores` are None where an item is missing; `missing` names the items."""

    assessment_id: uuid.UUID
    visit_id: uuid.UUID | None
    date: dt.date
    day: int
    week: int
    since: str
    scale: str
    version: str
    definition: Scale | None
    by: str
    way: str
    language: str
    total: float | None
    sub_scores: Mapping[str, float | None]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """The scale's name; its code where this software doesn't know it."""
        known = BY_CODE.get(self.scale)
        return _(known.name) if known is not None else self.scale

    @property
    def by_patient(self) -> bool:
        """Whether the patient answers this scale."""
        known = BY_CODE.get(self.scale)
        return known is not None and known.rater == Rater.PATIENT

    @property
    def way_words(self) -> str:
        """How the patient's answers came in."""
        return str(AnswerWay(self.way).label) if self.way else ""

    @property
    def rater(self) -> str:
        """Who answers this scale, for programs; empty where this software doesn't know it."""
        known = BY_CODE.get(self.scale)
        return known.rater.value if known is not None else ""

    def value(self, code: str) -> float | None:
        """The total, or that sub-score."""
        return self.total if code == TOTAL else self.sub_scores.get(code)


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """How a figure differs from that of an earlier assessment of the same scale and version."""

    figure: ScoredFigure
    since: dt.date
    before: float
    now: float

    @property
    def by(self) -> float:
        """How much it rose; negative where it fell."""
        return tidy(self.now - self.before)

    @property
    def verdict(self) -> Verdict:
        """Whether that is a change; "unknown" where no smallest detectable change was published."""
        limit = self.figure.detectable
        if limit is None:
            return "unknown"
        if abs(self.by) <= limit:
            return "same"
        return "better" if (self.by > 0) == (self.figure.better == Better.HIGHER) else "worse"

    @property
    def by_text(self) -> str:
        """The difference with its sign."""
        amount = said(abs(self.by))
        return f"+{amount}" if self.by > 0 else f"\N{MINUS SIGN}{amount}" if self.by < 0 else amount

    @property
    def words(self) -> str:
        """What the difference means, with what it had to exceed."""
        if self.figure.detectable is None:
            return _("no smallest detectable change is published")
        values = {"limit": said(self.figure.detectable)}
        return {
            "better": _("better, by more than the smallest detectable change of %(limit)s"),
            "worse": _("worse, by more than the smallest detectable change of %(limit)s"),
        }.get(self.verdict, _("no detectable change; smallest detectable %(limit)s")) % values


def figures_of(scale: Scale) -> tuple[ScoredFigure, ...]:
    """The total, where the scale has one, then its sub-scores."""
    changes = {one.of: one for one in scale.changes}

    def figure(code: str, name: str, low: float, high: float, better: Better) -> ScoredFigure:
        known = changes.get(code)
        detectable, source = (known.detectable, known.source) if known is not None else (None, "")
        return ScoredFigure(code, _(name), low, high, better, detectable, source)

    total = scale.total
    return (
        *((figure(TOTAL, total.name, total.low, total.high, total.better),) if total is not None else ()),
        *(figure(one.code, one.name, one.low, one.high, one.better) for one in scale.sub_scores),
    )


def drawn_figures(scale: Scale) -> tuple[ScoredFigure, ...]:
    """Those that a chart draws: the total, of a scale without one its sub-scores."""
    every = figures_of(scale)
    return tuple(one for one in every if one.is_total) or every


def judged_figures(scale: Scale) -> tuple[ScoredFigure, ...]:
    """Those of which a change is told: the drawn ones, and whatever else a detectable change was published for."""
    drawn = drawn_figures(scale)
    return tuple(one for one in figures_of(scale) if one in drawn or one.detectable is not None)


def changes_of(scores: Sequence[ScaleScore], place: int) -> tuple[ScoreChange, ...]:
    """How the score at that place differs from the newest one before it, figure by figure. scores: of one scale, oldest
    first."""
    return tuple(_changes(scores, place, range(place - 1, -1, -1)))


def changes_since_first(scores: Sequence[ScaleScore], place: int) -> tuple[ScoreChange, ...]:
    """How it differs from the first one, figure by figure."""
    return tuple(_changes(scores, place, range(place)))


def _changes(scores: Sequence[ScaleScore], place: int, others: Sequence[int]) -> Iterator[ScoreChange]:
    """By each figure the difference from the first of the others that has it in the same version."""
    score = scores[place]
    if score.definition is None:
        return
    for figure in judged_figures(score.definition):
        now = score.value(figure.code)
        if now is None:
            continue
        for other in others:
            before = scores[other].value(figure.code)
            if scores[other].version == score.version and before is not None:
                yield ScoreChange(figure, scores[other].date, before, now)
                break


def by_scale(scores: Sequence[ScaleScore]) -> list[tuple[Scale, list[ScaleScore]]]:
    """The scores of each scale that this software knows, in the order in which scales are offered."""
    return [
        (scale, found) for scale in SCALES if (found := [one for one in scores if one.scale == scale.code])
    ]


def score_of(assessment: Assessment, *, date: dt.date, onset: Onset, week: int) -> ScaleScore:
    """A finished assessment in the course. date: its day in the clinic's time zone; week: whole ones since onset."""
    return ScaleScore(
        assessment_id=assessment.pk,
        visit_id=assessment.visit_id,
        date=date,
        day=(date - onset.date).days,
        week=week,
        since=onset.since(date),
        scale=assessment.scale,
        version=assessment.scale_version,
        definition=assessment.definition,
        by=assessment.by.full_name,
        way=assessment.way,
        language=assessment.wording.language if assessment.wording is not None else "",
        total=assessment.total,
        sub_scores=assessment.sub_scores,
        missing=tuple(assessment.missing),
    )

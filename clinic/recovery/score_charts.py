"""A chart for each clinical scale that was answered in an episode, on the time axis of the others.

Up is better in all of them, whichever end of a scale is the healthy one. A line breaks where a score is missing, and
where another version of the scale follows. Diamonds are a clinician's, squares the patient's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.templatetags.risorius import ROMAN
from clinic.examination.scale_page import said
from clinic.examination.scales import Scale
from clinic.examination.scales.shape import Better

from .chart_words import ChartWords
from .charts import points_note
from .geometry import Band, ChartLine, Mark, Panel, PlotArea
from .history import EpisodeHistory
from .scores import (
    ScaleScore,
    ScoreChange,
    ScoredFigure,
    by_scale,
    changes_of,
    changes_since_first,
    drawn_figures,
    judged_figures,
)
from .thinning import thinned
from .timeline import timeline

GRADED: Final = "house_brackmann"
MARGIN: Final = 0.04
"""Of the range, above and below: a mark at its end stays whole."""


@dataclass(frozen=True, slots=True)
class AssessmentRow:
    """An assessment in the table: its figures in words, and how it differs from the one before."""

    score: ScaleScore
    total: str
    sub_scores: tuple[tuple[str, str], ...]
    changes: tuple[ScoreChange, ...]
    url: str


@dataclass(frozen=True, slots=True)
class ScaleCourse:
    """A scale in the course of an episode: its chart, None where nothing can be drawn, and its assessments, newest
    first. since_first: what changed from the first assessment to the newest."""

    code: str
    name: str
    by_patient: bool
    panel: Panel | None
    rows: tuple[AssessmentRow, ...]
    since_first: tuple[ScoreChange, ...]
    sources: tuple[str, ...]


def scale_courses(history: EpisodeHistory) -> list[ScaleCourse]:
    """Of each scale that was answered, those that clinicians rate first."""
    words = ChartWords()
    found = [_course(history, scale, scores, words) for scale, scores in by_scale(history.scores)]
    return sorted(found, key=lambda one: one.by_patient)


def newest_first(courses: Sequence[ScaleCourse]) -> list[AssessmentRow]:
    """The assessments of all these scales together; of one day in the order of the scales."""
    rows = [row for course in courses for row in course.rows]
    return sorted(rows, key=lambda row: row.score.date, reverse=True)


def written_figure(scale: Scale, figure: ScoredFigure, value: float | None) -> str:
    """A figure as pages write it: a grade in Roman numerals, whatever else as a number."""
    if value is not None and scale.code == GRADED and figure.is_total:
        return ROMAN.get(int(value), said(value))
    return said(value)


def _course(
    history: EpisodeHistory, scale: Scale, scores: Sequence[ScaleScore], words: ChartWords
) -> ScaleCourse:
    rows = tuple(_row(history, scale, scores, place, words) for place in reversed(range(len(scores))))
    sources = dict.fromkeys(one.source for one in judged_figures(scale) if one.source)
    return ScaleCourse(
        code=scale.code,
        name=_(scale.name),
        by_patient=scores[0].by_patient,
        panel=_panel(history, scale, scores, words),
        rows=rows,
        since_first=changes_since_first(scores, len(scores) - 1) if len(scores) > 1 else (),
        sources=tuple(sources),
    )


def _row(
    history: EpisodeHistory, scale: Scale, scores: Sequence[ScaleScore], place: int, words: ChartWords
) -> AssessmentRow:
    score = scores[place]
    names = {one.code: _(one.name) for one in scale.sub_scores}
    total = next((one for one in drawn_figures(scale) if one.is_total), None)
    return AssessmentRow(
        score,
        written_figure(scale, total, score.total) if total is not None else "",
        tuple((names.get(code, code), said(value)) for code, value in score.sub_scores.items()),
        changes_of(scores, place),
        score_url(history, score, words),
    )


def score_url(history: EpisodeHistory, score: ScaleScore, words: ChartWords) -> str:
    """Where the assessment is shown: at its visit, one between visits among the episode's questionnaires."""
    if score.visit_id is None:
        return words.address("examination:questionnaires", history.episode_id)
    return words.visit_url_of(score.visit_id)


def _panel(
    history: EpisodeHistory, scale: Scale, scores: Sequence[ScaleScore], words: ChartWords
) -> Panel | None:
    time = timeline(history)
    figures = drawn_figures(scale)
    if time is None or not any(one.value(figure.code) is not None for one in scores for figure in figures):
        return None
    low, high = min(one.low for one in figures), max(one.high for one in figures)
    turned = figures[0].better == Better.LOWER
    edge = (high - low) * MARGIN
    frame = PlotArea(time, *((high + edge, low - edge) if turned else (low - edge, high + edge)))
    lines = tuple(_line(history, frame, scale, one, words) for one in figures)
    unit = _("%(low)s to %(high)s, %(best)s is best") % {
        "low": said(low), "high": said(high), "best": said(low if turned else high),
    }  # fmt: skip
    if scale.code == GRADED:
        unit = _("grade I is best")
    ticks = tuple((frame.y(one), written_figure(scale, figures[0], one)) for one in _ticks(scale, low, high))
    rater = (
        _("squares: answered by the patient") if scores[0].by_patient else _("diamonds: rated by a clinician")
    )
    return points_note(
        Panel(
            f"scale-{scale.code}", _(scale.name), unit, frame.x_ticks(), ticks, lines,
            _bands(frame, scale, scores, figures), frame.flags(history), None, _summary(scale, scores, figures),
            time.title, (rater, *_notes(figures)),
        )
    )  # fmt: skip


def _line(
    history: EpisodeHistory, frame: PlotArea, scale: Scale, figure: ScoredFigure, words: ChartWords
) -> ChartLine:
    scores = [one for one in history.scores if one.scale == scale.code]
    points: list[tuple[Any, float, object] | None] = [
        (one, value, one.version) if (value := one.value(figure.code)) is not None else None for one in scores
    ]
    known = [place for place, one in enumerate(points) if one is not None]
    kept = thinned(
        [(scores[place].date.toordinal(), scores[place].value(figure.code) or 0) for place in known]
    )
    shown = {known[place] for place in kept}
    by_patient = scores[0].by_patient
    second = figure != drawn_figures(scale)[0]
    style = ("patient" if by_patient else "clinician") + (" is-second" if second else "")
    marks = tuple(
        Mark(
            frame.x(scores[place].date),
            frame.y(scores[place].value(figure.code) or 0),
            _label(scale, figure, scores[place], words),
            score_url(history, scores[place], words),
            "square" if by_patient else "diamond",
        )
        for place in sorted(shown)
    )
    return ChartLine(figure.name, style, marks, frame.runs(points, shown), len(known))


def _label(scale: Scale, figure: ScoredFigure, score: ScaleScore, words: ChartWords) -> str:
    when = ", ".join(filter(None, [words.day(score.date), score.since]))
    name = _(scale.name) if figure.is_total else f"{_(scale.name)}, {figure.name}"
    return f"{when}: {name} {written_figure(scale, figure, score.value(figure.code))}"


def _ticks(scale: Scale, low: float, high: float) -> list[float]:
    """Four steps from one end of the range to the other; of grades each."""
    if high - low <= 6:
        return [low + step for step in range(int(high - low) + 1)]
    return [low + (high - low) * step / 4 for step in range(5)]


def _bands(
    frame: PlotArea, scale: Scale, scores: Sequence[ScaleScore], figures: Sequence[ScoredFigure]
) -> tuple[Band, ...]:
    """What can't be told from the first total: as far as the smallest detectable change reaches, up and down."""
    figure = figures[0]
    if len(figures) > 1 or figure.detectable is None:
        return ()
    newest = scores[-1].version
    first = next((one for one in scores if one.version == newest and one.total is not None), None)
    if first is None or first.total is None:
        return ()
    ends = [
        frame.y(min(max(first.total + by, figure.low), figure.high))
        for by in (figure.detectable, -figure.detectable)
    ]
    label = _("no detectable change from the first: less than %(limit)s") % {"limit": said(figure.detectable)}
    return (Band("error", min(ends), round(abs(ends[0] - ends[1]), 1), label),)


def _notes(figures: Sequence[ScoredFigure]) -> tuple[str, ...]:
    known = [one for one in figures if one.detectable is not None]
    if not known:
        return (_("no smallest detectable change is published: differences are told, not judged"),)
    if len(figures) == 1:
        return ()
    return tuple(
        _("smallest detectable change, %(figure)s: %(limit)s")
        % {"figure": one.name, "limit": said(one.detectable)}
        for one in known
    )


def _summary(scale: Scale, scores: Sequence[ScaleScore], figures: Sequence[ScoredFigure]) -> str:
    """The first and the newest of each figure, in words."""
    found = []
    for figure in figures:
        known = [one for one in scores if one.value(figure.code) is not None]
        if not known:
            continue
        ends = [known[0]] if len(known) == 1 else [known[0], known[-1]]
        told = [
            _("%(value)s on %(date)s")
            % {
                "value": written_figure(scale, figure, one.value(figure.code)),
                "date": date_format(one.date),
            }
            for one in ends
        ]
        found.append(f"{figure.name}: {', '.join(told)}")
    return f"{_(scale.name)}. {'; '.join(found)}"

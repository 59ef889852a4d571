"""Charts as plain geometry, drawn by a template as SVG: they print, need no script, and are tested here.

Every panel of a page has the same time axis, and panels of one kind the same range. A line breaks where there is no
photo, and where another exercise, release or kind of figure follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clinic.common.templatetags.risorius import ROMAN
from clinic.examination.along import Along

from . import rules
from .change import KINDS, limit_of
from .chart_words import ChartWords, kind_name
from .compared import Reading
from .course import capitalised, number, region_name
from .geometry import HIGHEST, LOWEST, Band, ChartLine, Mark, Panel, PlotArea, Point
from .history import EpisodeHistory, VisitPoint
from .noise import measurement_error
from .resting import RESTING, Resting
from .thinning import noted_days, thinned
from .timeline import Timeline, timeline

SHARES = (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
GRADES = (1, 2, 3, 4, 5, 6)
SHAPES: Final = {"mouth": "circle", "eye": "square", "brow": "triangle"}
CLINICIANS_GRADE: Final = gettext_noop("clinician's grade %(grade)s")
MODELS_GRADE: Final = gettext_noop("model's grade %(grade)s, 95 %% interval %(low)s to %(high)s")


@dataclass(frozen=True, slots=True)
class Drawing:
    """What all panels of a page share. visits: those with anything to draw."""

    history: EpisodeHistory
    time: Timeline
    visits: Sequence[VisitPoint]
    noted: frozenset[dt.date]
    words: ChartWords = field(default_factory=ChartWords)

    def line(
        self,
        frame: PlotArea,
        name: str,
        style: str,
        points: Sequence[Point | None],
        mark: Callable[[VisitPoint], Mark],
        *,
        joined: bool = True,
    ) -> ChartLine:
        """A line through the points that can be seen, with a mark at each."""
        shown = seen(points, self.noted)
        marks = tuple(mark(one[0]) for place, one in enumerate(points) if place in shown and one is not None)
        runs = frame.runs(points, shown) if joined else ()
        return ChartLine(name, style, marks, runs, sum(one is not None for one in points))


def seen(points: Sequence[Point | None], noted: frozenset[dt.date]) -> set[int]:
    """The places of the points that are drawn."""
    places = [place for place, one in enumerate(points) if one is not None]
    known = [one for one in points if one is not None]
    stay = [place for place, one in enumerate(known) if one[0].date in noted]
    kept = thinned([(one[0].date.toordinal(), one[1]) for one in known], noted=stay)
    return {places[place] for place in kept}


def drawn(history: EpisodeHistory) -> list[VisitPoint]:
    """The visits that any panel draws; all of them where no series was thinned."""
    visits, noted = drawable(history), noted_days(history)
    series = [
        *(region_points(visits, region, kind) for region in rules.REGIONS for kind in KINDS),
        *(rest_points(visits, name) for name in RESTING),
        *(along_points(visits, part, exercise) for part, exercise, _style in ALONG),
        *(grade_points(visits, read) for read in (of_clinician, of_model)),
    ]
    kept = [seen(points, noted) for points in series]
    if sum(map(len, kept)) == sum(one is not None for points in series for one in points):
        return list(history.visits)
    shown = set().union(*kept)
    return [visit for place, visit in enumerate(visits) if place in shown]


def drawable(history: EpisodeHistory) -> list[VisitPoint]:
    """The visits with anything to draw."""
    return [visit for visit in history.visits if visit.is_measured or visit.clinician_grade]


def panels(history: EpisodeHistory) -> list[Panel]:
    """Mouth, eye and brow, the face at rest, and the grades; those for which there is something to draw."""
    time = timeline(history)
    if time is None:
        return []
    drawing = Drawing(history, time, drawable(history), noted_days(history))
    found = [_region(drawing, region) for region in ("mouth", "eye", "brow")]
    found += [_along(drawing), _rest(drawing), _grades(drawing)]
    return [points_note(panel) for panel in found if any(line.marks for line in panel.lines)]


def points_note(panel: Panel) -> Panel:
    """With how many of its points are drawn, where not all are."""
    shown, every = sum(len(line.marks) for line in panel.lines), sum(line.of for line in panel.lines)
    if shown == every:
        return panel
    note = _("%(shown)s of %(all)s points drawn: of each stretch the highest and the lowest") % {
        "shown": number_format(shown), "all": number_format(every),
    }  # fmt: skip
    return replace(panel, notes=(*panel.notes, note))


# --- movement, region by region ---


def region_points(visits: Sequence[VisitPoint], region: str, kind: str) -> list[Point | None]:
    """The region's figures of that kind."""
    readings = ((visit, visit.readings[region]) for visit in visits)
    return [
        (visit, one.value, (one.release, one.exercises)) if one is not None and one.kind == kind else None
        for visit, one in readings
    ]


def _region(drawing: Drawing, region: str) -> Panel:
    frame, words = PlotArea(drawing.time, LOWEST, HIGHEST), drawing.words
    readings = [(visit, visit.readings[region]) for visit in drawing.visits]
    known = [reading for _visit, reading in readings if reading is not None]
    kinds = [kind for kind in KINDS if any(one.kind == kind for one in known)]

    def mark(visit: VisitPoint) -> Mark:
        one = visit.readings[region]
        assert one is not None
        label = f"{words.when(visit)}: {words.reading(region, one)}"
        shape = SHAPES[region]
        return Mark(
            frame.x(visit.date), frame.y(one.value), label, words.visit_url(visit), shape, one.reviewed
        )

    lines = tuple(
        drawing.line(
            frame, kind_name(kind), f"{region} is-distance" if kind == "distance" else region,
            region_points(drawing.visits, region, kind), mark,
        )
        for kind in kinds
    )  # fmt: skip
    title = capitalised(region_name(region))
    unit = _("share of the other side's movement") if "movement" in kinds else kind_name("distance")
    return Panel(
        region, title, unit, frame.x_ticks(), tuple((frame.y(one), number_format(one, 1)) for one in SHARES),
        lines, _bands(region, frame, readings), frame.flags(drawing.history), frame.y(0.0),
        _summary(title, unit, readings), drawing.time.title, _kind_notes(kinds),
    )  # fmt: skip


def _kind_notes(kinds: Iterable[str]) -> tuple[str, ...]:
    return (
        (_("dotted: ratio of distances, where no photo at rest tells movement"),)
        if "distance" in kinds
        else ()
    )


def _bands(
    region: str, frame: PlotArea, every: Sequence[tuple[VisitPoint, Reading | None]]
) -> tuple[Band, ...]:
    """What nine in ten healthy people reach, and what can't be told from this patient's best."""
    found = []
    readings = [(visit, one) for visit, one in every if one is not None and one.kind == "movement"]
    if not readings:
        return ()
    healthy = rules.HEALTHY_SHARE[region]
    top = frame.y(1.0)
    words = _("healthy: from %(value)s") % {"value": number(healthy)}
    found.append(Band("healthy", top, round(frame.y(healthy) - top, 1), words))
    _visit, best = max(readings, key=lambda one: one[1].value)
    limit = limit_of(measurement_error(best, region), len(readings) - 1)
    if limit is not None and len(readings) > 1:
        low = max(LOWEST, best.value - limit)
        words = _("within the error of the best: a fall shows below %(low)s")
        if low == LOWEST or limit >= rules.TOO_WIDE:
            words = _("error of %(limit)s: wider than this scale, no fall can show here")
        label = words % {"low": number(low), "limit": number(limit)}
        found.append(Band("error", frame.y(best.value), round(frame.y(low) - frame.y(best.value), 1), label))
    return tuple(found)


def _summary(title: str, unit: str, readings: Sequence[tuple[VisitPoint, Reading | None]]) -> str:
    known = [(visit, one) for visit, one in readings if one is not None]
    if not known:
        return _("%(title)s: no figure.") % {"title": title}
    (first, one), (last, other) = known[0], known[-1]
    if len(known) == 1:
        return _("%(title)s, %(unit)s: %(one)s on %(first)s, the only visit with a figure.") % {
            "title": title, "unit": unit, "one": number(one.value), "first": date_format(first.date),
        }  # fmt: skip
    return _("%(title)s, %(unit)s: %(one)s on %(first)s, %(other)s on %(last)s, %(count)d visits.") % {
        "title": title, "unit": unit, "one": number(one.value), "first": date_format(first.date),
        "other": number(other.value), "last": date_format(last.date), "count": len(known),
    }  # fmt: skip


# --- the face at rest, and grades ---


def rest_points(visits: Sequence[VisitPoint], name: str) -> list[Point | None]:
    """That asymmetry of the face at rest."""
    found = ((visit, next((one for one in visit.resting if one.name == name), None)) for visit in visits)
    return [(visit, one.value, one.release) if one is not None else None for visit, one in found]


def _rest(drawing: Drawing) -> Panel:
    """How the weak side differs from the other at rest, mm: above 0 a wide eye or a low corner of the mouth."""
    history, time, words = drawing.history, drawing.time, drawing.words
    found = [(visit, visit.resting) for visit in drawing.visits]
    values = [one.value for _visit, every in found for one in every]
    reach = max(4.0, *(abs(value) for value in values)) if values else 4.0
    reach = float(-(-reach // 2) * 2)
    frame = PlotArea(time, -reach, reach)
    lines = []
    for name, region in RESTING.items():

        def mark(visit: VisitPoint, name: str = name, region: str = region) -> Mark:
            one = next(one for one in visit.resting if one.name == name)
            label, url = f"{words.when(visit)}: {words.resting(one)}", words.visit_url(visit)
            return Mark(frame.x(visit.date), frame.y(one.value), label, url, SHAPES[region], one.reviewed)

        lines.append(drawing.line(frame, name, region, rest_points(drawing.visits, name), mark))
    error = next((one.error for _visit, every in reversed(found) for one in every if one.error), None)
    bands = _rest_bands(frame, error)
    unit = (
        _("mm, weak side less the other")
        if history.weak_side in ("left", "right")
        else _("mm, left less right")
    )
    ticks = tuple(
        (frame.y(one), number_format(one, 0).replace("-", "\N{MINUS SIGN}"))
        for one in (-reach, -reach / 2, 0.0, reach / 2, reach)
    )
    return Panel(
        "rest", _("Face at rest"), unit, frame.x_ticks(), ticks, tuple(lines), bands, frame.flags(history),
        frame.y(0.0),
        _rest_summary(found), time.title, (_("above 0: wider eye, lower corner of the mouth, higher brow"),),
    )  # fmt: skip


ALONG: Final = (
    ("eye", "smile_with_teeth", "eye"),
    ("eye", "pucker", "eye is-distance"),
    ("mouth", "gentle_eye_closure", "mouth"),
    ("mouth", "brow_raise", "mouth is-distance"),
)
"""What moves along and is drawn: part, exercise, and how its line looks."""


def along_points(visits: Sequence[VisitPoint], part: str, exercise: str) -> list[Point | None]:
    """By how much the weak side, or the left one where none is known, moved along more than the other."""
    found = ((visit, visit.along_of(part, exercise)) for visit in visits)
    return [
        (visit, one.moved.more_on(visit.along_side), one.release) if one is not None else None
        for visit, one in found
    ]


def _along(drawing: Drawing) -> Panel:
    """What moves along with exercises that aren't about it, mm more on the weak side than on the other."""
    history, time, words = drawing.history, drawing.time, drawing.words
    every = [one for visit in drawing.visits for one in visit.along]
    values = [one.moved.more_on("left") for one in every]
    reach = float(-(-max(4.0, *(abs(value) for value in values), 0.0) // 2) * 2)
    frame = PlotArea(time, -reach, reach)
    lines = []
    for part, exercise, style in ALONG:

        def mark(visit: VisitPoint, part: str = part, exercise: str = exercise) -> Mark:
            one = visit.along_of(part, exercise)
            assert one is not None
            label = f"{words.when(visit)}: {one.exercise_name}. {one.sentence}"
            place = frame.y(one.moved.more_on(visit.along_side))
            return Mark(frame.x(visit.date), place, label, words.visit_url(visit), SHAPES[part], one.reviewed)

        name = next(
            (f"{one.exercise_name}: {one.part_name}" for one in every if one.is_of(part, exercise)), ""
        )
        lines.append(drawing.line(frame, name, style, along_points(drawing.visits, part, exercise), mark))
    known = history.weak_side in ("left", "right")
    unit = _("mm, weak side more than the other") if known else _("mm, left more than right")
    ticks = tuple(
        (frame.y(one), number_format(one, 0).replace("-", "\N{MINUS SIGN}"))
        for one in (-reach, -reach / 2, 0.0, reach / 2, reach)
    )
    limit = next((one.limit for one in reversed(every) if one.is_of(*ALONG[0][:2]) and one.limit), None)
    return Panel(
        "along", _("What moves along"), unit, frame.x_ticks(), ticks, tuple(lines), _limit_band(frame, limit),
        frame.flags(history), frame.y(0.0),
        "; ".join(f"{one.exercise_name}. {one.sentence}" for one in _newest_along(drawing.visits)), time.title,
        (_("above 0: the weak eye narrows, or its corner of the mouth rises, more than the other"),),
    )  # fmt: skip


def _newest_along(visits: Sequence[VisitPoint]) -> Sequence[Along]:
    return next((visit.along for visit in reversed(visits) if visit.along), ())


def _limit_band(frame: PlotArea, limit: float | None) -> tuple[Band, ...]:
    if limit is None:
        return ()
    top, bottom = frame.y(min(limit, frame.high)), frame.y(max(-limit, frame.low))
    return (Band("error", top, round(bottom - top, 1), _("healthy faces and error, of the eye in a smile")),)


def _rest_bands(frame: PlotArea, error: float | None) -> tuple[Band, ...]:
    if error is None:
        return ()
    top, bottom = frame.y(min(error, frame.high)), frame.y(max(-error, frame.low))
    return (Band("error", top, round(bottom - top, 1), _("within the error of the eye")),)


def _rest_summary(found: Sequence[tuple[VisitPoint, Sequence[Resting]]]) -> str:
    last = next((every for _visit, every in reversed(found) if every), ())
    return "; ".join(one.words for one in last)


def of_clinician(visit: VisitPoint) -> int | None:
    """The clinician's grade."""
    return visit.clinician_grade


def of_model(visit: VisitPoint) -> int | None:
    """The model's grade."""
    return visit.model_grade.grade if visit.model_grade else None


def grade_points(
    visits: Sequence[VisitPoint], read: Callable[[VisitPoint], int | None]
) -> list[Point | None]:
    """Those grades; no line joins them."""
    return [(visit, grade, None) if (grade := read(visit)) is not None else None for visit in visits]


def _grades(drawing: Drawing) -> Panel:
    history, time, visits = drawing.history, drawing.time, drawing.visits
    frame = PlotArea(time, 6.4, 0.6)

    def line(name: str, style: str, shape: str, read: Callable[[VisitPoint], int | None]) -> ChartLine:
        def mark(visit: VisitPoint) -> Mark:
            grade = read(visit)
            assert grade is not None
            return _grade_mark(drawing.words, frame, visit, grade, style, shape)

        return drawing.line(frame, name, style, grade_points(visits, read), mark, joined=False)

    lines = (
        line(_("model's grade"), "model", "circle", of_model),
        line(_("clinician's grade"), "clinician", "diamond", of_clinician),
    )
    summary = _grades_summary([visit.clinician_grade for visit in visits if visit.clinician_grade])
    ticks = tuple((frame.y(one), ROMAN[one]) for one in GRADES)
    return Panel(
        "grade", _("Grade"), _("House-Brackmann"), frame.x_ticks(), ticks, lines, (), frame.flags(history), None,
        summary, time.title, (_("diamond: clinician; ring: model, with its interval (95 %)"),),
    )  # fmt: skip


def _grades_summary(given: Sequence[int]) -> str:
    if not given:
        return _("No clinician's grade.")
    if len(given) == 1:
        return _("Clinician's grade %(grade)s, the only one.") % {"grade": ROMAN[given[0]]}
    values = {"first": ROMAN[given[0]], "last": ROMAN[given[-1]]}
    return _("Clinician's grade %(first)s first, %(last)s last.") % values


def _grade_mark(
    words: ChartWords, frame: PlotArea, visit: VisitPoint, grade: int, style: str, shape: str
) -> Mark:
    x, y = frame.x(visit.date), frame.y(grade)
    when, url = words.when(visit), words.visit_url(visit)
    if style == "clinician":
        text = words.text(CLINICIANS_GRADE) % {"grade": ROMAN[grade]}
        return Mark(x - 4, y, f"{when}: {text}", url, shape)
    model = visit.model_grade
    assert model is not None
    text = words.text(MODELS_GRADE) % {
        "grade": ROMAN[grade], "low": ROMAN[model.lowest], "high": ROMAN[model.highest],
    }  # fmt: skip
    spread = model.lowest != model.highest
    low, high = (frame.y(model.highest), frame.y(model.lowest)) if spread else (None, None)
    return Mark(x + 4, y, f"{when}: {text}", url, shape, model.reviewed, low, high)

"""Charts as plain geometry, drawn by a template as SVG: they print, need no script, and are tested here.

Every panel of a page has the same time axis, and panels of one kind the same range. A line breaks where there is no
photo, and where another exercise, release or kind of figure follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from clinic.common.templatetags.risorius import ROMAN

from . import rules
from .change import limit_of
from .course import capitalised, number, region_name
from .history import History, VisitPoint
from .measures import Reading
from .noise import measurement_error
from .resting import RESTING, Resting, resting_of
from .timeline import Timeline, timeline

WIDTH: Final = 360
HEIGHT: Final = 226
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 14, 34
LOWEST: Final = -0.4
HIGHEST: Final = 1.0
SHARES = (-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
GRADES = (1, 2, 3, 4, 5, 6)
MOST_POINTS: Final = 120
"""More than that a panel can't show apart: of longer courses it draws the newest, and every n-th before."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that can be reached with the keyboard: where it is, what it says, and what it opens."""

    x: float
    y: float
    label: str
    url: str
    shape: str = "circle"
    filled: bool = True
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One figure's course: `runs` are SVG points, one text for each unbroken stretch."""

    name: str
    style: str
    marks: tuple[Mark, ...] = ()
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded stretch of the range, with whose it is."""

    kind: str
    y: float
    height: float
    label: str
    x: float = LEFT


@dataclass(frozen=True, slots=True)
class Flag:
    """A treatment or a change of the model on the time axis, by its number in the page's list."""

    x: float
    number: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: its axes, lines and bands, and what it says in words."""

    key: str
    title: str
    unit: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    bands: tuple[Band, ...] = ()
    flags: tuple[Flag, ...] = ()
    zero: float | None = None
    summary: str = ""
    x_title: str = ""
    notes: tuple[str, ...] = field(default=())
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def floor(self) -> float:
        """The lower edge of the plot."""
        return self.height - BOTTOM

    @property
    def edge(self) -> float:
        """The right edge of the plot."""
        return self.width - RIGHT


Point = tuple[VisitPoint, float, object]
"""A visit, its figure, and what must stay the same for a line to go on."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Turns days and figures into places. low, high: the range, from the lower edge to the upper."""

    time: Timeline
    low: float
    high: float

    def x(self, day: dt.date) -> float:
        """Of a day."""
        return round(LEFT + 8 + self.time.share(day) * (WIDTH - LEFT - RIGHT - 16), 1)

    def y(self, value: float) -> float:
        """Of a figure; beyond the range it stands at the edge."""
        share = (min(max(value, min(self.low, self.high)), max(self.low, self.high)) - self.low) / (
            self.high - self.low
        )
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def x_ticks(self) -> tuple[tuple[float, str], ...]:
        """Those of the time axis."""
        return tuple((self.x(day), label) for day, label in self.time.ticks)

    def flags(self, history: History) -> tuple[Flag, ...]:
        """Treatments and changes of the model that the axis holds."""
        dated = [(one.number, one.treatment or one.change) for one in history.events]
        return tuple(
            Flag(self.x(what.date), number)
            for number, what in dated
            if what is not None and self.time.holds(what.date)
        )

    def runs(self, points: Sequence[Point | None]) -> tuple[str, ...]:
        """The unbroken stretches through the points; None is a visit without a figure."""
        runs: list[list[tuple[float, float]]] = []
        before: object = None
        for point in points:
            if point is None:
                before = None
                continue
            visit, value, basis = point
            if before is None or basis != before:
                runs.append([])
            runs[-1].append((self.x(visit.date), self.y(value)))
            before = basis
        return tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)


def thinned(visits: Sequence[VisitPoint]) -> Sequence[VisitPoint]:
    """At most `MOST_POINTS` visits, the first and the newest among them."""
    if len(visits) <= MOST_POINTS:
        return visits
    step = -(-len(visits) // MOST_POINTS)
    return [*visits[:-1][::step], visits[-1]]


def panels(history: History) -> list[Panel]:
    """Mouth, eye and brow, the face at rest, and the grades; those for which there is something to draw."""
    time = timeline(history)
    if time is None:
        return []
    visits = thinned([visit for visit in history.visits if visit.counted or visit.clinician_grade])
    found = [_region(history, region, time, visits) for region in ("mouth", "eye", "brow")]
    found += [_rest(history, time, visits), _grades(history, time, visits)]
    return [panel for panel in found if any(line.marks for line in panel.lines)]


# --- movement, region by region ---


def _region(history: History, region: str, time: Timeline, visits: Sequence[VisitPoint]) -> Panel:
    frame = Frame(time, LOWEST, HIGHEST)
    readings = [(visit, visit.readings[region]) for visit in visits]
    known = [reading for _visit, reading in readings if reading is not None]
    kinds = [kind for kind in ("movement", "distance") if any(one.kind == kind for one in known)]
    lines = []
    for kind in kinds:
        points: list[Point | None] = [
            (visit, one.value, (one.release, one.exercises)) if one is not None and one.kind == kind else None
            for visit, one in readings
        ]
        marks = tuple(
            Mark(
                frame.x(visit.date), frame.y(one.value), f"{when(visit)}: {reading_words(history, region, one)}",
                visit_url(visit), {"mouth": "circle", "eye": "square", "brow": "triangle"}[region], one.reviewed,
            )
            for visit, one in readings
            if one is not None and one.kind == kind
        )  # fmt: skip
        style = f"{region} is-distance" if kind == "distance" else region
        lines.append(Line(kind_name(kind), style, marks, frame.runs(points)))
    title = capitalised(region_name(region))
    unit = _("share of the other side's movement") if "movement" in kinds else kind_name("distance")
    return Panel(
        region, title, unit, frame.x_ticks(), tuple((frame.y(one), number_format(one, 1)) for one in SHARES),
        tuple(lines), _bands(history, region, frame, visits), frame.flags(history), frame.y(0.0),
        _summary(title, unit, readings), time.title, _kind_notes(kinds),
    )  # fmt: skip


def kind_name(kind: str) -> str:
    """What a figure is."""
    return _("movement since rest") if kind == "movement" else _("ratio of distances")


def _kind_notes(kinds: Iterable[str]) -> tuple[str, ...]:
    return (
        (_("dotted: ratio of distances, where no photo at rest tells movement"),)
        if "distance" in kinds
        else ()
    )


def reading_words(history: History, region: str, reading: Reading) -> str:
    """A figure with what it is and, of movement, both sides in millimetres."""
    text = f"{region_name(region)} {number(reading.value)}"
    if reading.kind == "distance":
        return f"{text}, {kind_name('distance')}"
    if reading.left is None or reading.right is None:
        return text
    sides = _("left %(left)s mm, right %(right)s mm") % {
        "left": length(reading.left),
        "right": length(reading.right),
    }
    return f"{text}, {sides}"


def length(value: float) -> str:
    """Millimetres to a tenth."""
    return str(number_format(round(value, 1) + 0.0, 1)).replace("-", "\N{MINUS SIGN}")


def _bands(history: History, region: str, frame: Frame, visits: Sequence[VisitPoint]) -> tuple[Band, ...]:
    """What nine in ten healthy people reach, and what can't be told from this patient's best."""
    found = []
    readings = [
        (visit, one) for visit in visits if (one := visit.readings[region]) and one.kind == "movement"
    ]
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


def _rest(history: History, time: Timeline, visits: Sequence[VisitPoint]) -> Panel:
    """How the weak side differs from the other at rest, mm: above 0 a wide eye or a low corner of the mouth."""
    found = [(visit, resting_of(visit.measured)) for visit in visits]
    values = [one.value for _visit, every in found for one in every]
    reach = max(4.0, *(abs(value) for value in values)) if values else 4.0
    reach = float(-(-reach // 2) * 2)
    frame = Frame(time, -reach, reach)
    lines = []
    for name, region in RESTING.items():
        points: list[Point | None] = []
        marks = []
        for visit, every in found:
            one = next((one for one in every if one.name == name), None)
            points.append((visit, one.value, one.release) if one is not None else None)
            if one is not None:
                marks.append(
                    Mark(
                        frame.x(visit.date), frame.y(one.value), f"{when(visit)}: {one.words}", visit_url(visit),
                        {"mouth": "circle", "eye": "square", "brow": "triangle"}[region], one.reviewed,
                    )
                )  # fmt: skip
        lines.append(Line(name, region, tuple(marks), frame.runs(points)))
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


def _rest_bands(frame: Frame, error: float | None) -> tuple[Band, ...]:
    if error is None:
        return ()
    top, bottom = frame.y(min(error, frame.high)), frame.y(max(-error, frame.low))
    return (Band("error", top, round(bottom - top, 1), _("within the error of the eye")),)


def _rest_summary(found: Sequence[tuple[VisitPoint, Sequence[Resting]]]) -> str:
    last = next((every for _visit, every in reversed(found) if every), ())
    return "; ".join(one.words for one in last)


def _grades(history: History, time: Timeline, visits: Sequence[VisitPoint]) -> Panel:
    frame = Frame(time, 6.4, 0.6)

    def line(name: str, style: str, shape: str, read: Callable[[VisitPoint], int | None]) -> Line:
        marks = tuple(
            _grade_mark(frame, visit, grade, style, shape)
            for visit in visits
            if (grade := read(visit)) is not None
        )
        return Line(name, style, marks)

    def of_model(visit: VisitPoint) -> int | None:
        return visit.model_grade.grade if visit.model_grade else None

    lines = (
        line(_("model's grade"), "model", "circle", of_model),
        line(_("clinician's grade"), "clinician", "diamond", lambda visit: visit.clinician_grade),
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


def _grade_mark(frame: Frame, visit: VisitPoint, grade: int, style: str, shape: str) -> Mark:
    x, y = frame.x(visit.date), frame.y(grade)
    if style == "clinician":
        text = _("clinician's grade %(grade)s") % {"grade": ROMAN[grade]}
        return Mark(x - 4, y, f"{when(visit)}: {text}", visit_url(visit), shape)
    model = visit.model_grade
    assert model is not None
    text = _("model's grade %(grade)s, 95 %% interval %(low)s to %(high)s") % {
        "grade": ROMAN[grade], "low": ROMAN[model.lowest], "high": ROMAN[model.highest],
    }  # fmt: skip
    spread = model.lowest != model.highest
    low, high = (frame.y(model.highest), frame.y(model.lowest)) if spread else (None, None)
    return Mark(x + 4, y, f"{when(visit)}: {text}", visit_url(visit), shape, model.reviewed, low, high)


def when(visit: VisitPoint) -> str:
    """The visit's day, with the time since onset."""
    return ", ".join(filter(None, [date_format(visit.date), visit.since]))


def visit_url(visit: VisitPoint) -> str:
    """The visit's page."""
    return reverse("visits:detail", args=[visit.visit_id])

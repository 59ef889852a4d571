"""Each exercise at a glance: how it was first, how it is now, and a line between; one of them larger on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from inference.pipeline.codes import Side

from .change import Verdict, judged, limit_of
from .charts import Frame, Line, Mark, Panel, length, visit_url, when
from .course import number, verdict_words
from .data import exercise_name
from .history import History, VisitPoint
from .measures import PhotoPoint, difference
from .noise import exercise_error, length_error
from .resting import ERRORS, signed
from .timeline import timeline

SPARK_WIDTH, SPARK_HEIGHT = 132.0, 34.0
# By the kind of figure: the range in which its line is drawn.
RANGES: Final = {"share": (-0.4, 1.0), "ratio": (0.3, 1.0), "rest": (-6.0, 6.0)}


def millimetres(value: float) -> str:
    """A signed length with its unit, to a tenth."""
    amount = length(value)
    return f"{'+' if round(value, 1) > 0 else ''}{amount} mm"


@dataclass(frozen=True, slots=True)
class Figure:
    """An exercise's figure at one visit. kind: "share" of the other side's movement, "ratio" of distances, or
    "rest", mm by
    which the weak side's eye is wider. error: smallest change that is more than noise; None while unknown."""

    kind: str
    value: float
    visit: VisitPoint
    photo: PhotoPoint
    release: str
    error: float | None
    left: float | None = None
    right: float | None = None

    @property
    def text(self) -> str:
        """As tables write it."""
        return number(self.value) if self.kind != "rest" else millimetres(self.value)

    @property
    def sides(self) -> str:
        """Both sides' movement, mm: the patient's right, then left, as one faces them."""
        if self.left is None or self.right is None:
            return ""
        return _("R %(right)s, L %(left)s mm") % {"left": length(self.left), "right": length(self.right)}


@dataclass(frozen=True, slots=True)
class Progress:
    """An exercise over the visits."""

    key: str
    name: str
    figures: tuple[Figure, ...]
    spark: tuple[str, ...] = ()
    last: tuple[float, float] | None = None

    @property
    def start(self) -> Figure:
        """The first figure."""
        return self.figures[0]

    @property
    def now(self) -> Figure:
        """The newest figure."""
        return self.figures[-1]

    @property
    def by(self) -> float | None:
        """What changed between the two; None where they were not measured alike."""
        alike = len(self.figures) > 1 and (self.start.release, self.start.kind) == (
            self.now.release,
            self.now.kind,
        )
        return round(self.now.value - self.start.value, 4) if alike else None

    @property
    def verdict(self) -> Verdict | None:
        """Whether that is a change; None where nothing can be compared."""
        by = self.by
        if by is None:
            return None
        return judged(by, self.limit)

    @property
    def limit(self) -> float | None:
        """What it must exceed to be a change; None where the error isn't known."""
        return limit_of(self.now.error, 1)

    @property
    def _nearer(self) -> bool | None:
        return None if self.now.kind != "rest" else abs(self.now.value) < abs(self.start.value)

    @property
    def by_text(self) -> str:
        """The change as tables write it: of the two figures as written, so that a reader who subtracts agrees."""
        if self.by is None:
            return ""
        if self.now.kind == "rest":
            return millimetres(round(self.now.value, 1) - round(self.start.value, 1))
        by = difference(self.start.value, self.now.value)
        return f"+{number(by)}" if by > 0 else number(by)

    @property
    def words(self) -> str:
        """The verdict in a few words, with the error behind it."""
        verdict = self.verdict
        if verdict is None:
            return _("not measured alike") if len(self.figures) > 1 else ""
        if self.now.kind != "rest" or verdict == "unknown" or self.limit is None:
            return verdict_words(verdict, self.limit)
        values = {"limit": length(self.limit)}
        if verdict == "same":
            return _("no detectable change; error up to %(limit)s mm") % values
        if self._nearer:
            return _("more even, by more than the error of %(limit)s mm") % values
        return _("less even, by more than the error of %(limit)s mm") % values

    @property
    def what(self) -> str:
        """What the figure is."""
        return {
            "share": _("share of the other side's movement"),
            "ratio": _("ratio of distances"),
            "rest": _("weak eye wider (+) or narrower (−)"),
        }[self.now.kind]


def progress(history: History) -> list[Progress]:
    """Of every exercise and side that was analysed, in the protocol's order."""
    found = []
    for code, side in history.exercises:
        figures = tuple(
            one for visit in history.visits if (one := _figure(history, visit, code, side)) is not None
        )
        if figures:
            key = f"{code}-{side}" if side else code
            runs, last = _spark(history, figures)
            found.append(Progress(key, exercise_name(code, side), figures, runs, last))
    return found


def _figure(history: History, visit: VisitPoint, code: str, side: str) -> Figure | None:
    photo = visit.photo_of(code, side)
    result = photo.result if photo is not None else None
    if photo is None or result is None:
        return None
    if code == "rest":
        weak = history.weak_side if history.weak_side in list(Side) else "left"
        eye = signed((result.symmetry.get("measures") or {}).get("palpebral_fissure"), weak)
        if eye is not None:
            error = length_error(ERRORS["palpebral_fissure"], result.release)
            return Figure("rest", eye, visit, photo, result.release, error)
    region = "brow" if code == "brow_raise" else "eye" if code.endswith("eye_closure") else "mouth"
    if result.share is not None and result.moved is not None:
        error = exercise_error(exercise=code, region=region, release=result.release, kind="movement")
        return Figure(
            "share", result.share, visit, photo, result.release, error, result.moved.left, result.moved.right
        )
    ratio = result.ratio(region)
    if ratio is None or result.moved is not None:
        return None
    error = exercise_error(exercise=code, region=region, release=result.release, kind="distance")
    return Figure("ratio", ratio, visit, photo, result.release, error)


def _spark(history: History, figures: Sequence[Figure]) -> tuple[tuple[str, ...], tuple[float, float] | None]:
    """A line through the figures, broken where they are not alike."""
    time = timeline(history)
    if time is None:
        return (), None
    runs: list[list[tuple[float, float]]] = []
    before: tuple[str, str] | None = None
    places = {visit.visit_id: place for place, visit in enumerate(history.visits)}
    seen = None
    for one in figures:
        low, high = RANGES[one.kind]
        share = (min(max(one.value, low), high) - low) / (high - low)
        x = 4 + time.share(one.visit.date) * (SPARK_WIDTH - 8)
        point = (round(x, 1), round(SPARK_HEIGHT - 4 - share * (SPARK_HEIGHT - 8), 1))
        place, basis = places[one.visit.visit_id], (one.kind, one.release)
        if before != basis or seen is None or place != seen + 1:
            runs.append([])
        runs[-1].append(point)
        before, seen = basis, place
    lines = tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)
    return lines, runs[-1][-1]


def larger(history: History, key: str) -> Panel | None:
    """One exercise as a chart of its own: what each side moves, mm; None for an exercise whose movement isn't known."""
    one = next((one for one in progress(history) if one.key == key), None)
    time = timeline(history)
    if one is None or time is None or one.now.kind != "share":
        return None
    moved = [figure for figure in one.figures if figure.left is not None and figure.right is not None]
    most = max(max(figure.left or 0, figure.right or 0) for figure in moved)
    low = min(0.0, *(min(figure.left or 0, figure.right or 0) for figure in moved))
    top, bottom = float(-(-max(most, 4.0) // 2) * 2), float(low // 2 * 2)
    frame = Frame(time, bottom, top)
    weak = history.weak_side
    lines = []
    for side, name in (("right", _("right side")), ("left", _("left side"))):
        marks = tuple(
            Mark(
                frame.x(figure.visit.date), frame.y(getattr(figure, side)),
                f"{when(figure.visit)}: {name} {length(getattr(figure, side))} mm", visit_url(figure.visit),
                "square" if side == weak else "circle", figure.photo.is_reviewed,
            )
            for figure in moved
        )  # fmt: skip
        points = [(figure.visit, getattr(figure, side), figure.release) for figure in moved]
        lines.append(Line(name, "weak" if side == weak else "other", marks, frame.runs(points)))
    step = 2 if top - bottom <= 14 else 4
    ticks = tuple((frame.y(value), length(value)) for value in range(int(bottom), int(top) + 1, step))
    error = length_error(f"moved.{key.split('-')[0]}", one.now.release)
    note = (
        _("measurement error of a side: %(error)s mm") % {"error": length(error)}
        if error
        else _("error not known")
    )
    return Panel(
        "exercise", one.name, _("movement since rest, mm"), frame.x_ticks(), ticks, tuple(lines), (),
        frame.flags(history), frame.y(0.0), f"{one.name}: {one.start.sides}; {one.now.sides}", time.title, (note,),
    )  # fmt: skip

"""Each exercise at a glance: how it was first, how it is now, and a line between; one of them larger on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _

from .change import Verdict, judged, limit_of
from .chart_words import length
from .charts import Drawing, Mark, Panel, PlotArea, points_note
from .compared import Kind
from .course import number, verdict_words
from .data import exercise_name
from .history import EpisodeHistory, VisitPoint
from .kept import Counted
from .measures import difference
from .noise import exercise_error, length_error
from .resting import resting_error
from .thinning import noted_days, thinned
from .timeline import timeline

SPARK_WIDTH, SPARK_HEIGHT = 132.0, 34.0
EYE_AT_REST: Final = "palpebral_fissure"
# By the kind of figure: the range in which its line is drawn.
RANGES: Final = {"share": (-0.4, 1.0), "ratio": (0.3, 1.0), "rest": (-6.0, 6.0)}


def millimetres(value: float) -> str:
    """A signed length with its unit, to a tenth."""
    amount = length(value)
    return f"{'+' if round(value, 1) > 0 else ''}{amount} mm"


@dataclass(frozen=True, slots=True)
class ExerciseFigure:
    """An exercise's figure at one visit. kind: "share" of the other side's movement, "ratio" of distances, or
    "rest", mm by
    which the weak side's eye is wider. error: smallest change that is more than noise; None while unknown."""

    kind: str
    value: float
    visit: VisitPoint
    photo: Counted
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


class FigureAtVisit(NamedTuple):
    """One figure of an exercise among many. place: of the visit in the course; counted: as `kept.Counted`, which it
    becomes where more than the figure is asked of the photo."""

    kind: str
    value: float
    place: int
    visit: VisitPoint
    counted: Sequence[Any]

    @property
    def photo(self) -> Counted:
        """The photo that the figure is of."""
        return Counted._make(self.counted)

    @property
    def release(self) -> str:
        """That measured it."""
        return self.counted[_RELEASE]


@dataclass(frozen=True, slots=True)
class ExerciseProgress:
    """An exercise over the visits. start, now: its first and its newest figure; course: all of them."""

    key: str
    name: str
    start: ExerciseFigure
    now: ExerciseFigure
    course: tuple[FigureAtVisit, ...]
    spark: tuple[str, ...] = ()
    last: tuple[float, float] | None = None

    @property
    def by(self) -> float | None:
        """What changed between the two; None where they were not measured alike."""
        alike = len(self.course) > 1 and (self.start.release, self.start.kind) == (
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
            return _("not measured alike") if len(self.course) > 1 else ""
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


def progress(history: EpisodeHistory) -> list[ExerciseProgress]:
    """Of every exercise and side that was analysed, in the protocol's order."""
    by_key = _by_key(history)
    time = timeline(history)
    if time is None:
        return []
    across = [round(4 + time.share(one.date) * (SPARK_WIDTH - 8), 1) for one in history.visits]
    found = []
    for code, side in history.exercises:
        course = by_key.get((code, side))
        if course:
            runs, last = _spark(across, course)
            found.append(
                ExerciseProgress(
                    f"{code}-{side}" if side else code,
                    exercise_name(code, side),
                    _figure(course[0]),
                    _figure(course[-1]),
                    tuple(course),
                    runs,
                    last,
                )
            )
    return found


def _by_key(history: EpisodeHistory) -> dict[tuple[str, str], list[FigureAtVisit]]:
    """The figures of each exercise and side."""
    found: dict[tuple[str, str], list[FigureAtVisit]] = {}
    for place, visit in enumerate(history.visits):
        for photo in visit.figures["counted"]:
            known = _kind_and_value(visit, photo)
            if known is not None:
                key = photo[_EXERCISE], photo[_SIDE]
                found.setdefault(key, []).append(FigureAtVisit(*known, place, visit, photo))
    return found


_PHOTO, _EXERCISE, _SIDE, _RELEASE, _SHARE, _LEFT = (
    Counted._fields.index(name) for name in ("photo", "exercise", "side", "release", "share", "left")
)


def _kind_and_value(visit: VisitPoint, photo: Sequence[Any]) -> tuple[str, float] | None:
    exercise = photo[_EXERCISE]
    if exercise == "rest":
        for name, value, _release, of_photo, *_ in visit.figures["resting"]:
            if name == EYE_AT_REST and of_photo == photo[_PHOTO]:
                return "rest", value
    if photo[_SHARE] is not None:
        return "share", photo[_SHARE]
    if photo[_LEFT] is not None:
        return None
    ratio = photo[Counted._fields.index(_region(exercise))]
    return None if ratio is None else ("ratio", ratio)


def _region(code: str) -> str:
    return "brow" if code == "brow_raise" else "eye" if code.endswith("eye_closure") else "mouth"


def _figure(one: FigureAtVisit) -> ExerciseFigure:
    photo = one.photo
    if one.kind == "rest":
        error = resting_error(EYE_AT_REST, photo.release)
        return ExerciseFigure("rest", one.value, one.visit, photo, photo.release, error)
    kind: Kind = "movement" if one.kind == "share" else "distance"
    error = exercise_error(
        exercise=photo.exercise, region=_region(photo.exercise), release=photo.release, kind=kind
    )
    sides = (photo.left, photo.right) if kind == "movement" else (None, None)
    return ExerciseFigure(one.kind, one.value, one.visit, photo, photo.release, error, *sides)


def _spark(
    across: Sequence[float], course: Sequence[FigureAtVisit]
) -> tuple[tuple[str, ...], tuple[float, float]]:
    """A line through the figures, broken where they are not alike. across: where each visit lies."""
    points = []
    for kind, value, place, _visit, _photo in course:
        low, high = RANGES[kind]
        share = 0.0 if value < low else 1.0 if value > high else (value - low) / (high - low)
        points.append((across[place], round(SPARK_HEIGHT - 4 - share * (SPARK_HEIGHT - 8), 1)))
    shown = thinned(points)
    runs: list[list[tuple[float, float]]] = []
    before: tuple[str, str, int] | None = None
    for turn, (kind, _value, place, _visit, photo) in enumerate(course):
        release = photo[_RELEASE]
        if before != (kind, release, place - 1):
            runs.append([])
        if turn in shown:
            runs[-1].append(points[turn])
        before = kind, release, place
    lines = tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)
    return lines, points[-1]


def larger(history: EpisodeHistory, exercises: Sequence[ExerciseProgress], key: str) -> Panel | None:
    """One exercise as a chart of its own: what each side moves, mm; None for an exercise whose movement isn't known."""
    one = next((one for one in exercises if one.key == key), None)
    time = timeline(history)
    if one is None or time is None or one.now.kind != "share":
        return None
    moved = [seen for seen in one.course if seen.kind == "share"]
    reach = [length for seen in moved for length in (seen.photo.left or 0, seen.photo.right or 0)]
    top, bottom = float(-(-max(*reach, 4.0) // 2) * 2), float(min(0.0, *reach) // 2 * 2)
    frame = PlotArea(time, bottom, top)
    weak = history.weak_side
    drawing = Drawing(history, time, (), noted_days(history))
    words = drawing.words
    by_visit = {seen.visit.visit_id: seen.photo for seen in moved}
    lines = []
    for side, name in (("right", _("right side")), ("left", _("left side"))):

        def mark(visit: VisitPoint, side: str = side, name: str = name) -> Mark:
            photo = by_visit[visit.visit_id]
            value = getattr(photo, side)
            return Mark(
                frame.x(visit.date), frame.y(value), f"{words.when(visit)}: {name} {words.length(value)} mm",
                words.visit_url(visit), "square" if side == weak else "circle", photo.reviewed,
            )  # fmt: skip

        points = [(seen.visit, getattr(seen.photo, side), seen.release) for seen in moved]
        lines.append(drawing.line(frame, name, "weak" if side == weak else "other", points, mark))
    step = 2 if top - bottom <= 14 else 4
    ticks = tuple((frame.y(value), length(value)) for value in range(int(bottom), int(top) + 1, step))
    error = length_error(f"moved.{key.split('-')[0]}", one.now.release)
    note = (
        _("measurement error of a side: %(error)s mm") % {"error": length(error)}
        if error
        else _("error not known")
    )
    return points_note(
        Panel(
            "exercise", one.name, _("movement since rest, mm"), frame.x_ticks(), ticks, tuple(lines), (),
            frame.flags(history), frame.y(0.0), f"{one.name}: {one.start.sides}; {one.now.sides}", time.title,
            (note,),
        )
    )  # fmt: skip

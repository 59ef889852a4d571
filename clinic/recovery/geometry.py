"""The geometry of charts: places in a drawing, without words of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from clinic.common import written

from .history import EpisodeHistory, TimelineMark, VisitPoint
from .timeline import Timeline

WIDTH: Final = 360
HEIGHT: Final = 226
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 14, 34
LOWEST: Final = -0.4
FLAG_DIGIT: Final = 7.0
"""How wide a digit of a flag is, with its share of the gap to the next one."""
FLAG_ROW: Final = 11.0
FLAG_TOP: Final = 10.0
FLAG_LOWEST: Final = HEIGHT - BOTTOM - FLAG_ROW
HIGHEST: Final = 1.0


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
class ChartLine:
    """One figure's course: `runs` are SVG points, one text for each unbroken stretch. of: points that there are, drawn
    or not."""

    name: str
    style: str
    marks: tuple[Mark, ...] = ()
    runs: tuple[str, ...] = ()
    of: int = 0


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
    """The treatments and changes of the model of one day on the time axis: their numbers in the page's list, and what
    they are in words, with the day. y: of the numbers, which stand lower where others stand beside them."""

    x: float
    numbers: str
    words: str
    y: float

    @property
    def half(self) -> float:
        """Half of how wide its numbers are."""
        return FLAG_DIGIT * len(self.numbers) / 2


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: its axes, lines and bands, and what it says in words."""

    key: str
    title: str
    unit: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[ChartLine, ...]
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
class PlotArea:
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

    def flags(self, history: EpisodeHistory) -> tuple[Flag, ...]:
        """Treatments and changes of the model that the axis holds, day by day; no numbers lie on others."""
        days: dict[dt.date, list[TimelineMark]] = {}
        for one in history.events:
            if self.time.holds(one.date):
                days.setdefault(one.date, []).append(one)
        found: list[Flag] = []
        for day, marks in sorted(days.items()):
            numbers = ", ".join(str(one.number) for one in marks)
            words = "; ".join([*(one.title for one in marks), written.day(day)])
            flag = Flag(self.x(day), numbers, words, FLAG_TOP)
            while flag.y <= FLAG_LOWEST and any(_meet(flag, one) for one in found):
                flag = replace(flag, y=flag.y + FLAG_ROW)
            # Where there is no room left, the line stays, which says in words what it is.
            found.append(flag if flag.y <= FLAG_LOWEST else replace(flag, y=FLAG_TOP, numbers=""))
        return tuple(found)

    def runs(self, points: Sequence[Point | None], shown: Collection[int]) -> tuple[str, ...]:
        """The unbroken stretches through the points that are shown; None is a visit without a figure."""
        runs: list[list[tuple[float, float]]] = []
        before: object = None
        for place, point in enumerate(points):
            if point is None:
                before = None
                continue
            visit, value, basis = point
            if before is None or basis != before:
                runs.append([])
            if place in shown:
                runs[-1].append((self.x(visit.date), self.y(value)))
            before = basis
        return tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)


def _meet(one: Flag, other: Flag) -> bool:
    """Whether the numbers of two flags would touch."""
    return bool(other.numbers) and one.y == other.y and abs(one.x - other.x) < one.half + other.half

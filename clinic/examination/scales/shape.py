"""What a clinical scale is made of, and how answers become a score.

Plain Python. Names are English and marked for translation; pages translate them where they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

Answer = int | float | str
Number = int | float

DIGITS: Final = 2
"""Decimals of what is handed out; everything is reckoned unrounded."""


def gettext_noop(text: str) -> str:
    """Mark a text for translation; the text itself."""
    return text


class Rater(StrEnum):
    """Who answers."""

    CLINICIAN = "clinician"
    PATIENT = "patient"


class Better(StrEnum):
    """Which end of a score is the healthy one."""

    HIGHER = "higher"
    LOWER = "lower"


class WrongAnswers(ValueError):
    """Answers that the scale does not know. `problems`: by item, what is wrong and what is allowed, in words."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(self.problems.values()))


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of an item.

    value: what stands in a record. points: what it counts; None where it says that the item can't be judged, so that
    it counts for nothing and leaves its sub-score empty.
    """

    value: int | str
    name: str
    points: Number | None


@dataclass(frozen=True, slots=True)
class Line:
    """A visual analogue scale from low to high; `best` is where a healthy face stands.

    Points are 100 less the distance from the best, so that a fold that is too deep costs as much as one too flat.
    """

    low: int
    high: int
    best: int
    low_name: str
    high_name: str
    best_name: str = ""

    def points(self, value: Number) -> Number:
        return 100 - abs(value - self.best)


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a scale.

    view: code of the standard view in which it is seen, empty where no photo shows it. region: the part of the face
    whose measures belong beside it (`brow`, `eye`, `midface`, `mouth`), empty for none. group: what stands above it.
    """

    code: str
    name: str
    answers: tuple[Choice, ...] | Line
    view: str = ""
    region: str = ""
    group: str = ""

    @property
    def line(self) -> Line | None:
        return self.answers if isinstance(self.answers, Line) else None

    @property
    def choices(self) -> tuple[Choice, ...]:
        return () if isinstance(self.answers, Line) else self.answers

    @property
    def allowed(self) -> str:
        """What may be answered, in words."""
        if isinstance(self.answers, Line):
            return f"a number from {self.answers.low} to {self.answers.high}"
        return ", ".join(str(one.value) for one in self.answers)

    def accepts(self, answer: Any) -> bool:
        if isinstance(answer, bool):
            return False
        if isinstance(self.answers, Line):
            return isinstance(answer, int | float) and self.answers.low <= answer <= self.answers.high
        return any(type(answer) is type(one.value) and answer == one.value for one in self.answers)

    def points(self, answer: Answer) -> Number | None:
        """What the answer counts; None where it counts for nothing."""
        if isinstance(self.answers, Line):
            return self.answers.points(float(answer))
        return next(one.points for one in self.answers if one.value == answer)


@dataclass(frozen=True, slots=True)
class SubScore:
    """A part of a scale with a figure of its own. of: the points of its items, in their order, to the figure."""

    code: str
    name: str
    low: Number
    high: Number
    items: tuple[str, ...]
    of: Callable[[Sequence[Number]], Number]
    better: Better = Better.HIGHER


@dataclass(frozen=True, slots=True)
class Total:
    """The one figure of a whole scale. of: the sub-scores by code to the figure."""

    name: str
    low: Number
    high: Number
    of: Callable[[Mapping[str, Number]], Number]
    better: Better = Better.HIGHER


@dataclass(frozen=True, slots=True)
class DetectableChange:
    """How large a difference between two scores of one patient has to be before it says anything.

    of: a sub-score's code, or `total`. detectable: smallest detectable change of one patient, and of the mean of a
    group (`group`). important: smallest change that patients called important, for the better and for the worse, as
    published, with its sign. All in the units of the score; None where nobody published it.
    """

    of: str
    detectable: float
    source: str
    group: float | None = None
    important_better: float | None = None
    important_worse: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What answers come to. A figure is None where an item that it needs is missing: never zero, never pro-rated.

    missing: items without an answer, in the order of the scale. uncounted: items answered with something that counts
    for nothing. derived: figures of another scale that follow from the total.
    """

    scale: str
    version: str
    sub_scores: dict[str, Number | None]
    total: Number | None
    missing: tuple[str, ...]
    uncounted: tuple[str, ...] = ()
    derived: dict[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class Scale:
    """A clinical scale in one version of it.

    version: changes with whatever changes the items or the arithmetic, so that two scores are compared only where
    both mean the same. source: where items and arithmetic come from. wording: whose the item texts are and what may
    be shown. not_for: causes of a palsy for which it isn't made. total: None for a scale that has none.
    """

    code: str
    version: str
    name: str
    rater: Rater
    items: tuple[Item, ...]
    sub_scores: tuple[SubScore, ...]
    total: Total | None
    source: str
    wording: str
    derive: Callable[[Number], dict[str, int]] | None = None
    changes: tuple[DetectableChange, ...] = ()
    not_for: frozenset[str] = frozenset()

    @property
    def by_code(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    def check(self, answers: Mapping[str, Any]) -> dict[str, Answer]:
        """The answers that were given, without the empty ones; WrongAnswers where the scale doesn't know one."""
        items, problems = self.by_code, {}
        for code, answer in answers.items():
            if code not in items:
                known = ", ".join(items)
                problems[code] = f"{self.name} has no item “{code}”. Its items are: {known}."
            elif answer is not None and not items[code].accepts(answer):
                problems[code] = f"“{code}” can't be {answer!r}. Allowed: {items[code].allowed}."
        if problems:
            raise WrongAnswers(problems)
        return {item.code: answers[item.code] for item in self.items if answers.get(item.code) is not None}

    def score(self, answers: Mapping[str, Any]) -> Score:
        """What the answers come to; WrongAnswers where the scale doesn't know an item or a value.

        answers: item code to value, None or absent where it isn't answered.
        """
        given = self.check(answers)
        items = self.by_code
        points = {code: items[code].points(answer) for code, answer in given.items()}
        subs = {one.code: _figure(one, points) for one in self.sub_scores}
        known = {code: figure for code, figure in subs.items() if figure is not None}
        total = self.total.of(known) if self.total is not None and len(known) == len(subs) else None
        return Score(
            scale=self.code,
            version=self.version,
            sub_scores={code: None if figure is None else tidy(figure) for code, figure in subs.items()},
            total=None if total is None else tidy(total),
            missing=tuple(item.code for item in self.items if item.code not in given),
            uncounted=tuple(code for code, value in points.items() if value is None),
            derived=self.derive(total) if self.derive is not None and total is not None else {},
        )


def _figure(sub: SubScore, points: Mapping[str, Number | None]) -> Number | None:
    counted = [value for code in sub.items if (value := points.get(code)) is not None]
    return sub.of(counted) if len(counted) == len(sub.items) else None


def tidy(figure: Number) -> Number:
    """A figure as it is handed out: whole where it is whole, else with two decimals."""
    rounded = round(float(figure), DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def mean(values: Sequence[Number]) -> float:
    return sum(values) / len(values)


def numbered(*names: str, start: int = 0) -> tuple[Choice, ...]:
    """Answers that count what they are called: start, start + 1 and so on."""
    return tuple(Choice(value, name, value) for value, name in enumerate(names, start))

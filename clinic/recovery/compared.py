"""A visit's figures as other visits' are held against them: of each release, region and kind, by exercise.

Plain values, so that a long course is compared without reading its photos' results: `clinic.recovery.kept` stores them.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from inference.pipeline.measure.movement import share_of_sums

Kind = Literal["movement", "distance"]
"""What a figure is: movement since rest, the weak side's as a share of the other's; or, where no photo at rest is
there to tell movement, the ratio of two distances in one photo."""


class Movement(NamedTuple):
    """How far both sides moved in a photo of that exercise, mm."""

    exercise: str
    photo: str
    reviewed: bool
    left: float
    right: float


class Distance(NamedTuple):
    """The ratio of both sides' distances in a photo of that exercise, 0 to 1."""

    exercise: str
    photo: str
    reviewed: bool
    value: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A region's figure at a visit, and where it comes from.

    value: the weak side's movement as a share of the other's, -1 to 1 (see `movement.share`), or a ratio of distances,
    0 to 1. exercises: those whose movements were added up, or the one whose distances were compared; photo_id: of the
    first. left, right: mean movement of each side, mm. rest_date: of the visit that lent the photo at rest.
    """

    value: float
    exercise: str
    release: str
    photo_id: uuid.UUID
    reviewed: bool = False
    kind: Kind = "distance"
    exercises: tuple[str, ...] = ()
    left: float | None = None
    right: float | None = None
    rest_date: dt.date | None = None

    def __post_init__(self) -> None:
        if not self.exercises:
            object.__setattr__(self, "exercises", (self.exercise,))


_NOTHING: Final[dict[str, Any]] = {}


class Compared:
    """Of one visit. plain: of each release, newest first, its name and {region: {kind: `Movement`s or `Distance`s, from
    the exercise that says most}}. rest_date: of the visit that lent its photo at rest."""

    __slots__ = ("_figures", "_names", "_values", "known_releases", "plain", "rest_date", "weak_side")

    def __init__(self, plain: Sequence[Any], weak_side: str, rest_date: dt.date | None = None) -> None:
        self.plain = plain
        self.weak_side = weak_side
        self.rest_date = rest_date
        self.known_releases: tuple[str, ...] = tuple(release for release, _ in plain)
        self._figures = dict(plain)
        self._values: dict[tuple[Any, ...], float | None] = {}
        self._names: dict[tuple[str, str, str], tuple[str, ...]] = {}

    def rows(self, region: str, kind: Kind, release: str) -> Sequence[Any]:
        """Of each such photo what it tells, as in `plain`."""
        regions = self._figures.get(release)
        return regions.get(region, _NOTHING).get(kind, ()) if regions is not None else ()

    def value_of(self, rows: Sequence[Any], kind: Kind, exercises: tuple[str, ...]) -> float | None:
        """As `value`, of rows at hand: a course asks each of its visits once."""
        return self._moved(rows, exercises) if kind == "movement" else _mean(rows, exercises)

    def exercises(self, region: str, kind: Kind, release: str) -> tuple[str, ...]:
        """In which that release has such a figure of the region."""
        key = region, kind, release
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = tuple(dict.fromkeys(one[0] for one in self.rows(*key)))
        return found

    def value(self, region: str, kind: Kind, release: str, exercises: tuple[str, ...]) -> float | None:
        """The region's figure in these exercises together; None where one is missing, or hardly any was made."""
        key = region, kind, release, exercises
        if key not in self._values:
            self._values[key] = self.value_of(self.rows(region, kind, release), kind, exercises)
        return self._values[key]

    def reading(
        self, region: str, kind: Kind, release: str, exercises: tuple[str, ...] | None = None
    ) -> Reading | None:
        """The same, and where it comes from. exercises: all that there are where none are given."""
        if exercises is None:
            exercises = self.exercises(region, kind, release)
        value = self.value(region, kind, release, exercises)
        if value is None:
            return None
        known = self.rows(region, kind, release)
        if kind == "movement":
            moved = [Movement(*one) for exercise in exercises for one in known if one[0] == exercise]
            return Reading(
                value,
                exercises[0],
                release,
                uuid.UUID(moved[0].photo),
                all(one.reviewed for one in moved),
                kind,
                exercises,
                round(statistics.fmean(one.left for one in moved), 2),
                round(statistics.fmean(one.right for one in moved), 2),
                self.rest_date,
            )
        last = {one[0]: Distance(*one) for one in known}
        used = [last[one] for one in exercises]
        reviewed = all(one.reviewed for one in used)
        return Reading(value, exercises[0], release, uuid.UUID(used[0].photo), reviewed, kind, exercises)

    def _moved(self, known: Sequence[Any], exercises: Sequence[str]) -> float | None:
        # As in `Movement`; without making one of each, since a course asks thousands of times.
        found = [one for exercise in exercises for one in known if one[0] == exercise]
        if len(found) < len(exercises):
            return None
        left, right = sum([one[3] for one in found]), sum([one[4] for one in found])
        return share_of_sums(left, right, len(found), self.weak_side)


def _mean(known: Sequence[Any], exercises: Sequence[str]) -> float | None:
    last = {one[0]: one[3] for one in known}
    found = [last[one] for one in exercises if one in last]
    if not found or len(found) < len(exercises):
        return None
    return round(math.fsum(found) / len(found), 4)

"""What a change means: the one place that decides whether a figure is better, worse, or the same as before.

A figure differs from visit to visit without any change of the face: by its measurement error. Whoever looks at three
regions and at every earlier visit looks many times, and one of so many differences exceeds that error by chance. So the
limit grows with the number of looks, until of a thousand courses in which nothing changes at most `rules.FALSE_ALARMS`
are ever called worse. Headline, marks, Today, filters, lists, CSV and API ask here.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Literal, Protocol

from . import noise, rules
from .compared import Compared, Kind, Reading
from .measures import difference

Verdict = Literal["better", "worse", "same", "unknown"]
"""unknown: the measurement error isn't known, so nothing can be said."""

WHOLE: Final = "face"
"""Brow, eye and mouth together: their mean, which a change of all three shows first."""
KINDS: Final[tuple[Kind, ...]] = ("movement", "distance")
LOOKS: Final = len(KINDS) * (len(rules.REGIONS) + 1)
"""Figures that are judged at each visit. Movement says what a face can do; the ratio of distances in one photo says
less of that, but has the smaller error beside the steps that a face takes, since no photo at rest adds its own."""
_NORMAL: Final = NormalDist()
_PER_ERROR: Final = 1.96 * math.sqrt(2)
"""Standard deviations of one figure in its smallest detectable change."""


@dataclass(frozen=True, slots=True)
class RegionChange:
    """A region's change between two visits, measured by the same release in the same exercises.

    error: smallest change that is more than noise between two photographs (95 %); limit: the same for one of as many
    looks as were taken. Both None where nobody has measured it.
    """

    region: str
    before: Reading
    after: Reading
    error: float | None
    limit: float | None
    since: dt.date | None = None

    @property
    def by(self) -> float:
        """How much the figure rose; negative where it fell."""
        return round(self.after.value - self.before.value, 4)

    @property
    def shown(self) -> float:
        """The difference of the two figures as pages write them, so that a reader who subtracts agrees."""
        return difference(self.before.value, self.after.value)

    @property
    def photos(self) -> str:
        """The two photos that show it, as an address of the comparison names them."""
        return f"exercise={self.after.exercise}&a={self.before.photo_id}&b={self.after.photo_id}"

    @property
    def verdict(self) -> Verdict:
        """Whether that is a change."""
        return judged(self.by, self.limit)


def judged(by: float, limit: float | None) -> Verdict:
    """What a difference means beside its limit."""
    if limit is None:
        return "unknown"
    if abs(by) <= limit:
        return "same"
    return "better" if by > 0 else "worse"


@functools.cache
def change_limit(earlier: int) -> float:
    """The limit of a change in measurement errors, for a figure that is held against that many earlier visits.

    With `LOOKS` figures judged at each of `rules.COURSE_VISITS` visits, a face that never changes is called worse in at
    most `rules.FALSE_ALARMS` of 1000 courses: e0 (now) and e1 ... en (earlier) are normal and independent, and
    P(max(e1 ... en) - e0 > c) = 1 - integral of phi(x) Phi(x + c)^n is shared out evenly (Bonferroni). One look at one
    figure would be 1.
    """
    alarms = rules.FALSE_ALARMS / 1000 / rules.COURSE_VISITS / LOOKS
    low, high = 0.0, 16.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _chance(middle, earlier) > alarms else (low, middle)
    return high / _PER_ERROR


def _chance(limit: float, earlier: int) -> float:
    """P(max of `earlier` - now > limit), in standard deviations of one figure, by the trapezoidal rule."""
    step, reach = 0.05, 8.0
    points = (-reach + step * n for n in range(int(2 * reach / step) + 1))
    return math.fsum(
        _NORMAL.pdf(x) * -math.expm1(earlier * math.log1p(-_upper(x + limit))) * step for x in points
    )


def _upper(x: float) -> float:
    """1 - Phi(x), exact far out."""
    return 0.5 * math.erfc(x / math.sqrt(2))


def limit_of(error: float | None, earlier: int) -> float | None:
    """The limit of a change of a figure with that error, one of as many looks as there are earlier visits."""
    return None if error is None else round(error * change_limit(max(1, earlier)), 4)


class Visited(Protocol):
    """A visit as far as others are held against it."""

    @property
    def compared(self) -> Compared: ...


def alike(
    region: str, kind: Kind, *, before: Compared, after: Compared
) -> tuple[str, tuple[str, ...]] | None:
    """By which release, and in which exercises, two visits' figures of a region are compared: like with like, by the
    newest release, and in the exercises, that both have. None where nothing was measured alike."""
    for release in after.known_releases:
        common = in_common(*(one.exercises(region, kind, release) for one in (before, after)))
        if common and None not in (one.value(region, kind, release, common) for one in (before, after)):
            return release, common
    return None


def in_common(there: Sequence[str], here: Sequence[str]) -> tuple[str, ...]:
    """Of here, the exercises that there are as well."""
    common = tuple(one for one in here if one in there)
    # What the face at rest tells stands alone where nothing that moves was taken alike.
    return tuple(one for one in common if one != "rest") or common


def between(
    region: str,
    kind: Kind,
    *,
    before: Compared,
    after: Compared,
    earlier: int = 1,
    since: dt.date | None = None,
) -> RegionChange | None:
    """The region's change between two visits, as one of that many looks back."""
    found = alike(region, kind, before=before, after=after)
    if found is None:
        return None
    old, new = (one.reading(region, kind, *found) for one in (before, after))
    assert old is not None and new is not None
    error = noise.measurement_error(new, region)
    return RegionChange(region, old, new, error, limit_of(error, earlier), since)


def _together(changes: Sequence[RegionChange], earlier: int) -> RegionChange | None:
    """The mean change of all regions, where each was measured by one release."""
    if len(changes) < len(rules.REGIONS) or len({one.after.release for one in changes}) > 1:
        return None
    error = noise.mean_error([one.error for one in changes])
    before, after = (
        Reading(
            round(statistics.fmean(one.value for one in readings), 4),
            readings[0].exercise,
            readings[0].release,
            readings[0].photo_id,
            all(one.reviewed for one in readings),
            readings[0].kind,
            tuple(name for one in readings for name in one.exercises),
        )
        for readings in ([one.before for one in changes], [one.after for one in changes])
    )
    return RegionChange(WHOLE, before, after, error, limit_of(error, earlier), changes[0].since)


Dated = tuple[dt.date, Visited]


@dataclass(frozen=True, slots=True)
class CourseChanges:
    """What changed until the last measured visit of a course: against the visit before, the first one, and the best.

    best: of each figure its deepest fall, against whichever earlier visit; worst: the fall that says most, if it is
    one.
    """

    before: tuple[RegionChange, ...] = ()
    first: tuple[RegionChange, ...] = ()
    best: tuple[RegionChange, ...] = ()

    @property
    def worst(self) -> RegionChange | None:
        """The fall that exceeds its limit by most; a single region's before that of all together."""
        falls = [one for one in (*self.best, *self.before) if one.verdict == "worse"]
        return max(falls, key=lambda one: (one.region != WHOLE, one.by / -(one.limit or 1)), default=None)

    @property
    def worse(self) -> bool:
        """Whether the face is worse than it was at an earlier visit."""
        return self.worst is not None

    @property
    def worse_than_before(self) -> bool:
        """Whether it is worse than at the measured visit before."""
        return any(one.verdict == "worse" for one in self.before)

    @property
    def mean_since_before(self) -> float | None:
        """The mean change of the regions' distances since the measured visit before; None where none was measured
        alike."""
        single = [one.by for one in self.before if one.region != WHOLE and one.after.kind == "distance"]
        return round(statistics.fmean(single), 4) if single else None

    def since_first(self, region: str) -> RegionChange | None:
        """The region's change since the first visit that was measured alike: of its movement, unless only its distances
        were measured or changed."""
        found = {one.after.kind: one for one in self.first if one.region == region}
        moved, apart = found.get("movement"), found.get("distance")
        if moved is not None and apart is not None and moved.verdict == "same" != apart.verdict:
            return apart
        return moved or apart


def changes(visits: Sequence[Dated]) -> CourseChanges:
    """Of the last measured visit of a course, oldest visit first."""
    measured = [(date, compared) for date, one in visits if (compared := one.compared).plain]
    if len(measured) < 2:
        return CourseChanges()
    *earlier, (_, now) = measured
    held = _Now(now, len(earlier))
    falls: dict[tuple[Kind, str], _Falls] = {}
    for place, (_date, before) in enumerate(earlier):
        for figure, depth in held.depths(before):
            known = falls.get(figure)
            if known is None:
                falls[figure] = _Falls(place, place, place, depth)
                continue
            known.last = place
            # Of equally deep ones the latest.
            if depth <= known.depth:
                known.deepest, known.depth = place, depth
    told: dict[int, dict[tuple[Kind, str], RegionChange]] = {}

    def change(place: int, figure: tuple[Kind, str]) -> RegionChange:
        if place not in told:
            date, before = earlier[place]
            found = _of_visit(before, now, date, len(earlier))
            told[place] = {(one.after.kind, one.region): one for one in found}
        return told[place][figure]

    return CourseChanges(
        before=tuple(change(one.last, figure) for figure, one in falls.items()),
        first=tuple(change(one.first, figure) for figure, one in falls.items()),
        best=tuple(change(one.deepest, figure) for figure, one in falls.items()),
    )


@dataclass(slots=True)
class _Falls:
    """Of one figure: the first visit that it can be held against, the last, and the one since which it fell most.
    depth: by how many limits it rose since then; negative for a fall."""

    first: int
    last: int
    deepest: int
    depth: float


class _Now:
    """The last visit, as each of so many earlier ones is held against it."""

    def __init__(self, now: Compared, earlier: int) -> None:
        self.now, self.earlier = now, earlier
        self._alike: dict[tuple[Any, ...], tuple[tuple[str, ...], float, float | None] | None] = {}
        self._limits: dict[tuple[float | None, ...], float | None] = {}

    def depths(self, before: Compared) -> Iterator[tuple[tuple[Kind, str], float]]:
        """What `_of_visit` would find: each figure, and by how many limits it rose."""
        for kind in KINDS:
            single = []
            for region in rules.REGIONS:
                found = self._held_against(before, region, kind)
                if found is None:
                    continue
                old, new, error, _release = found
                yield (kind, region), self._depth(round(new - old, 4), error)
                single.append(found)
            if len(single) == len(rules.REGIONS) and len({release for *_, release in single}) == 1:
                was, is_now = (
                    round(math.fsum([one[at] for one in single]) / len(single), 4) for at in (0, 1)
                )
                yield (kind, WHOLE), self._depth(round(is_now - was, 4), *[one[2] for one in single])

    def _held_against(
        self, before: Compared, region: str, kind: Kind
    ) -> tuple[float, float, float | None, str] | None:
        """Both figures, the newer one's error, and the release: as `alike` finds them."""
        for release in self.now.known_releases:
            rows = before.rows(region, kind, release)
            if not rows:
                continue
            key = region, kind, release, tuple([one[0] for one in rows])
            if key not in self._alike:
                self._alike[key] = self._common(*key)
            found = self._alike[key]
            if found is not None and (old := before.value_of(rows, kind, found[0])) is not None:
                return old, found[1], found[2], release
        return None

    def _common(
        self, region: str, kind: Kind, release: str, names: tuple[str, ...]
    ) -> tuple[tuple[str, ...], float, float | None] | None:
        """The exercises that both have, the last visit's figure in them, and its error."""
        exercises = in_common(names, self.now.exercises(region, kind, release))
        value = self.now.value(region, kind, release, exercises) if exercises else None
        if value is None:
            return None
        error = noise.error_of(region=region, exercises=exercises, release=release, kind=kind)
        return exercises, value, error

    def _depth(self, by: float, *errors: float | None) -> float:
        """A change of the mean of figures with these errors, in limits."""
        if errors not in self._limits:
            error = errors[0] if len(errors) == 1 else noise.mean_error(errors)
            self._limits[errors] = limit_of(error, self.earlier)
        limit = self._limits[errors]
        return by / limit if limit else by


def _of_visit(before: Compared, now: Compared, date: dt.date | None, earlier: int) -> list[RegionChange]:
    """The changes of every region since one earlier visit, and of all regions together, by movement and by
    distances."""
    found: list[RegionChange] = []
    for kind in KINDS:
        single = [
            change
            for region in rules.REGIONS
            if (change := between(region, kind, before=before, after=now, earlier=earlier, since=date))
        ]
        together = _together(single, earlier)
        found += [*single, *([together] if together is not None else [])]
    return found

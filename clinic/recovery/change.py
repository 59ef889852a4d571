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
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

from . import noise, rules
from .measures import Kind, Measured, Reading, difference

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
class Change:
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
def looks(earlier: int) -> float:
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
    return None if error is None else round(error * looks(max(1, earlier)), 4)


def pair(region: str, kind: Kind, *, before: Measured, after: Measured) -> tuple[Reading, Reading] | None:
    """The region's figures at two visits, like with like: in the exercises, and by the newest release, that both
    have. None where nothing was measured alike."""
    for release in after.known_releases:
        there, here = (_exercises(one, region, kind, release) for one in (before, after))
        # What the face at rest tells stands alone where nothing that moves was taken alike.
        common = [one for one in here if one in there]
        common = [one for one in common if one != "rest"] or common
        if not common:
            continue
        old, new = (
            one.movement(region, release, common)
            if kind == "movement"
            else one.distance(region, release, common)
            for one in (before, after)
        )
        if old is not None and new is not None:
            return old, new
    return None


def _exercises(measured: Measured, region: str, kind: Kind, release: str) -> Sequence[str]:
    if kind == "movement":
        return measured.moving(region, release)
    return [one.exercise for one in measured.distances(region, release)]


def between(
    region: str,
    kind: Kind,
    *,
    before: Measured,
    after: Measured,
    earlier: int = 1,
    since: dt.date | None = None,
) -> Change | None:
    """The region's change between two visits, as one of that many looks back."""
    found = pair(region, kind, before=before, after=after)
    if found is None:
        return None
    error = noise.measurement_error(found[1], region)
    return Change(region, *found, error, limit_of(error, earlier), since)


def _together(changes: Sequence[Change], earlier: int) -> Change | None:
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
    return Change(WHOLE, before, after, error, limit_of(error, earlier), changes[0].since)


Dated = tuple[dt.date, Measured]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed until the last measured visit of a course: against the visit before, the first one, and the best.

    best: of each figure its deepest fall, against whichever earlier visit; worst: the fall that says most, if it is
    one.
    """

    before: tuple[Change, ...] = ()
    first: tuple[Change, ...] = ()
    best: tuple[Change, ...] = ()

    @property
    def worst(self) -> Change | None:
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

    def since_first(self, region: str) -> Change | None:
        """The region's change since the first visit that was measured alike: of its movement, unless only its distances
        were measured or changed."""
        found = {one.after.kind: one for one in self.first if one.region == region}
        moved, apart = found.get("movement"), found.get("distance")
        if moved is not None and apart is not None and moved.verdict == "same" != apart.verdict:
            return apart
        return moved or apart


def changes(visits: Sequence[Dated]) -> Changes:
    """Of the last measured visit of a course, oldest visit first."""
    measured = [(date, one) for date, one in visits if one.counted]
    if len(measured) < 2:
        return Changes()
    *earlier, (_, now) = measured
    by_figure: dict[tuple[Kind, str], list[Change]] = {}
    for date, before in earlier:
        for one in of_visit(before, now, date, len(earlier)):
            by_figure.setdefault((one.after.kind, one.region), []).append(one)
    return Changes(
        before=tuple(every[-1] for every in by_figure.values()),
        first=tuple(every[0] for every in by_figure.values()),
        best=tuple(_deepest(every) for every in by_figure.values()),
    )


def of_visit(before: Measured, now: Measured, date: dt.date | None = None, earlier: int = 1) -> list[Change]:
    """The changes of every region since one earlier visit, and of all regions together, by movement and by
    distances."""
    found: list[Change] = []
    for kind in KINDS:
        single = [
            change
            for region in rules.REGIONS
            if (change := between(region, kind, before=before, after=now, earlier=earlier, since=date))
        ]
        together = _together(single, earlier)
        found += [*single, *([together] if together is not None else [])]
    return found


def _deepest(every: Sequence[Change]) -> Change:
    """The fall farthest beyond its limit; of equals the latest."""
    return min(reversed(every), key=lambda one: one.by / one.limit if one.limit else one.by)

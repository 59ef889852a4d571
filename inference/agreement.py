"""How far two readers of the same photos agree: shares with Wilson's bounds, and quadratic weighted kappa.

Plain arithmetic on plain values, without numpy, which the web process does not have.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from inference.finding import Finding
from inference.pipeline.codes import GRADES, same_exercise

Z95 = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""
RESAMPLES = 1000
SEED = 20261121
BANDS: tuple[tuple[int, int], ...] = ((1, 2), (3, 4), (5, 6))
"""House-Brackmann I-II, III-IV, V-VI."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo of one patient, or a whole visit, as the reference and as the other reader see it."""

    patient: object
    reference: Finding
    other: Finding
    whole_visit: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `count`, with the bounds of Wilson's 95 % interval (Wilson, J Am Stat Assoc 22, 1927)."""

    hits: int
    count: int

    @property
    def value(self) -> float | None:
        return self.hits / self.count if self.count else None

    @property
    def bounds(self) -> tuple[float, float]:
        return wilson(self.hits, self.count)

    @property
    def low(self) -> float | None:
        return self.bounds[0] if self.count else None

    @property
    def high(self) -> float | None:
        return self.bounds[1] if self.count else None


@dataclass(frozen=True, slots=True)
class Kappa:
    """Quadratic weighted kappa, with the interval of a bootstrap over patients; None where it has no meaning."""

    value: float | None
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two readers agree on some photos and visits.

    Of the exercise only what was said of it counts: photos of which a reader named it.
    """

    photos: int
    patients: int
    exercise: Share
    palsy: Share
    side: Share
    grade_exact: Share
    grade_within_one: Share
    kappa: Kappa
    uncertain: int
    """Those on which one of the two left open whether there is a palsy; they count in no share of it."""
    visits: int = 0


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Both bounds of Wilson's 95 % interval of a share; 0 and 1 where nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, Z95 * Z95 / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def quadratic_kappa(grades: Iterable[tuple[int, int]]) -> float | None:
    """Cohen's kappa with weights that grow with the square of the distance (Cohen, Psychol Bull 70, 1968).

    None where both always said one and the same grade, or nothing was said: chance would explain all of it.
    """
    pairs = list(grades)
    size = len(pairs)
    if not size:
        return None
    seen = sum((a - b) ** 2 for a, b in pairs) / size
    ones, others = _moments([a for a, _ in pairs]), _moments([b for _, b in pairs])
    # The mean square distance of two independent draws.
    expected = ones[1] + others[1] - 2 * ones[0] * others[0]
    return 1 - seen / expected if expected > 1e-12 else None


def agreement(pairs: Sequence[Pair], *, interval: bool = True) -> Agreement:
    """All measures over these photos. interval: whether to bootstrap that of kappa."""
    decided = [pair for pair in pairs if not (pair.reference.uncertain or pair.other.uncertain)]
    sided = [pair for pair in pairs if pair.reference.weak_side and pair.other.weak_side]
    named = [pair for pair in pairs if pair.reference.exercise]
    graded = [pair for pair in pairs if pair.reference.grade and pair.other.grade]
    return Agreement(
        photos=sum(not pair.whole_visit for pair in pairs),
        visits=sum(pair.whole_visit for pair in pairs),
        patients=_patients(pairs),
        exercise=_share(named, lambda one, other: same_exercise(one.exercise, other.exercise)),
        palsy=_share(decided, lambda one, other: one.verdict == other.verdict),
        side=_share(sided, lambda one, other: one.weak_side == other.weak_side),
        grade_exact=_share(graded, lambda one, other: one.grade == other.grade),
        grade_within_one=_share(graded, lambda one, other: _apart(one, other) <= 1),
        kappa=_kappa(graded, interval),
        uncertain=len(pairs) - len(decided),
    )


def in_band(pairs: Sequence[Pair], band: tuple[int, int]) -> list[Pair]:
    """Those whose reference grade lies in the band."""
    return [pair for pair in pairs if pair.reference.grade and band[0] <= pair.reference.grade <= band[1]]


def _share(pairs: Sequence[Pair], agrees: Callable[[Finding, Finding], bool]) -> Share:
    return Share(sum(agrees(pair.reference, pair.other) for pair in pairs), len(pairs))


def _apart(one: Finding, other: Finding) -> int:
    return abs((one.grade or 0) - (other.grade or 0))


def _patients(pairs: Iterable[Pair]) -> int:
    return len({pair.patient for pair in pairs})


def _moments(values: Sequence[int]) -> tuple[float, float]:
    return sum(values) / len(values), sum(value * value for value in values) / len(values)


def _kappa(graded: Sequence[Pair], interval: bool) -> Kappa:
    by_patient: dict[object, list[tuple[int, int]]] = {}
    for pair in graded:
        by_patient.setdefault(pair.patient, []).append((pair.reference.grade or 0, pair.other.grade or 0))
    value = quadratic_kappa(row for rows in by_patient.values() for row in rows)
    if value is None or not interval or len(by_patient) < 2:
        return Kappa(value, None, None, len(graded))
    # One patient's photos resemble each other, so whole patients are drawn; their sums are all that kappa needs.
    sums = [_sums(rows) for rows in by_patient.values()]
    draw = random.Random(SEED)  # the same interval at each look
    values = []
    for _ in range(RESAMPLES):
        drawn = draw.choices(sums, k=len(sums))
        found = _kappa_of([sum(column) for column in zip(*drawn, strict=True)])
        if found is not None:
            values.append(found)
    values.sort()
    if not values:
        return Kappa(value, None, None, len(graded))
    return Kappa(value, _quantile(values, 0.025), _quantile(values, 0.975), len(graded))


def _sums(rows: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Count, sums and sums of squares of both, and the sum of their squared distances."""
    return (
        len(rows),
        sum(a for a, _ in rows),
        sum(b for _, b in rows),
        sum(a * a for a, _ in rows),
        sum(b * b for _, b in rows),
        sum((a - b) ** 2 for a, b in rows),
    )


def _kappa_of(sums: Sequence[int]) -> float | None:
    count, a, b, aa, bb, apart = sums
    expected = (aa + bb) / count - 2 * (a / count) * (b / count)
    return 1 - (apart / count) / expected if expected > 1e-12 else None


def _quantile(ordered: Sequence[float], share: float) -> float:
    """By linear interpolation, as numpy does."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


assert GRADES[0] == 1 and GRADES[-1] == 6, "the bands are House-Brackmann's"

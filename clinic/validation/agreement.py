"""How far two readers of the same photos agree: shares with Wilson's bounds, and quadratic weighted kappa.

All of it comes from counts that add up, over photos, visits and patients: whoever keeps their sums need not look at the
photos again. Plain arithmetic on plain values, without numpy, which the web process does not have.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inference.finding import Finding
from inference.pipeline.codes import GRADES, same_exercise

Z95 = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""
BANDS: tuple[tuple[int, int], ...] = ((1, 2), (3, 4), (5, 6))
"""House-Brackmann I-II, III-IV, V-VI."""
ALL: Final = "all"
SCOPES: Final = (ALL, *(f"{low}-{high}" for low, high in BANDS))
"""What is counted apart: everything, and each band of the reference's grades."""
_SUMS: Final = 6
"""How many sums kappa needs of the grades."""


@dataclass(frozen=True, slots=True)
class ReadingPair:
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
    """Quadratic weighted kappa with its 95 % interval over patients (see `kappa_interval`); None where it has no
    meaning."""

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
    return _kappa_of(_sums(Counter(grades)))


def kappa_interval(sums: Sequence[int], products: Sequence[Sequence[int]], patients: int) -> float | None:
    """Half the width of kappa's 95 % interval; None of fewer than two patients.

    Photos of one patient resemble each other, so patients are what varies: kappa is a function of sums over patients,
    and its variance follows from theirs by the delta method (Yang & Zhou, Stat Med 33, 2014: kappa for clustered
    matched-pair data). sums: as of `_sums`; products: the sums over patients of each two of them multiplied.
    """
    value = _kappa_of(sums)
    if value is None or patients < 2:
        return None
    slopes = _slopes(sums)
    # Kappa does not change when every patient is counted twice, so the mean falls out of the sum of squares.
    variance = math.fsum(
        slopes[i] * slopes[j] * products[i][j] for i in range(_SUMS) for j in range(_SUMS)
    ) * (patients / (patients - 1))
    return _t95(patients - 1) * math.sqrt(max(0.0, variance))


def tally(pairs: Iterable[ReadingPair]) -> Counter[str]:
    """The counts of these photos and visits, of one patient; they add up over more photos of the same patient."""
    found: Counter[str] = Counter()
    for pair in pairs:
        for scope in _scopes(pair.reference.grade):
            for name, met in _counted(pair):
                found[f"{scope}:{name}"] += 1
                if met:
                    found[f"{scope}:{name}:met"] += 1
    return found


def of_patient(counts: Mapping[str, int]) -> Counter[str]:
    """What a patient with those counts adds to the sum over patients: them, the patient, and what kappa's interval
    needs."""
    found = Counter(counts)
    for scope in SCOPES:
        if counts.get(f"{scope}:photos") or counts.get(f"{scope}:visits"):
            found[f"{scope}:patients"] = 1
        sums = _sums(_grades(counts, scope))
        if not sums[0]:
            continue
        found[f"{scope}:graded"] = 1
        for i in range(_SUMS):
            for j in range(i, _SUMS):
                if product := sums[i] * sums[j]:
                    found[f"{scope}:m{i}{j}"] = product
    return found


def agreement_of(counts: Mapping[str, int], scope: str = ALL) -> Agreement:
    """All measures, from what `of_patient` gave for each patient, added up."""

    def share(name: str) -> Share:
        return Share(counts.get(f"{scope}:{name}:met", 0), counts.get(f"{scope}:{name}", 0))

    grades = _grades(counts, scope)
    graded = sum(grades.values())
    return Agreement(
        photos=counts.get(f"{scope}:photos", 0),
        visits=counts.get(f"{scope}:visits", 0),
        patients=counts.get(f"{scope}:patients", 0),
        exercise=share("exercise"),
        palsy=share("palsy"),
        side=share("side"),
        grade_exact=Share(sum(n for (a, b), n in grades.items() if a == b), graded),
        grade_within_one=Share(sum(n for (a, b), n in grades.items() if abs(a - b) <= 1), graded),
        kappa=_kappa(counts, scope, grades),
        uncertain=counts.get(f"{scope}:uncertain", 0),
    )


def exercises_of(counts: Mapping[str, int]) -> dict[str, Share]:
    """By exercise that the reference named: in how many photos the other named it too."""
    prefix = f"{ALL}:shows "
    names = {key.removeprefix(prefix).removesuffix(":met") for key in counts if key.startswith(prefix)}
    return {
        name: Share(counts.get(f"{prefix}{name}:met", 0), counts.get(f"{prefix}{name}", 0)) for name in names
    }


def agreement(pairs: Sequence[ReadingPair]) -> Agreement:
    """All measures over these photos."""
    by_patient: dict[object, list[ReadingPair]] = defaultdict(list)
    for pair in pairs:
        by_patient[pair.patient].append(pair)
    total: Counter[str] = Counter()
    for own in by_patient.values():
        total.update(of_patient(tally(own)))
    return agreement_of(total)


def _scopes(grade: int | None) -> tuple[str, ...]:
    band = next((f"{low}-{high}" for low, high in BANDS if grade and low <= grade <= high), "")
    return (ALL, band) if band else (ALL,)


def _counted(pair: ReadingPair) -> Iterable[tuple[str, bool]]:
    """What the pair counts in, and whether both say the same of it."""
    one, other = pair.reference, pair.other
    yield "visits" if pair.whole_visit else "photos", False
    if one.exercise:
        met = same_exercise(one.exercise, other.exercise)
        yield "exercise", met
        yield f"shows {one.exercise}", met
    if one.uncertain or other.uncertain:
        yield "uncertain", False
    else:
        yield "palsy", one.verdict == other.verdict
    if one.weak_side and other.weak_side:
        yield "side", one.weak_side == other.weak_side
    if one.grade and other.grade:
        yield f"grade {one.grade} {other.grade}", False


def _grades(counts: Mapping[str, int], scope: str) -> Counter[tuple[int, int]]:
    """How often the reference said the one grade and the other reader the other."""
    found: Counter[tuple[int, int]] = Counter()
    for a in GRADES:
        for b in GRADES:
            if number := counts.get(f"{scope}:grade {a} {b}", 0):
                found[a, b] = number
    return found


def _kappa(counts: Mapping[str, int], scope: str, grades: Counter[tuple[int, int]]) -> Kappa:
    sums = _sums(grades)
    value = _kappa_of(sums)
    products = [
        [counts.get(f"{scope}:m{min(i, j)}{max(i, j)}", 0) for j in range(_SUMS)] for i in range(_SUMS)
    ]
    half = kappa_interval(sums, products, counts.get(f"{scope}:graded", 0))
    if value is None or half is None:
        return Kappa(value, None, None, sums[0])
    return Kappa(value, max(-1.0, value - half), min(1.0, value + half), sums[0])


def _sums(grades: Counter[tuple[int, int]]) -> tuple[int, ...]:
    """Count, sums and sums of squares of both, and the sum of their squared distances."""
    rows = grades.items()
    return (
        sum(n for _, n in rows),
        sum(n * a for (a, _), n in rows),
        sum(n * b for (_, b), n in rows),
        sum(n * a * a for (a, _), n in rows),
        sum(n * b * b for (_, b), n in rows),
        sum(n * (a - b) ** 2 for (a, b), n in rows),
    )


def _kappa_of(sums: Sequence[int]) -> float | None:
    count, a, b, aa, bb, apart = sums
    if not count:
        return None
    # The mean square distance of two independent draws.
    expected = (aa + bb) / count - 2 * (a / count) * (b / count)
    return 1 - (apart / count) / expected if expected > 1e-12 else None


def _slopes(sums: Sequence[int]) -> tuple[float, ...]:
    """How kappa changes with each of its sums."""
    n, a, b, aa, bb, apart = sums
    seen, expected = apart / n, (aa + bb) / n - 2 * a * b / n**2
    of_seen = (-apart / n**2, 0.0, 0.0, 0.0, 0.0, 1 / n)
    of_expected = (-(aa + bb) / n**2 + 4 * a * b / n**3, -2 * b / n**2, -2 * a / n**2, 1 / n, 1 / n, 0.0)
    return tuple(
        (seen * one - other * expected) / expected**2 for other, one in zip(of_seen, of_expected, strict=True)
    )


def _t95(freedom: int) -> float:
    """Student's 97.5 % quantile, from the normal one (Abramowitz & Stegun 26.7.5): too small by a tenth at one degree
    of freedom, by less than a hundredth from two on."""
    z = Z95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom**power for power, term in enumerate(terms, 1))


assert GRADES[0] == 1 and GRADES[-1] == 6, "the bands are House-Brackmann's"

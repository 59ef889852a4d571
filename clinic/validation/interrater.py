"""How far two clinicians agree who read the same visits independently: weighted kappa of grades, and the intraclass
correlation of totals, with their 95 % intervals. Plain arithmetic, without numpy, which the web process does not have.

Kappa: Cohen, Psychol Bull 1968;70:213-20; its standard error: Fleiss, Cohen & Everitt, Psychol Bull 1969;72:323-7.
ICC(2,1), which is ICC(A,1): two-way random effects, absolute agreement, a single reader: Shrout & Fleiss, Psychol Bull
1979;86:420-8; its interval: McGraw & Wong, Psychol Methods 1996;1:30-46.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .agreement import Z95

ALPHA: Final = 0.05
FEWEST: Final = 3
"""Pairs from which on an interval says anything."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of agreement with its 95 % interval, of so many pairs; None where it has no meaning."""

    value: float | None
    low: float | None
    high: float | None
    count: int


def linear(apart: int, most: int) -> float:
    """The disagreement of two grades, 0 to 1: it grows with their distance."""
    return abs(apart) / most


def quadratic(apart: int, most: int) -> float:
    """The disagreement of two grades, 0 to 1: it grows with the square of their distance."""
    return (apart / most) ** 2


def kappa_of_grades(
    pairs: Sequence[tuple[int, int]], *, lowest: int, highest: int, weight: Callable[[int, int], float]
) -> Coefficient:
    """Weighted kappa of two readers' grades, lowest to highest."""
    size = highest - lowest + 1
    table = [[0.0] * size for _ in range(size)]
    for one, other in pairs:
        table[one - lowest][other - lowest] += 1
    weights = [[weight(i - j, size - 1) for j in range(size)] for i in range(size)]
    return weighted_kappa(table, weights)


def weighted_kappa(table: Sequence[Sequence[float]], disagreement: Sequence[Sequence[float]]) -> Coefficient:
    """Cohen's weighted kappa. table: how often the first reader said i and the second j; disagreement: the weight of
    each such pair, 0 where both said the same."""
    count = math.fsum(map(math.fsum, table))
    if not count:
        return Coefficient(None, None, None, 0)
    places = range(len(table))
    heaviest = max(map(max, disagreement))
    share = [[cell / count for cell in row] for row in table]
    agree = [[1 - disagreement[i][j] / heaviest for j in places] for i in places]
    rows = [math.fsum(share[i]) for i in places]
    columns = [math.fsum(share[i][j] for i in places) for j in places]
    seen = math.fsum(share[i][j] * agree[i][j] for i in places for j in places)
    chance = math.fsum(rows[i] * columns[j] * agree[i][j] for i in places for j in places)
    if 1 - chance < 1e-12:
        return Coefficient(None, None, None, round(count))
    kappa = (seen - chance) / (1 - chance)
    if count < FEWEST:
        return Coefficient(kappa, None, None, round(count))
    of_row = [math.fsum(columns[j] * agree[i][j] for j in places) for i in places]
    of_column = [math.fsum(rows[i] * agree[i][j] for i in places) for j in places]
    spread = math.fsum(
        share[i][j] * (agree[i][j] - (of_row[i] + of_column[j]) * (1 - kappa)) ** 2
        for i in places
        for j in places
    )
    variance = (spread - (kappa - chance * (1 - kappa)) ** 2) / (count * (1 - chance) ** 2)
    half = Z95 * math.sqrt(max(0.0, variance))
    return Coefficient(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), round(count))


def icc_agreement(ratings: Sequence[Sequence[float]]) -> Coefficient:
    """ICC(2,1). ratings: of each subject what each reader said, as many readers of each."""
    n, k = len(ratings), len(ratings[0]) if ratings else 0
    if n < 2 or k < 2:
        return Coefficient(None, None, None, n)
    mean = math.fsum(map(math.fsum, ratings)) / (n * k)
    of_subject = [math.fsum(row) / k for row in ratings]
    of_reader = [math.fsum(row[j] for row in ratings) / n for j in range(k)]
    subjects = k * math.fsum((one - mean) ** 2 for one in of_subject) / (n - 1)
    readers = n * math.fsum((one - mean) ** 2 for one in of_reader) / (k - 1)
    rest = math.fsum(
        (ratings[i][j] - of_subject[i] - of_reader[j] + mean) ** 2 for i in range(n) for j in range(k)
    ) / ((n - 1) * (k - 1))
    whole = subjects + (k - 1) * rest + k * (readers - rest) / n
    if whole < 1e-12:
        return Coefficient(None, None, None, n)
    value = (subjects - rest) / whole
    if n < FEWEST or value >= 1 - 1e-12:
        return Coefficient(value, None, None, n)
    low, high = _icc_bounds(value, subjects, readers, rest, n, k)
    return Coefficient(value, max(-1.0, low), min(1.0, high), n)


def _icc_bounds(
    value: float, subjects: float, readers: float, rest: float, n: int, k: int
) -> tuple[float, float]:
    """Both bounds, by Satterthwaite's degrees of freedom (McGraw & Wong, table 7)."""
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * readers + b * rest) ** 2 / (
        (a * readers) ** 2 / (k - 1) + (b * rest) ** 2 / ((n - 1) * (k - 1))
    )
    other = k * readers + (k * n - k - n) * rest
    f = f_quantile(1 - ALPHA / 2, n - 1, freedom)
    low = n * (subjects - f * rest) / (f * other + n * subjects)
    f = f_quantile(1 - ALPHA / 2, freedom, n - 1)
    high = n * (f * subjects - rest) / (other + n * f * subjects)
    return low, high


def f_quantile(chance: float, above: float, below: float) -> float:
    """The quantile of Fisher's F with these degrees of freedom, by bisection."""
    low, high = 0.0, 1.0
    while _f_below(high, above, below) < chance and high < 1e12:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _f_below(middle, above, below) < chance else (low, middle)
    return (low + high) / 2


def _f_below(value: float, above: float, below: float) -> float:
    return _beta(above / 2, below / 2, above * value / (above * value + below))


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz; Numerical Recipes 6.4)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 / max(tiny, 1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, 400):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + step * d or tiny)
            c = 1 + step / c or tiny
            found *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * found / a

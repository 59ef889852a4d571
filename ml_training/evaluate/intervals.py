"""Figures with 95 % intervals.

Pictures of one person share that person's errors, so whole people are drawn again (the cluster bootstrap; Field and
Welsh, J R Stat Soc B 2007). All draws are made at once from sums by person, which keeps four thousand pictures within
milliseconds a figure. Where a bootstrap can't see any spread, because all are right or all are wrong, Wilson's interval
on the number of people stands in: "100 %, 100 to 100" on six people would be a boast.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.stats import norm

RESAMPLES = 1000
SEED = 20261101
LEVEL = 0.95
BY_PEOPLE = "95 %, bootstrap over people"
BY_WILSON = "95 %, Wilson"
ALL_ALIKE = "95 %, Wilson on people"
CHUNK = 100
"""Draws of a weighted ranking worked on at once, to keep memory low."""


def wilson(hits: int, count: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of a share of `count` independent trials (Wilson, J Am Stat Assoc 1927); (0, 1) of none."""
    if not count:
        return 0.0, 1.0
    z = float(norm.ppf((1 + level) / 2))
    share, spread = hits / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


@dataclass(frozen=True)
class Figure:
    """One measured value. value, low, high are None where there was nothing to measure it on."""

    key: str
    name: str
    value: float | None
    low: float | None
    high: float | None
    pictures: int
    people: int
    interval: str = BY_PEOPLE
    visits: int | None = None

    def row(self) -> dict[str, Any]:
        """As a model card holds it; `visits` only where whole visits were judged."""
        row = {
            "key": self.key,
            "name": self.name,
            "value": _rounded(self.value),
            "low": _rounded(self.low),
            "high": _rounded(self.high),
            "interval": self.interval,
            "pictures": self.pictures,
            "people": self.people,
        }
        return row if self.visits is None else row | {"visits": self.visits}


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


class Sample:
    """Rows (pictures or visits) that belong to people, and the draws of people that give intervals.

    person: (N,) text or number, who each row is of. photos: (N,) photos of each row, where rows are visits.
    """

    def __init__(self, person: np.ndarray, photos: np.ndarray | None = None) -> None:
        self.photos = photos
        self.names, self.index = np.unique(np.asarray(person), return_inverse=True)

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def draws(self) -> np.ndarray:
        """(RESAMPLES, people) how often each person is drawn."""
        count = len(self.names)
        return (
            np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(float)
        )

    def where(self, chosen: np.ndarray) -> "Sample":
        """Only some rows."""
        photos = None if self.photos is None else self.photos[chosen]
        return Sample(self.names[self.index[chosen]], photos)

    @property
    def size(self) -> dict[str, Any]:
        """On what a figure was measured, in the words of `Figure`."""
        known = {
            "pictures": len(self) if self.photos is None else int(self.photos.sum()),
            "people": len(self.names),
        }
        return known if self.photos is None else known | {"visits": len(self)}

    def sums(self, table: np.ndarray) -> np.ndarray:
        """Sums (people, ...) of a table (N, ...) by person."""
        total = np.zeros((len(self.names), *table.shape[1:]))
        np.add.at(total, self.index, table)
        return total

    def additive(
        self, key: str, name: str, table: np.ndarray, formula: Callable[[np.ndarray], np.ndarray]
    ) -> Figure:
        """A figure that a formula makes of sums over rows. table: (N, k); formula: (R, k) -> (R,)."""
        if not len(self):
            return self._empty(key, name)
        by_person = self.sums(np.asarray(table, float))
        with np.errstate(invalid="ignore", divide="ignore"):
            value = float(formula(by_person.sum(0)[None])[0])
            values = formula(self.draws @ by_person)
        return self._figure(key, name, value, values)

    def share(self, key: str, name: str, hit: np.ndarray) -> Figure:
        """The share of rows (N,) that are true."""
        if not len(self):
            return self._empty(key, name)
        table = np.column_stack([np.asarray(hit, float), np.ones(len(self))])
        found = self.additive(key, name, table, lambda total: total[:, 0] / total[:, 1])
        if found.value not in (0.0, 1.0):
            return found
        people = len(self.names)
        low, high = wilson(people if found.value else 0, people)
        return Figure(key, name, found.value, low, high, **self.size, interval=ALL_ALIKE)

    def area(self, key: str, name: str, score: np.ndarray, target: np.ndarray) -> Figure:
        """Area under the ROC curve of a score (N,) for a target (N,) of bools."""
        target = np.asarray(target, bool)
        if not len(self) or target.all() or not target.any():
            return self._empty(key, name)
        ranking = Ranking(score, target)
        value = float(ranking.area(np.ones((1, len(self))))[0])
        chunks = [self.draws[at : at + CHUNK][:, self.index] for at in range(0, RESAMPLES, CHUNK)]
        values = np.concatenate([ranking.area(weights) for weights in chunks])
        return self._figure(key, name, value, values)

    def confusion(
        self,
        key: str,
        name: str,
        shown: np.ndarray,
        said: np.ndarray,
        classes: int,
        formula: Callable[[np.ndarray], np.ndarray],
    ) -> Figure:
        """A figure of a confusion matrix. shown, said: (N,) class numbers; formula: (R, k, k) -> (R,)."""
        table = np.zeros((len(self), classes * classes))
        table[np.arange(len(self)), np.asarray(shown, int) * classes + np.asarray(said, int)] = 1
        return self.additive(key, name, table, lambda total: formula(total.reshape(-1, classes, classes)))

    def _figure(self, key: str, name: str, value: float, values: np.ndarray) -> Figure:
        values = values[np.isfinite(values)]
        low = high = None
        if len(values) and len(self.names) > 1:
            low, high = (float(v) for v in np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
            low, high = min(low, value), max(high, value)
        return Figure(key, name, value, low, high, **self.size)

    def _empty(self, key: str, name: str) -> Figure:
        return Figure(key, name, None, None, None, **self.size)


class Ranking:
    """A score sorted once, whose area is then had for any weights of the rows; ties count half."""

    def __init__(self, score: np.ndarray, target: np.ndarray) -> None:
        self.order = np.argsort(score, kind="stable")
        self.target = np.asarray(target, bool)[self.order]
        ordered = np.asarray(score)[self.order]
        self.starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])

    def area(self, weights: np.ndarray) -> np.ndarray:
        """(R,) areas under weights (R, N); NaN where one class has none."""
        ordered = weights[:, self.order]
        hits = np.add.reduceat(ordered * self.target, self.starts, axis=1)
        misses = np.add.reduceat(ordered * ~self.target, self.starts, axis=1)
        below = np.cumsum(misses, 1) - misses / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((hits * below).sum(1) / (hits.sum(1) * misses.sum(1)))


def accuracy(matrix: np.ndarray) -> np.ndarray:
    """(R,) share on the diagonal of (R, k, k)."""
    return np.asarray(np.trace(matrix, axis1=1, axis2=2) / matrix.sum((1, 2)))


def macro_f1(matrix: np.ndarray) -> np.ndarray:
    """(R,) mean over the classes that were shown of 2 hits / (shown + said); matrix (R, k, k)."""
    hits = np.diagonal(matrix, axis1=1, axis2=2)
    shown, said = matrix.sum(2), matrix.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nanmean(np.where(shown > 0, 2 * hits / (shown + said), np.nan), 1))


def quadratic_kappa(matrix: np.ndarray) -> np.ndarray:
    """(R,) Cohen's kappa with quadratic weights (Cohen, Psychol Bull 1968) of (R, k, k)."""
    count = matrix.shape[-1]
    off = (np.arange(count)[:, None] - np.arange(count)) ** 2
    by_chance = matrix.sum(2)[:, :, None] * matrix.sum(1)[:, None, :] / matrix.sum((1, 2))[:, None, None]
    return np.asarray(1 - (matrix * off).sum((1, 2)) / (by_chance * off).sum((1, 2)))


def calibration_table(stated: np.ndarray, hit: np.ndarray, bins: int = 10) -> np.ndarray:
    """(N, 3 * bins): for each row its stated probability, outcome and a one, in the columns of its bin."""
    table = np.zeros((len(stated), 3, bins))
    column = np.clip((np.asarray(stated) * bins).astype(int), 0, bins - 1)
    rows = np.arange(len(stated))
    table[rows, 0, column], table[rows, 1, column], table[rows, 2, column] = stated, hit, 1
    return table.reshape(len(stated), -1)


def calibration_gap(total: np.ndarray) -> np.ndarray:
    """(R,) expected calibration error from sums (R, 3 * bins) of `calibration_table`: the mean gap between stated and
    found probability over equal-width bins (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    stated, hit, count = np.moveaxis(total.reshape(len(total), 3, -1), 1, 0)
    return np.asarray(np.abs(stated - hit).sum(1) / count.sum(1))


def calibration_error(stated: np.ndarray, hit: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of probabilities (N,) against outcomes (N,)."""
    return float(calibration_gap(calibration_table(stated, hit, bins).sum(0)[None])[0])

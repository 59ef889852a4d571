"""Agreement of two clinicians, against published examples and well-kept libraries."""

from __future__ import annotations

import random

import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from clinic.validation.interrater import (
    f_quantile,
    icc_agreement,
    kappa_of_grades,
    linear,
    quadratic,
    weighted_kappa,
)

SHROUT_FLEISS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
"""Six subjects, four judges: Shrout & Fleiss 1979, table 2."""
COHEN = ((0.44, 0.07, 0.09), (0.05, 0.20, 0.05), (0.01, 0.03, 0.06))
"""Cohen 1968, of 200 patients; weighted by (0 1 3, 1 0 6, 3 6 0)."""


def test_cohens_own_example() -> None:
    table = [[200 * cell for cell in row] for row in COHEN]
    plain = weighted_kappa(table, ((0, 1, 1), (1, 0, 1), (1, 1, 0)))
    weighted = weighted_kappa(table, ((0, 1, 3), (1, 0, 6), (3, 6, 0)))
    assert plain.value == pytest.approx(0.492, abs=0.0005) and plain.count == 200
    assert weighted.value == pytest.approx(0.348, abs=0.0005)


def pairs(count: int, seed: int = 4) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        one = chance.randint(1, 6)
        found.append((one, min(6, max(1, one + chance.choice((-2, -1, 0, 0, 0, 1))))))
    return found


@pytest.mark.parametrize(("weight", "name"), [(linear, "linear"), (quadratic, "quadratic")])
@pytest.mark.parametrize("count", [3, 20, 300])
def test_kappa_is_scikit_learns(weight, name, count) -> None:
    rows = pairs(count)
    found = kappa_of_grades(rows, lowest=1, highest=6, weight=weight)
    expected = cohen_kappa_score(*zip(*rows, strict=True), weights=name, labels=range(1, 7))
    assert found.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weight", [linear, quadratic])
def test_its_interval_is_the_jackknifes(weight) -> None:
    rows = pairs(400)
    found = kappa_of_grades(rows, lowest=1, highest=6, weight=weight)
    without = [
        kappa_of_grades([*rows[:at], *rows[at + 1 :]], lowest=1, highest=6, weight=weight).value or 0.0
        for at in range(len(rows))
    ]
    mean = sum(without) / len(rows)
    error = ((len(rows) - 1) / len(rows) * sum((one - mean) ** 2 for one in without)) ** 0.5
    assert found.value is not None and found.low is not None and found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.95996 * error, rel=0.03)


def test_shrout_and_fleiss_own_example() -> None:
    found = icc_agreement(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.29, abs=0.005) and found.count == 6
    # As published with it, and by R's psych package: 0.019 to 0.761.
    assert found.low == pytest.approx(0.019, abs=0.001)
    assert found.high == pytest.approx(0.761, abs=0.001)


@pytest.mark.parametrize(("above", "below"), [(1, 1), (5, 4.78), (4.78, 5), (30, 2.5), (199, 240.3)])
@pytest.mark.parametrize("chance", [0.025, 0.5, 0.975])
def test_fishers_quantile_is_scipys(chance, above, below) -> None:
    assert f_quantile(chance, above, below) == pytest.approx(stats.f.ppf(chance, above, below), rel=1e-8)


def test_a_bias_between_two_readers_lowers_the_agreement() -> None:
    same = [(x, x + (x % 3) - 1) for x in range(40, 100, 4)]
    shifted = [(one, other + 15) for one, other in same]
    assert (icc_agreement(same).value or 0) > (icc_agreement(shifted).value or 0) + 0.1


def test_what_has_no_meaning_is_none() -> None:
    for nothing in (
        kappa_of_grades([], lowest=1, highest=6, weight=linear),
        kappa_of_grades([(2, 2)] * 5, lowest=1, highest=6, weight=linear),
        icc_agreement([]),
        icc_agreement([(5, 5)]),
        icc_agreement([(5, 5), (5, 5)]),
    ):
        assert (nothing.value, nothing.low, nothing.high) == (None, None, None)
    two = kappa_of_grades([(1, 2), (3, 3)], lowest=1, highest=6, weight=quadratic)
    assert two.value is not None and two.low is None

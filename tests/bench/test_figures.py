"""The figures of `make bench`; what it measures, it measures on real models and prints, and no test asserts."""

from __future__ import annotations

import pytest

from .__main__ import Figure, p95
from .bare import rate


def test_a_rate_is_of_the_time_in_which_all_processes_work():
    start_slowly = [0.0, 5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6]
    assert rate(start_slowly) == pytest.approx(10)
    assert rate([]) == rate([1.0]) == rate([2.0, 2.0]) == 0


def test_the_95th_percentile_is_a_measured_value():
    assert p95([n / 100 for n in range(100, 0, -1)]) == 0.95
    assert p95([0.3]) == 0.3


def test_a_row_says_by_how_much_its_aim_is_missed():
    assert Figure("photos", 0.45, "", 0.9, most=False).missed == 2
    assert Figure("seconds", 1.0, "s", 2.0).missed == 0.5
    assert not Figure("no aim", 3.0, "s").missed

"""The figures of `manage.py bench`; what it measures, it measures on real models and prints, and no test asserts."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from inference.benchmark import Latency, rate


def test_a_rate_is_of_the_time_in_which_all_processes_work():
    start_slowly = [0.0, 5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6]
    assert rate(start_slowly) == pytest.approx(10)
    assert rate([]) == rate([1.0]) == rate([2.0, 2.0]) == 0


def test_the_95th_percentile_is_a_measured_value():
    seen = Latency(tuple(n / 100 for n in range(100, 0, -1)))
    assert seen.p95 == 0.95 and seen.median == pytest.approx(0.505)
    assert Latency((0.3,)).p95 == 0.3


def test_without_the_models_there_is_nothing_to_measure(release):
    (release / "release.json").unlink()
    with pytest.raises(CommandError, match="Nothing to measure"):
        call_command("bench")

"""docs/sizing.py, whose table stands in docs/sizing.md."""

from __future__ import annotations

import importlib.util
import random
import statistics
import sys
from types import ModuleType

import pytest

from . import shipped

DOCS = shipped.ROOT / "docs"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sizing", DOCS / "sizing.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sizing"] = module
    spec.loader.exec_module(module)
    return module


sizing = script()


def test_waiting_is_what_the_theory_of_queues_says() -> None:
    """Erlang's C formula for two servers, arrivals and services by chance: 1/(m(1-r²)) from arrival to end."""
    chance, at, now = random.Random(1), [], 0.0
    load, mean = 0.7, 1.0
    for _ in range(200_000):
        now += chance.expovariate(2 * load / mean)
        at.append(now)
    takes = [chance.expovariate(1 / mean) for _ in at]
    assert statistics.mean(sizing.waits(at, takes, 2)) == pytest.approx(mean / (1 - load**2), rel=0.05)
    assert sizing.waits([0.0, 0.0, 0.0, 10.0], [1.0, 2.0, 3.0, 1.0], 2) == [1.0, 2.0, 4.0, 1.0]


def test_a_day_has_its_photos_and_its_morning() -> None:
    at = sizing.arrivals(24_000, random.Random(2))
    assert len(at) == pytest.approx(24_000, rel=0.05) and at == sorted(at)
    morning = sum(moment < sizing.OPENS + 3 * 3600 for moment in at)
    assert morning / len(at) == pytest.approx(sum(sizing.HOURS[:3]), rel=0.05)
    assert sum(sizing.HOURS) == pytest.approx(1)


def test_a_photo_takes_what_was_measured() -> None:
    chance = random.Random(3)
    takes = [sizing.service(chance) for _ in range(20_000)]
    assert sizing.PROCESSES / statistics.mean(takes) == pytest.approx(18.6, rel=0.02)
    assert statistics.median(takes) + sizing.REST == pytest.approx(0.32, abs=0.01)


def test_the_page_has_the_scripts_table() -> None:
    page = (DOCS / "sizing.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and line.count("|") == 7]
    assert rows[0] == sizing.table_head()[0]
    told = {(row.split("|")[1].strip(), row.split("|")[2].strip()) for row in rows[1:]}
    assert {photos for photos, _workers in told} == {f"{photos:,}" for photos in sizing.ROWS}
    for photos, workers in ((240, 1), (4_800, 2), (120_000, 1)):
        assert sizing.line(photos, workers, fewest=1) in rows


def test_more_than_there_are_is_said() -> None:
    with pytest.raises(ValueError, match="more than 1"):
        sizing.needed(480_000, most=1)

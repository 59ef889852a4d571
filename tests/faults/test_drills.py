"""The drills of `make faults`, short: the same code with fewer photos and shorter times.

They run in a process of their own, beside servers of their own, since they kill what they work with.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.faults.__main__ import DRILLS
from tests.faults.house import ROOT

pytestmark = pytest.mark.servers


HALVES = (("kills", "fence", "disk", "beat"), ("servers", "poison", "away", "budget"))
"""Most of a drill's time is waiting, so that two can wait at once, each half beside servers of its own."""


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What the drills said."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults", "--short", *half],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for half in HALVES
    ]  # fmt: skip
    said = [process.communicate(timeout=600) for process in started]
    for out, err in said:
        # For whoever reads a failure.
        sys.stdout.write(out)
        sys.stderr.write(err[-6000:])
    return [line for out, _err in said for line in out.splitlines()]


def test_each_drill_is_run():
    assert sorted(sum(HALVES, ())) == sorted(DRILLS)


@pytest.mark.parametrize("drill", DRILLS)
def test_nothing_is_lost_and_nothing_doubled(lines, drill):
    (line,) = [line for line in lines if drill in line.split()[:2]]
    assert " ok " in line, line
    assert "lost 0" in line and "doubled 0" in line, line

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


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """What the drills said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--short"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    # For whoever reads a failure.
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr[-6000:])
    return done.stdout.splitlines()


@pytest.mark.parametrize("drill", DRILLS)
def test_nothing_is_lost_and_nothing_doubled(lines, drill):
    (line,) = [line for line in lines if drill in line.split()[:2]]
    assert " ok " in line, line
    assert "lost 0" in line and "doubled 0" in line, line

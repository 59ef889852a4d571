"""The drills of `make faults`, short: the same code with fewer photos and shorter times."""

from __future__ import annotations

import pytest

from tests.faults import ahead
from tests.faults.__main__ import DRILLS

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def begun_ahead() -> list[str]:
    """What the drills said that began with the suite."""
    return ahead.said()


@pytest.fixture
def lines(begun_ahead: list[str], request: pytest.FixtureRequest, drill: str) -> list[str]:
    """At a second try, what the drill says by itself."""
    return ahead.again(drill) if getattr(request.node, "execution_count", 1) > 1 else begun_ahead


def test_each_drill_is_run():
    assert sorted(sum(ahead.HALVES, ())) == sorted(DRILLS)


@pytest.mark.parametrize("drill", DRILLS)
def test_nothing_is_lost_and_nothing_doubled(lines, drill):
    (line,) = [line for line in lines if drill in line.split()[:2]]
    assert " ok " in line, line
    assert "lost 0" in line and "doubled 0" in line, line

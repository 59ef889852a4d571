"""How big a drill is, and the times it runs with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Seconds where nothing else is said."""

    photos: int
    kills: int
    photo: float
    """What the stub takes for one."""
    lease: int
    every: float
    hard_limit: int
    hang_limit: int
    """The hard limit while photos hang, which is waited for three times."""
    canary: int
    outage: float
    beat_away: float
    live: float
    """Within which the web process answers /livez, whatever is uploaded."""
    allowed: float = 90.0
    """Time to recover."""


# Production's own times, but for hanging photos.
FULL = Size(
    photos=500, kills=50, photo=0.2, lease=30, every=20, hard_limit=60, hang_limit=8, canary=75, outage=60,
    beat_away=600, live=1.0,
)  # fmt: skip
SHORT = Size(
    photos=16, kills=3, photo=0.1, lease=3, every=1, hard_limit=30, hang_limit=8, canary=3, outage=1,
    beat_away=4, live=10.0,  # beside the rest of the suite
)  # fmt: skip

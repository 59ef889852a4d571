"""How the installation is doing, in numbers: one set for the page, the metrics and the rules. No patient's data."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field

from .models import Backup, IntegrityCheck

NEVER = math.inf
"""The age of what never happened."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The photos that wait, of all clinics, and the work that nobody waits for."""

    waiting: int = 0
    oldest: float = 0.0
    running: int = 0
    longest: float = 0.0
    overdue: int = 0
    background: int = 0


@dataclass(frozen=True, slots=True)
class Sign:
    """A canary: how long ago one came out of the queue, and since when one is awaited, if it is."""

    queue: str
    seen: float
    awaited: float

    @property
    def age(self) -> float:
        """What the rule looks at: how long the oldest has been on its way, or how long none came out."""
        return max(self.awaited, 0.0 if math.isinf(self.seen) and self.awaited else self.seen)


@dataclass(frozen=True, slots=True)
class Durations:
    """Of the analyses that ended within the last hour, in seconds: in the middle, and of the slowest twentieth."""

    ended: int = 0
    wait: tuple[float, float] = (0.0, 0.0)
    work: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the photos lie. A store elsewhere has no size that we know."""

    free: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        return self.free / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """Everything at one moment."""

    at: dt.datetime
    queue: Queue = Queue()
    states: dict[str, int] = field(default_factory=dict)
    ended_day: int = 0
    failed_day: dict[str, int] = field(default_factory=dict)
    rejected_day: dict[str, int] = field(default_factory=dict)
    stored_day: int = 0
    canaries: tuple[Sign, ...] = ()
    durations: Durations = Durations()
    beat: float = NEVER
    disk: Disk = Disk()
    database_bytes: int = 0
    release: str = ""
    release_problems: tuple[str, ...] = ()
    backup: Backup | None = None
    backup_tried: Backup | None = None
    backup_age: float = NEVER
    check: IntegrityCheck | None = None
    check_running: IntegrityCheck | None = None
    check_age: float = NEVER
    whole_age: float = NEVER
    logins_failed: int = 0
    unsealed: float = 0.0
    demo: bool = False

    @property
    def failures_day(self) -> int:
        return sum(self.failed_day.values())

    @property
    def failed_share(self) -> float:
        return self.failures_day / self.ended_day if self.ended_day else 0.0

    @property
    def left_to_repair(self) -> int:
        return self.check.left if self.check else 0

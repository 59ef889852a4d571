"""What each malformed upload cost: processor time of this process and its decoders, and the memory that they took."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.conf import settings

from clinic.visits import decoding

MEGABYTE: Final = 1024 * 1024
MOST_SECONDS: Final = 8.0
"""Of processor time for one request: the dearest picture that is taken in takes about two and a half."""
MOST_GROWTH: Final = 96 * MEGABYTE
"""Of this process, which would be the web process: a body, its copy on the way, and the answer."""


@dataclass(frozen=True, order=True)
class Spent:
    """seconds: of processor time, decoders' included. decoder, web: bytes that the decoder and this process grew by."""

    seconds: float
    decoder: int
    web: int

    def wrong(self) -> str:
        """By which bound it was too much; empty where it was not."""
        if self.seconds > MOST_SECONDS:
            return f"took {self.seconds:.1f} s of processor time"
        if self.decoder > settings.DECODING_MEMORY:
            return f"took {self.decoder // MEGABYTE} MB in its decoder"
        return f"took {self.web // MEGABYTE} MB in the web process" if self.web > MOST_GROWTH else ""


@dataclass
class Dearest:
    """Of one kind of input: the slowest and the hungriest, each with what was sent."""

    seconds: float = 0.0
    slowest: str = ""
    memory: int = 0
    hungriest: str = ""
    stopped: int = 0
    """Decoders that were ended over one of these."""

    def note(self, spent: Spent, what: str) -> None:
        """Keep it if it is dearer than those before."""
        if spent.seconds > self.seconds:
            self.seconds, self.slowest = spent.seconds, what
        if spent.decoder + spent.web > self.memory:
            self.memory, self.hungriest = spent.decoder + spent.web, what


@dataclass
class Meter:
    """Use `start` before and `stop` after each request."""

    _seconds: float = 0.0
    _pids: dict[int, int] = field(default_factory=dict)
    _web: int = 0

    def start(self) -> None:
        """Begin to count; peaks of memory are forgotten."""
        self._pids = {pid: _resident(pid) for pid in _decoders()}
        for pid in (*self._pids, os.getpid()):
            with suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._web, self._seconds = _resident(os.getpid()), self._spent()

    def stop(self) -> tuple[Spent, bool]:
        """What it cost, and whether a decoder was ended over it."""
        now = _decoders()
        grown = max((_peak(pid) - self._pids.get(pid, _resident(pid)) for pid in now), default=0)
        spent = Spent(
            max(0.0, self._spent() - self._seconds), max(0, grown), max(0, _peak(os.getpid()) - self._web)
        )
        return spent, bool(set(self._pids) - set(now))

    def _spent(self) -> float:
        own = resource.getrusage(resource.RUSAGE_SELF)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        known = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
        return known + sum(map(_processor_time, _decoders()))


def _decoders() -> list[int]:
    return [child.pid for child in decoding._decoders._idle if child.alive]


def _status(pid: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _resident(pid: int) -> int:
    return _status(pid, "VmRSS")


def _peak(pid: int) -> int:
    return _status(pid, "VmHWM")


def _processor_time(pid: int) -> float:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0

"""The bare pipeline's speed, and the figures of `manage.py bench`. No Django: the pool's processes import this."""

from __future__ import annotations

import math
import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.pipeline import Analyser

WARM_UP = 4
"""Photos a process before the clock starts."""

_analyser: Analyser | None = None


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the request's start to the stored result, one photo after the other."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """By nearest rank: a measured value, never one between two."""
        return sorted(self.seconds)[math.ceil(0.95 * len(self.seconds)) - 1]


def rate(finished: Sequence[float]) -> float:
    """Results a second, from the moments (s) at which each was there, once every process is under way."""
    under_way = sorted(finished)[len(finished) // 4 :]
    span = under_way[-1] - under_way[0] if under_way else 0.0
    return (len(under_way) - 1) / span if span > 0 else 0.0


def bare_rate(files: Sequence[Path], *, processes: int, models: Path) -> float:
    """Photos a second of the pipeline alone, in as many processes as the worker has children."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _load, (models,)) as pool:
        pool.map(_analyse, [files[i % len(files)] for i in range(WARM_UP * processes)], chunksize=1)
        return rate(list(pool.imap_unordered(_analyse, files, chunksize=1)))


def _load(models: Path) -> None:
    global _analyser
    # What native libraries tell of themselves would stand between the figures.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from inference.pipeline import Analyser

    _analyser = Analyser(models, threads=1)


def _analyse(file: Path) -> float:
    """When it was done, on a clock that the machine's processes share."""
    assert _analyser
    _analyser.analyse(file.read_bytes())
    return time.monotonic()

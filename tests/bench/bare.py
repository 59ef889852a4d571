"""The pipeline alone, in as many processes as a worker has children. No Django: the pool's processes import this."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference.pipeline import Analyser

WARM_UP = 4
"""Photos a process before anything is measured."""

_analyser: Analyser | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a number of photos took. seconds: of the clock, once every process is under way. cpu: seconds a photo."""

    rate: float
    cpu: float


def rate(finished: Sequence[float]) -> float:
    """Results a second, from the moments (s) at which each was there, once every process is under way."""
    under_way = sorted(finished)[len(finished) // 4 :]
    span = under_way[-1] - under_way[0] if under_way else 0.0
    return (len(under_way) - 1) / span if span > 0 else 0.0


@contextlib.contextmanager
def pool(*, processes: int, models: Path) -> Iterator[Callable[[Sequence[Path]], Spent]]:
    """A function that analyses files with processes that have their models loaded."""
    with multiprocessing.get_context("spawn").Pool(processes, _load, (models,)) as workers:

        def analyse(files: Sequence[Path]) -> Spent:
            done = list(workers.imap_unordered(_analyse, files, chunksize=1))
            return Spent(rate([at for at, _ in done]), sum(cpu for _, cpu in done) / len(done))

        first = Path(__file__).resolve().parents[2] / "clinic" / "demo" / "photos"
        warm = sorted(first.glob("*.jpg"))[: WARM_UP * processes]
        workers.map(_analyse, warm, chunksize=1)
        yield analyse


def decoding(files: Sequence[Path]) -> list[float]:
    """Seconds of processor for turning each file into an image, in this process."""
    from inference.pipeline.decode import decode

    found = []
    for file in files:
        data, begun = file.read_bytes(), time.process_time()
        decode(data)
        found.append(time.process_time() - begun)
    return found


def _load(models: Path) -> None:
    global _analyser
    # What native libraries tell of themselves would stand between the figures.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from inference.pipeline import Analyser

    _analyser = Analyser(models, threads=1)


def _analyse(file: Path) -> tuple[float, float]:
    """When it was done, on a clock that the machine's processes share, and the seconds of processor that it took."""
    assert _analyser
    begun = time.process_time()
    _analyser.analyse(file.read_bytes())
    return time.monotonic(), time.process_time() - begun

"""How many workers a number of photos a day needs: the arrivals of a busy day, and who waits for how long.

Usage: python docs/sizing.py. Prints the table of docs/sizing.md; the same seed gives the same table.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SEED = 20261130
DAYS = 3
# Of a day's visits, in each hour from eight o'clock on: a morning when everybody comes, and a lunch.
HOURS = (0.18, 0.21, 0.17, 0.12, 0.04, 0.11, 0.10, 0.07)
OPENS = 8 * 3600.0
PHOTOS = 12
"""Of a visit."""
BETWEEN = 3.0
"""Seconds between a visit's photos, at the mean: they were taken before, and are sent one after another."""
SERVICE = 2 / 18.6
"""Seconds of a worker's process for one of 12 megapixels, as `make bench` measured: two processes do 18.6 a second."""
SPREAD = 0.35
"""Standard deviation of that, as a share of it."""
REST = 0.32 - SERVICE
"""Seconds from upload to result besides: a photo alone took 0.32 s."""
PROCESSES = 2
"""Of a worker's container."""
ROWS = (240, 4_800, 120_000, 240_000, 480_000)
WANTED = 1.0
"""Seconds within which 95 of 100 photos should have their result."""


@dataclass(frozen=True)
class Day:
    """Seconds from upload to result; busy: the share of the busiest ten minutes that the processes worked."""

    middle: float
    most: float
    longest: float
    busy: float


def arrivals(photos: int, chance: random.Random) -> list[float]:
    """The seconds of a day at which photos come in, in order: visits by chance, each with its photos in a row."""
    found = []
    visits = photos / PHOTOS
    for hour, share in enumerate(HOURS):
        at, until = OPENS + 3600 * hour, OPENS + 3600 * (hour + 1)
        while (at := at + chance.expovariate(visits * share / 3600)) < until:
            moment = at
            for _ in range(PHOTOS):
                found.append(moment)
                moment += chance.expovariate(1 / BETWEEN)
    return sorted(found)


def service(chance: random.Random) -> float:
    """Seconds that one photo takes a process: gamma, with the measured mean."""
    shape = 1 / SPREAD**2
    return chance.gammavariate(shape, SERVICE / shape)


def waits(at: Sequence[float], takes: Iterable[float], processes: int) -> list[float]:
    """Seconds from the arrival of each to its end, first come, first served."""
    free = [0.0] * processes
    found = []
    for moment, seconds in zip(at, takes, strict=True):
        end = max(moment, heapq.heappop(free)) + seconds
        heapq.heappush(free, end)
        found.append(end - moment)
    return found


def busiest(at: Sequence[float], takes: Sequence[float], processes: int, window: float = 600.0) -> float:
    """The share of the processes' time that is asked of them in the worst ten minutes; over 1 a queue grows."""
    asked: dict[int, float] = {}
    for moment, seconds in zip(at, takes, strict=True):
        slot = int(moment // window)
        asked[slot] = asked.get(slot, 0.0) + seconds
    return max(asked.values(), default=0.0) / (window * processes)


def day(photos: int, containers: int, seed: int = SEED, days: int = DAYS) -> Day:
    """So many days with so many photos each."""
    chance = random.Random(seed)
    took, busy = [], 0.0
    for _ in range(days):
        at = arrivals(photos, chance)
        takes = [service(chance) for _ in at]
        took += waits(at, takes, containers * PROCESSES)
        busy = max(busy, busiest(at, takes, containers * PROCESSES))
    took.sort()
    return Day(
        REST + took[len(took) // 2], REST + took[math.ceil(0.95 * len(took)) - 1], REST + took[-1], busy
    )


def needed(photos: int, most: int = 64) -> int:
    """The fewest containers of a worker with which 95 of 100 photos have their result in time."""
    for containers in range(1, most + 1):
        if day(photos, containers, days=1).most <= WANTED and day(photos, containers).most <= WANTED:
            return containers
    raise ValueError(f"{photos} photos a day need more than {most} workers")


def table() -> str:
    """For docs/sizing.md."""
    lines = table_head()
    for photos in ROWS:
        fewest = needed(photos)
        lines += [line(photos, containers, fewest) for containers in range(max(1, fewest - 1), fewest + 2)]
    return "\n".join(lines)


def table_head() -> list[str]:
    """Its first two lines."""
    return [
        "| Photos a day | Workers | Half have their result in | 95 of 100 | The last one | Busiest ten minutes |",
        "|---|---|---|---|---|---|",
    ]


def line(photos: int, containers: int, fewest: int) -> str:
    """One row; the fewest containers that will do are bold."""
    one = day(photos, containers)
    number = f"**{containers}**" if containers == fewest else str(containers)
    return (
        f"| {photos:,} | {number} | {_seconds(one.middle)} | {_seconds(one.most)} | {_seconds(one.longest)} "
        f"| {one.busy:.0%} |"
    )


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


if __name__ == "__main__":
    print(table())

"""Drill 2: Redis comes back empty, is away for a while; PostgreSQL is started anew; both at once."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable

from tests.faults import records
from tests.faults.house import House, until
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size

UNDER_WAY = 3.0
"""Seconds of one child that a fault's photos take at least, so that even a slow machine brings the fault in time."""


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """A quarter of the photos for each fault, which comes while they are being analysed."""
    outcome = Outcome("2 servers")
    house.beat()

    def redis_empty() -> None:
        house.redis.kill()
        house.start_redis()

    def redis_away() -> None:
        house.redis.kill()
        more.extend(ward.upload(5))
        time.sleep(size.outage)
        house.start_redis()

    def postgres_again() -> None:
        house.stop_postgres()
        time.sleep(min(5.0, size.outage))
        house.start_postgres()

    def both() -> None:
        house.redis.kill()
        house.stop_postgres()
        time.sleep(min(5.0, size.outage))
        house.start_postgres()
        house.start_redis()

    faults: dict[str, Callable[[], None]] = {
        "Redis empty": redis_empty,
        "Redis away": redis_away,
        "PostgreSQL": postgres_again,
        "both": both,
    }
    for name, fault in faults.items():
        more: list[uuid.UUID] = []
        photos = ward.upload(size.photos // len(faults))
        pace = max(size.photo, UNDER_WAY / len(photos))
        worker = house.worker(seconds=pace)  # now, or the first photos are done before the last are stored
        until(lambda photos=photos: records.done(photos) >= len(photos) // 10, 90, f"the start before {name}")
        time.sleep(random.uniform(0, 2 * size.photo))
        left = len(photos) - records.done(photos)
        outcome.demand(left > len(photos) // 4, f"{name} came when all but {left} were done")
        fault()
        photos += more
        took = records.settle(photos, 3 * size.allowed)
        outcome.faults += 1
        outcome.recovered(took)
        outcome.notes.append(f"{name} {took:.0f} s with {left} left")
        records.judge(outcome, photos)
        worker.kill()
    return outcome

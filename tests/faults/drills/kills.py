"""Drill 1: a worker's child, or the whole worker, is killed at random moments."""

from __future__ import annotations

import os
import random
import signal
import time

from tests.faults import records
from tests.faults.house import House, until
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """Half of the kills take one child, half the whole worker, which is started again."""
    outcome = Outcome("1 kills")
    photos = ward.upload(size.photos)
    house.beat()
    worker = house.worker(seconds=size.photo)
    # Spread over the whole run, by how far it is: a slow machine gets as many kills in the midst of work.
    for progress in sorted(random.sample(range(19 * len(photos) // 20), size.kills)):
        until(lambda progress=progress: records.done(photos) >= progress, 120, f"{progress} photos")
        time.sleep(random.uniform(0, 2 * size.photo))
        children = worker.children()
        if children and random.random() < 0.5:
            os.kill(random.choice(children), signal.SIGKILL)
        else:
            worker.kill()
            house.worker(seconds=size.photo)
        outcome.faults += 1
    outcome.notes.append(f"{records.done(photos)} were done at the last kill")
    outcome.recovered(records.settle(photos, 4 * size.allowed))
    records.judge(outcome, photos)
    again = records.analyses(photos).filter(attempt__gt=1).count()
    outcome.notes.append(f"{again} were hit and done again")
    return outcome

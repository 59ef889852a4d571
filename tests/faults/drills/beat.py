"""Drill 6: beat is away and comes back, the worker is away while beat goes on, and a worker that consumes nothing."""

from __future__ import annotations

import os
import time

import redis

from inference.models import Canary
from tests.faults import records
from tests.faults.house import House, Process, until
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size
from tests.faults.visitor import Visitor

RAN = "inference.tasks.watch"
TOLD = 120.0
"""Seconds within which the page must say it."""


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """With one worker; the page is asked over HTTP."""
    outcome = Outcome("6 beat")
    worker = house.worker("consumer", seconds=size.photo)
    beat = house.beat()
    until(
        lambda: Canary.objects.filter(passed_at__isnull=False).count() == 4, 3 * size.every + 60, "a canary"
    )
    beat_away(house, size, outcome, beat, worker)
    worker_away(house, size, outcome, worker)
    photos = ward.upload(max(5, size.photos // 20))
    silent(house, ward, size, outcome, photos)
    records.judge(outcome, photos)
    return outcome


def rounds(worker: Process) -> int:
    """How many rounds of the watchdog this worker has run."""
    return sum(
        RAN in line and "Task done" in line for line in worker.log.read_text(errors="replace").splitlines()
    )


def waiting(house: House) -> int:
    """Messages in the broker."""
    broker = redis.Redis(port=house.broker_port)
    return sum(int(broker.llen(queue)) for queue in ("analysis", "housekeeping"))


def beat_away(house: House, size: Size, outcome: Outcome, beat: Process, worker: Process) -> None:
    """What was due while it was away is asked for once, not once for each time."""
    beat.stop()
    time.sleep(size.beat_away)
    before = rounds(worker)
    house.beat()
    until(lambda: rounds(worker) > before, size.every + 60, "the first round")
    time.sleep(1)
    ran = rounds(worker) - before
    # One that is due, one because beat starts, and those of the time that passed meanwhile.
    outcome.demand(ran <= 3 + 1 / size.every, f"{ran} rounds at once after beat came back")
    outcome.notes.append(f"{ran} rounds after {size.beat_away:.0f} s without beat")
    outcome.faults += 1


def worker_away(house: House, size: Size, outcome: Outcome, worker: Process) -> None:
    """What beat asked for meanwhile is forgotten, not done again and again."""
    worker.kill()
    before = rounds(worker)
    time.sleep(min(size.beat_away, 8 * size.every))
    piled = waiting(house)
    house.worker("consumer", seconds=size.photo)
    until(lambda: rounds(worker) > before and waiting(house) < 3, size.every + 60, "an empty queue")
    ran = rounds(worker) - before
    outcome.demand(ran <= 4 + 4 / size.every, f"{ran} rounds at once after the worker came back")
    outcome.notes.append(f"{ran} rounds after {piled} messages waited")
    outcome.faults += 1


def silent(house: House, ward: Ward, size: Size, outcome: Outcome, photos: list[object]) -> None:
    """The worker lives, answers to its name, and takes nothing from the queues."""
    from clinic.config.celery import app

    house.web()
    visitor = Visitor(ward.user, house.web_port)
    records.settle(photos, size.allowed)  # type: ignore[arg-type]
    until(lambda: "delayed" not in visitor.page("inference:status").text, 60, "a page without a warning")
    start = time.monotonic()
    for queue in ("analysis", "housekeeping"):
        app.control.cancel_consumer(queue, reply=True, timeout=2)
    until(
        lambda: "Analysis is delayed." in visitor.page("inference:status").text, 2 * TOLD, "the page's word"
    )
    took = time.monotonic() - start
    outcome.demand(took < TOLD, f"the page said so after {took:.0f} s")
    outcome.demand(os.path.exists(f"/proc/{house.worker_pid('consumer')}"), "the worker did not live")
    outcome.notes.append(f"the page said so after {took:.0f} s")
    for queue in ("analysis", "housekeeping"):
        app.control.add_consumer(queue, reply=True, timeout=5)
    start = time.monotonic()
    until(lambda: "delayed" not in visitor.page("inference:status").text, 90, "the all-clear")
    outcome.recovered(time.monotonic() - start)
    outcome.faults += 1

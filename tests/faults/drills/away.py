"""Drill 7: people go on working while the broker, which is the cache too, is dead, or hangs."""

from __future__ import annotations

import signal
import time
import uuid

from tests.faults import records
from tests.faults.house import House, until
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size
from tests.faults.visitor import Visitor

PATIENCE = 3.0
"""Seconds that an upload, or a page, may take at most while Redis is away."""
PAGES = ("today", "patients:list", "inference:status")


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """Redis is killed, and later stopped so that it accepts connections and never answers."""
    outcome = Outcome("7 away")
    house.beat()
    house.worker(seconds=size.photo)
    house.web()
    visitor = Visitor(ward.user, house.web_port)
    visit = ward.visit()
    first = visitor.upload(visit.pk, records.jpeg())
    if first.status != 201:
        raise RuntimeError(f"An upload in peace: {first}")
    photos = [uuid.UUID(first.body["id"])]
    # The short form leaves the silent Redis to tests/faults/test_pieces.py.
    for how in ("dead", "hangs") if size.photos >= 100 else ("dead",):
        if how == "dead":
            house.redis.kill()
        else:
            house.redis.send(signal.SIGSTOP)
        slowest = 0.0
        for _ in range(max(5, size.photos // 50)):
            answer = visitor.upload(visit.pk, records.jpeg())
            slowest = max(slowest, answer.seconds)
            outcome.demand(answer.status == 201, f"{how}: an upload was answered {answer.status}")
            photos += [uuid.UUID(answer.body["id"])] if answer.status == 201 else []
        for name in PAGES:
            answer = visitor.page(name)
            slowest = max(slowest, answer.seconds)
            outcome.demand(answer.status in (200, 204), f"{how}: {name} was answered {answer.status}")
        outcome.demand(slowest < PATIENCE, f"{how}: somebody waited for {slowest:.1f} s")
        told = time.monotonic()
        until(lambda: "Analysis is delayed." in visitor.page("inference:status").text, 120, "the page's word")
        outcome.notes.append(
            f"{how}: slowest answer {slowest:.2f} s, page says so after {time.monotonic() - told:.0f} s"
        )
        if how == "dead":
            house.start_redis()
        else:
            house.redis.send(signal.SIGCONT)
        outcome.faults += 1
        outcome.recovered(records.settle(photos, 3 * size.allowed))
        until(lambda: "delayed" not in visitor.page("inference:status").text, 90, "the all-clear")
    records.judge(outcome, photos)
    return outcome

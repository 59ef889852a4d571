"""Drill 3: messages come twice, two workers want one photo, and one wakes up after its lease."""

from __future__ import annotations

import signal
import time
import uuid

from clinic.common import broker
from inference.jobs import publish
from inference.jobs.states import Status
from inference.models import Analysis
from tests.faults import records
from tests.faults.house import House, Process, until
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """All of it with two workers of two children."""
    outcome = Outcome("3 fence")
    house.redis.kill()
    house.start_redis()  # nothing of an earlier drill
    first = house.worker("first", seconds=size.photo)
    sleeper(house, ward, size, outcome, first)
    twice(house, ward, size, outcome)
    return outcome


def sleeper(house: House, ward: Ward, size: Size, outcome: Outcome, first: Process) -> None:
    """The first worker is stopped in the middle of a photo, and wakes when another one has done it."""
    hold = house.folder / "hold"
    hold.touch()
    photos = ward.upload(2)
    until(lambda: len(list(house.folder.glob("held-*"))) == 2, 60, "two photos in work")
    first.send(signal.SIGSTOP)
    hold.unlink()
    stopped = time.monotonic()
    house.beat()
    house.worker("second", seconds=size.photo)
    records.settle(photos, 3 * size.allowed)
    outcome.recovered(time.monotonic() - stopped)
    ended = {row.pk: (row.attempt, row.finished_at) for row in records.analyses(photos)}
    outcome.demand(
        all(attempt == 2 for attempt, _ in ended.values()), "the second worker made no second attempt"
    )
    late = first.said("came too late")
    first.send(signal.SIGCONT)
    until(lambda: first.said("came too late") >= late + 2, 60, "the late answers")
    after = {row.pk: (row.attempt, row.finished_at) for row in records.analyses(photos)}
    outcome.demand(after == ended, "a late answer was written")
    outcome.faults += 2
    records.judge(outcome, photos)


def twice(house: House, ward: Ward, size: Size, outcome: Outcome) -> None:
    """Each message comes three times, half of them while the photo is in work at another worker."""
    photos = ward.upload(max(10, size.photos // 5))
    started: set[uuid.UUID] = set()
    for pk in records.analyses(photos).values_list("pk", flat=True):
        for _ in range(2):
            broker.send(publish.ANALYSE, str(pk), queue="analysis")
            outcome.faults += 1
    while records.done(photos) < len(photos):
        running = Analysis.objects.filter(photo_id__in=photos, status=Status.RUNNING).exclude(pk__in=started)
        for pk in running.values_list("pk", flat=True):
            broker.send(publish.ANALYSE, str(pk), queue="analysis")
            started.add(pk)
            outcome.faults += 1
        time.sleep(0.05)
    time.sleep(2 * size.photo + 1)
    records.judge(outcome, photos)
    again = records.analyses(photos).filter(attempt__gt=1).count()
    outcome.demand(not again, f"{again} photos were claimed twice")

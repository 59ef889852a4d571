"""Drill 4: photos that hang native code, take all memory, or crash the process."""

from __future__ import annotations

from inference.jobs.states import Status
from tests.faults import records
from tests.faults.house import House
from tests.faults.records import Outcome, Ward
from tests.faults.sizes import Size

REASONS = {"hang": "timed_out", "memory": "out_of_memory", "crash": "worker_lost"}
MEGABYTES = 256


def run(house: House, ward: Ward, size: Size) -> Outcome:
    """Three tries each, then failed with the reason; the others know nothing of it."""
    outcome = Outcome("4 poison")
    house.beat()
    house.worker(
        "careful",
        seconds=size.photo / 2,
        RISORIUS_ANALYSIS_HARD_LIMIT=str(size.hang_limit),
        RISORIUS_ANALYSIS_MEMORY=str(MEGABYTES),
    )
    photos = ward.upload(size.photos, poisons=REASONS)
    outcome.recovered(records.settle(photos, 4 * size.allowed))
    records.judge(outcome, photos)
    outcome.faults = len(REASONS) * 3
    failed = records.analyses(photos).filter(status=Status.FAILED)
    found = sorted(failed.values_list("error_code", "attempt"))
    expected = sorted((code, 3) for code in REASONS.values())
    outcome.demand(found == expected, f"ended as {found}")
    others = records.analyses(photos).filter(status=Status.SUCCEEDED)
    outcome.demand(
        others.count() == len(photos) - 3, f"{others.count()} of {len(photos) - 3} others succeeded"
    )
    touched = others.filter(attempt__gt=1).count()
    outcome.demand(not touched, f"{touched} others were tried twice")
    return outcome

"""What a worker does with photos beside analysing them."""

from __future__ import annotations

import logging

from clinic.common import broker
from clinic.store.stores import StoreAway
from inference.jobs import worker
from inference.pipeline.errors import PipelineError
from inference.releases import registry

from . import orphans, quick

logger = logging.getLogger(__name__)

SWEEP = "clinic.visits.tasks.sweep"


@broker.task(name=quick.TASK)
def quick_check(name: str) -> None:
    """Look at one photo with the release in use, and keep nothing of it."""
    photo = quick.take(name=name)
    if photo is None:
        return  # nobody waits any more, or the message came twice
    try:
        found = worker.analyser(registry.active().name).analyse(photo).as_dict()
        found.pop("landmarks", None)
    except PipelineError as error:
        found = {"error": error.code}
    except MemoryError:
        found = {"error": "out_of_memory"}
    except Exception:
        logger.exception("A check stopped at an error")
        found = {"error": "internal"}
    quick.answer(name=name, found=found)


@broker.task(name=SWEEP)
def sweep() -> None:
    """Put aside the files that no row names; beat asks each hour."""
    try:
        orphans.sweep()
    except StoreAway as error:
        logger.error("The sweep waits for its next hour: %s", error)

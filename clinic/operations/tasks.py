"""What beat asks of a worker for the installation's own sake."""

from __future__ import annotations

import logging

from clinic.common import broker
from clinic.store.stores import StoreAway

from . import hours
from .fsck import run

logger = logging.getLogger(__name__)

INTEGRITY = "clinic.operations.tasks.integrity"
HOURS = "clinic.operations.tasks.count_hours"


@broker.task(name=INTEGRITY)
def integrity() -> None:
    """Go on with the night's check of files and records, a slice at a time."""
    try:
        run.tick()
    except StoreAway as error:
        logger.error("The check of files waits for its next slice: %s", error)


@broker.task(name=HOURS)
def count_hours() -> None:
    """Count the hours that are over."""
    hours.count()

"""What beat asks of a worker for the patients' sake."""

from __future__ import annotations

from clinic.common import broker

from . import erasure

RETENTION = "clinic.rights.tasks.retention"


@broker.task(name=RETENTION)
def retention() -> None:
    """Destroy the records whose patients asked to be forgotten and whose retention is over."""
    erasure.destroy_due()

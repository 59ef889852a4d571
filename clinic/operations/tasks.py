"""What beat asks of a worker for the installation's own sake."""

from __future__ import annotations

from inference import publish

from .fsck import run

INTEGRITY = "clinic.operations.tasks.integrity"


@publish.task(name=INTEGRITY)
def integrity() -> None:
    """Go on with the night's check of files and records, a slice at a time."""
    run.tick()

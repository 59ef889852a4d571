"""What beat asks of a worker for the log's sake."""

from __future__ import annotations

from clinic.common import broker

from . import chain, heads

SEAL = "clinic.audit.tasks.seal"
HEAD = "clinic.audit.tasks.head"


@broker.task(name=SEAL)
def seal() -> None:
    """Seal what was logged since the last minute, and note numbers that no line has; beat asks."""
    chain.seal_all()
    chain.note_gaps()


@broker.task(name=HEAD)
def head() -> None:
    """Send the head of the log's chain away from this machine; beat asks."""
    heads.publish()

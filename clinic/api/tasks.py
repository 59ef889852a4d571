"""What beat asks of a worker for the API's sake."""

from __future__ import annotations

from clinic.common import broker

from . import repeats


@broker.task(name="clinic.api.tasks.forget_keys")
def forget_keys() -> None:
    """Take the keys of requests that are too old to be repeated out of the database, once a night."""
    repeats.forget_old()

"""Worker and beat touch a file while they do their rounds, so that a container's health check need ask nobody.

A worker that has lost its broker stops touching it: it does no work, whatever its process does.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import signals
from celery.beat import PersistentScheduler


def beat() -> None:
    """Say that this process lives, where RISORIUS_HEARTBEAT names a file."""
    if path := os.environ.get("RISORIUS_HEARTBEAT"):
        Path(path).touch(mode=0o600)


@signals.heartbeat_sent.connect
def worker_lives(**_: Any) -> None:
    """Called by the worker's main process every two seconds while it is connected."""
    beat()


class LivingScheduler(PersistentScheduler):
    """Celery's own; each look at what is due is a sign of life."""

    def tick(self, *args: Any, **options: Any) -> Any:
        beat()
        return super().tick(*args, **options)

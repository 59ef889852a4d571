"""Beat's scheduler: it sends the signs of life itself, and notes when, so that a silent worker shows."""

from __future__ import annotations

from typing import Any

from celery import signals
from django.db import close_old_connections

from inference import services
from inference.jobs import publish

from .heartbeat import LivingScheduler
from .services import beat_seen


class Scheduler(LivingScheduler):
    """A worker that consumes nothing would not send canaries either; beat is another process."""

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **options: Any) -> Any:
        if entry.task != publish.CANARY:
            return super().apply_async(entry, producer=producer, advance=advance, **options)
        close_old_connections()
        try:
            beat_seen()
            queue, priority = entry.args
            services.send_canary(queue=queue, priority=priority)
        finally:
            close_old_connections()
        return None


@signals.beat_init.connect
def look_at_once(**_: Any) -> None:
    """What was lost while the service was down is found at its start, not a minute later."""
    publish.watch_now()

"""The one place that puts messages on a queue, and the one decorator of tasks. Arguments are identifiers only."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from .models import Analysis
from .states import Status

logger = logging.getLogger(__name__)

ANALYSE = "inference.tasks.analyse"
BACKGROUND = "inference.tasks.background"
CANARY = "inference.tasks.canary"
WATCH = "inference.tasks.watch"
PAUSE = 5.0
"""Seconds without another try after a broker kept a request waiting; the watchdog publishes what was left out."""
SLOW = 0.5
LOWEST = 9
"""Redis' last priority of ten; a broker without priorities takes turns."""

_pause_until = 0.0


def task(*, name: str) -> Callable[[Callable[..., Any]], Any]:
    """The decorator of every task: acknowledged late, redelivered when its process dies, limited in time."""
    return shared_task(
        name=name,
        acks_late=True,
        reject_on_worker_lost=True,
        ignore_result=True,
        time_limit=settings.ANALYSIS_HARD_LIMIT,
        Request="inference.worker:JobRequest",
    )


def analysis_on_commit(*, analysis_id: uuid.UUID) -> None:
    """Publish the analysis once the transaction that made it is committed."""
    transaction.on_commit(functools.partial(analysis_now, analysis_id=analysis_id))


def analysis_now(*, analysis_id: uuid.UUID) -> bool:
    """Publish a waiting analysis; False if the broker can't be reached, which never fails the caller."""
    waiting = Analysis.objects.filter(pk=analysis_id, status=Status.QUEUED)
    # Before the message is out: afterwards a quick worker has the row already, and the time would be lost.
    now = timezone.now()
    waiting.update(published_at=now)
    if _send(ANALYSE, str(analysis_id), queue=settings.ANALYSIS_QUEUE):
        return True
    waiting.filter(published_at=now).update(published_at=None)
    return False


def background_now(*, job_id: uuid.UUID) -> bool:
    """Publish a job that nobody waits for, behind everything else in the queue."""
    return _send(BACKGROUND, str(job_id), queue=settings.ANALYSIS_QUEUE, priority=LOWEST)


def watch_now() -> bool:
    """Ask for a round of the watchdog, so that a start does not wait for the next full minute."""
    return _send(WATCH, queue=settings.HOUSEKEEPING_QUEUE, expires=60)


def canary_now(*, queue: str, expires: float) -> bool:
    """Send a sign of life through a queue."""
    return _send(CANARY, queue, queue=queue, expires=expires)


def _send(name: str, *arguments: str, queue: str, **options: Any) -> bool:
    global _pause_until
    if time.monotonic() < _pause_until:
        return False
    started = time.monotonic()
    try:
        # By name, so that the web process never imports the tasks.
        current_app.send_task(name, args=arguments, queue=queue, retry=False, ignore_result=True, **options)
    except Exception as error:  # noqa: BLE001  # whatever ails the broker, the photo is stored
        if time.monotonic() - started > SLOW:
            _pause_until = time.monotonic() + PAUSE
        logger.error("%s was not published: %s", " ".join((name, *arguments)), type(error).__name__)
        return False
    return True

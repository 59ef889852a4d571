"""The one place that puts messages on a queue, and the one decorator of tasks. Arguments are identifiers only."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu import pools

from . import turns
from .models import Analysis
from .states import Status

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

ANALYSE = "inference.tasks.analyse"
BACKGROUND = "inference.tasks.background"
CANARY = "inference.tasks.canary"
WATCH = "inference.tasks.watch"
SEAL = "inference.tasks.seal"
HEAD = "inference.tasks.head"
SWEEP = "inference.tasks.sweep"
QUICK_CHECK = "inference.tasks.quick_check"
PATIENCE = 1.0
"""Seconds that a request waits for the broker at most."""
PAUSE = 10.0
"""Seconds without another try after a broker kept a request waiting; the watchdog publishes what was left out."""
SLOW = 0.3
CANARY_LIVES = 300
"""Seconds. Longer than a long queue takes, and short enough that a night without a worker piles nothing up."""
LOWEST = 9
"""Redis' last priority of ten; a broker without priorities takes turns."""

_pause_until = 0.0
_suspect = False
_probe = threading.Lock()


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

    def publish_it() -> None:
        analysis_now(analysis_id=analysis_id)

    # Robust: what is committed is stored, whatever becomes of its message. (Django names the function where it
    # fails, and a partial has no name.)
    transaction.on_commit(publish_it, robust=True)


def analysis_now(*, analysis_id: uuid.UUID) -> bool:
    """Publish a waiting analysis; False if the broker can't be reached, which never fails the caller."""
    return _publish(Analysis.objects.filter(pk=analysis_id, status=Status.QUEUED))


def analysis_again(*, analysis_id: uuid.UUID, last: dt.datetime | None) -> bool:
    """Publish a waiting analysis whose message was lost, unless somebody did so meanwhile."""
    return _publish(Analysis.objects.filter(pk=analysis_id, status=Status.QUEUED, published_at=last))


def _publish(waiting: QuerySet[Analysis]) -> bool:
    # Before the message is out: afterwards a quick worker has the row already, and the time would be lost.
    now = timezone.now()
    row = waiting.values_list("pk", "photo_id", "published_at", "priority").first()
    if row is None:
        return True
    pk, photo, before, priority = row
    if before is None:
        priority = turns.priority_of(photo_id=photo)
    if not waiting.update(published_at=now, priority=priority):
        return True
    if _send(ANALYSE, str(pk), queue=settings.ANALYSIS_QUEUE, priority=priority):
        return True
    Analysis.objects.filter(pk=pk, status=Status.QUEUED, published_at=now).update(published_at=None)
    return False


def background_now(*, job_id: uuid.UUID) -> bool:
    """Publish a job that nobody waits for, behind everything else in the queue."""
    return _send(BACKGROUND, str(job_id), queue=settings.ANALYSIS_QUEUE, priority=LOWEST)


def quick_check_now(*, name: str) -> bool:
    """Publish a check of which nothing is kept; who asks waits, and not for long."""
    return _send(QUICK_CHECK, name, queue=settings.ANALYSIS_QUEUE, expires=settings.QUICK_CHECK_WAIT)


def watch_now() -> bool:
    """Ask for a round of the watchdog, so that a start does not wait for the next one."""
    return _send(WATCH, queue=settings.HOUSEKEEPING_QUEUE, expires=settings.WATCHDOG_EVERY)


def canary_now(*, queue: str, sent_at: dt.datetime, priority: int = turns.FIRST) -> bool:
    """Send a sign of life through a queue, among the messages of that priority; it tells when it was sent."""
    name = turns.line(queue, priority)
    return _send(CANARY, name, sent_at.isoformat(), queue=queue, priority=priority, expires=CANARY_LIVES)


def _send(name: str, *arguments: str, queue: str, **options: Any) -> bool:
    """One message. A broker that keeps us waiting is left alone for a while, then asked by one thread at a time."""
    global _pause_until, _suspect
    if time.monotonic() < _pause_until:
        return False
    probing = _suspect
    if probing and not _probe.acquire(blocking=False):
        return False
    started = time.monotonic()
    try:
        _hand_over(name, arguments, queue=queue, **options)
        _suspect = False
    except Exception as error:  # noqa: BLE001  # whatever ails the broker, the photo is stored
        if time.monotonic() - started > SLOW:
            _suspect, _pause_until = True, time.monotonic() + PAUSE
        logger.error("%s was not published: %s", " ".join((name, *arguments)), type(error).__name__)
        return False
    finally:
        if probing:
            _probe.release()
    return True


def _hand_over(name: str, arguments: tuple[str, ...], **options: Any) -> None:
    for last in (False, True):
        started = time.monotonic()
        try:
            with _producers(os.getpid()).acquire(block=True, timeout=PATIENCE) as producer:
                # By name, so that the web process never imports the tasks, and without a limit in the message:
                # the worker's own holds, whatever the sender knows of the task.
                current_app.send_task(
                    name,
                    args=arguments,
                    retry=False,
                    ignore_result=True,
                    time_limit=None,
                    producer=producer,
                    **options,
                )
            return
        except Exception:
            # A broker that was started anew drops the old connection at once, and takes a new one.
            if last or time.monotonic() - started > SLOW:
                raise


@functools.cache
def _producers(_process: int) -> Any:
    """Connections for publishing, of this process alone. They give up sooner than a worker's: somebody waits."""
    options: dict[str, Any] = {}
    if settings.CELERY_BROKER_URL.startswith("redis"):
        options = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return pools.producers[current_app.connection_for_write(transport_options=options)]

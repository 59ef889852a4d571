"""What the analyses' rooms put on a queue. Arguments are identifiers only."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clinic.common import broker
from inference.models import Analysis

from . import turns
from .states import Status

if TYPE_CHECKING:
    from django.db.models import QuerySet

ANALYSE = "inference.tasks.analyse"
BACKGROUND = "inference.tasks.background"
CANARY = "inference.tasks.canary"
WATCH = "inference.tasks.watch"
CANARY_LIVES = 300
"""Seconds. Longer than a long queue takes, and short enough that a night without a worker piles nothing up."""


def analysis_on_commit(*, analysis_id: uuid.UUID) -> None:
    """Publish the analysis once the transaction that made it is committed."""

    def publish_it() -> None:
        analysis_now(analysis_id=analysis_id)

    # Robust: what is committed is stored, whatever becomes of its message. (Django names the function where it
    # fails, and a partial has no name.)
    transaction.on_commit(publish_it, robust=True)


def analysis_now(*, analysis_id: uuid.UUID) -> bool:
    """Publish a waiting analysis; False if the broker can't be reached, which never fails the caller."""
    return _publish(Analysis.everything.filter(pk=analysis_id, status=Status.QUEUED))


def analysis_again(*, analysis_id: uuid.UUID, last: dt.datetime | None) -> bool:
    """Publish a waiting analysis whose message was lost, unless somebody did so meanwhile."""
    return _publish(Analysis.everything.filter(pk=analysis_id, status=Status.QUEUED, published_at=last))


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
    if broker.send(ANALYSE, str(pk), queue=settings.ANALYSIS_QUEUE, priority=priority):
        return True
    Analysis.everything.filter(pk=pk, status=Status.QUEUED, published_at=now).update(published_at=None)
    return False


def background_now(*, job_id: uuid.UUID) -> bool:
    """Publish a job that nobody waits for, behind everything else in the queue."""
    return broker.send(BACKGROUND, str(job_id), queue=settings.ANALYSIS_QUEUE, priority=broker.LOWEST)


def watch_now() -> bool:
    """Ask for a round of the watchdog, so that a start does not wait for the next one."""
    return broker.send(WATCH, queue=settings.HOUSEKEEPING_QUEUE, expires=settings.WATCHDOG_EVERY)


def canary_now(*, queue: str, sent_at: dt.datetime, priority: int = turns.FIRST) -> bool:
    """Send a sign of life through a queue, among the messages of that priority; it tells when it was sent."""
    name = turns.line(queue, priority)
    return broker.send(
        CANARY, name, sent_at.isoformat(), queue=queue, priority=priority, expires=CANARY_LIVES
    )

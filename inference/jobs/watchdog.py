"""Brings back what a killed worker, a flushed broker or a failed publish left behind."""

from __future__ import annotations

import datetime as dt
import logging

from django.db.models import Q
from django.utils import timezone

from clinic.common.summaries import summaries
from inference import selectors, services
from inference.models import Analysis

from . import background, publish, turns
from .states import Status

logger = logging.getLogger(__name__)

SLACK = dt.timedelta(seconds=3)
"""A message may reach the broker this much later than its row says."""
LOST_AFTER = dt.timedelta(minutes=15)
"""For a broker that does not keep the order, or a queue so long that no canary comes through."""
COUNTING = 3.0
"""Seconds a round for counting what is older than the counts, and for keeping courses, after an upgrade."""
AT_ONCE = 2000
"""Most rows a round; the next one takes the rest."""


def run() -> None:
    """One round."""
    expired, missed = requeue_expired(), republish_waiting()
    expired += background.watch()
    summaries().catch_up(seconds=COUNTING)
    if expired or missed:
        logger.warning("Watchdog: %s expired leases, %s messages published again", expired, missed)


def requeue_expired() -> int:
    """Take running analyses whose lease is over from their worker; how many there were."""
    expired = Analysis.everything.filter(status=Status.RUNNING, lease_until__lt=timezone.now())
    taken = 0
    for pk, attempt in expired.values_list("pk", "attempt")[:AT_ONCE]:
        taken += services.requeue(analysis_id=pk, attempt=attempt, code="worker_lost") is not None
    return taken


def republish_waiting() -> int:
    """Publish again what never reached the broker, or what the broker must have lost.

    A queue keeps its order among messages of one priority. Once a canary of that priority has come out of it, every
    such message that was put there before has come out too; a photo of before that still waits has no message any
    more, however long the queue is.
    """
    now = timezone.now()
    lost = Q(published_at__lt=now - LOST_AFTER) | turns.overtaken(SLACK)
    waiting = Analysis.everything.filter(status=Status.QUEUED).filter(
        Q(published_at__isnull=True, queued_at__lt=now - selectors.UNPUBLISHED_AFTER) | lost
    )
    published = 0
    for pk, last in waiting.order_by("queued_at").values_list("pk", "published_at")[:AT_ONCE]:
        if not publish.analysis_again(analysis_id=pk, last=last):
            break
        published += 1
    return published

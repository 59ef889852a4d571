"""Brings back what a killed worker, a flushed broker or a failed publish left behind."""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from . import background, publish, services
from .models import Analysis
from .states import Status

logger = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between two rounds."""
UNPUBLISHED_AFTER = dt.timedelta(seconds=10)
BUSY = dt.timedelta(minutes=1)
LOST_AFTER_WHILE_BUSY = dt.timedelta(minutes=15)
AT_ONCE = 500
"""Most rows a round; the next one takes the rest."""


def run() -> None:
    """One round."""
    expired, missed = requeue_expired(), republish_waiting()
    expired += background.watch()
    if expired or missed:
        logger.warning("Watchdog: %s expired leases, %s messages published again", expired, missed)
    for queue in (settings.ANALYSIS_QUEUE, settings.HOUSEKEEPING_QUEUE):
        if publish.canary_now(queue=queue, expires=EVERY):
            services.canary_sent(queue=queue)


def requeue_expired() -> int:
    """Take running analyses whose lease is over from their worker; how many there were."""
    expired = Analysis.objects.filter(status=Status.RUNNING, lease_until__lt=timezone.now())
    taken = 0
    for pk, attempt in expired.values_list("pk", "attempt")[:AT_ONCE]:
        taken += services.requeue(analysis_id=pk, attempt=attempt, code="worker_lost") is not None
    return taken


def republish_waiting() -> int:
    """Publish again what never reached the broker, or waits so long that the broker must have lost it."""
    now = timezone.now()
    # While photos are being taken off the queue, a long wait only means a long queue.
    busy = Analysis.objects.filter(started_at__gt=now - BUSY).exists()
    patience = LOST_AFTER_WHILE_BUSY if busy else dt.timedelta(seconds=settings.ANALYSIS_STALE_AFTER)
    waiting = Analysis.objects.filter(status=Status.QUEUED).filter(
        Q(published_at__isnull=True, queued_at__lt=now - UNPUBLISHED_AFTER)
        | Q(published_at__lt=now - patience)
    )
    published = 0
    for pk in waiting.order_by("queued_at").values_list("pk", flat=True)[:AT_ONCE]:
        if not publish.analysis_now(analysis_id=pk):
            break
        published += 1
    return published

"""The work that no patient waits for: a shadow release beside the one in use, and releases sent over old photos.

Its jobs lie in a table of their own, and only a few at a time are handed to the broker, at its lowest priority: a
photo that is uploaded meanwhile waits for those few at most, however many thousand jobs there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from inference.models import BackgroundAnalysis, Purpose
from inference.releases import registry

from . import job as jobs
from . import publish
from .states import OPEN, Status

if TYPE_CHECKING:
    from clinic.visits.models import Photo

AT_ONCE = 8
"""Jobs in the broker or in work at any time: enough that no child of a worker runs dry."""


def add_shadow(*, photo: Photo) -> None:
    """Queue the photo for the shadow release too, if there is one, in the caller's transaction."""
    if name := registry.shadow_name():
        _, created = BackgroundAnalysis.objects.get_or_create(
            photo=photo, release=name, purpose=Purpose.SHADOW
        )
        if created:
            transaction.on_commit(feed, robust=True)


def add_unseen(*, photo: Photo) -> None:
    """Queue the photo of a clinic whose model runs unseen: the release in use and its shadow look at it alike."""
    active = registry.active()
    if not active.usable:
        return
    _, created = BackgroundAnalysis.objects.get_or_create(
        photo=photo, release=active.name, purpose=Purpose.SHADOW
    )
    if created:
        transaction.on_commit(feed, robust=True)
    add_shadow(photo=photo)


def cancel_of_clinic(*, clinic_id: uuid.UUID) -> int:
    """Take a clinic's waiting jobs off the queue; how many there were."""
    return cancel(photo__visit__patient__clinic_id=clinic_id)


def add(*, photo_ids: Iterable[uuid.UUID], release: str, purpose: str) -> None:
    """Queue old photos; those that have such a job already keep it."""
    made = [BackgroundAnalysis(photo_id=pk, release=release, purpose=purpose) for pk in photo_ids]
    with transaction.atomic():
        BackgroundAnalysis.objects.bulk_create(made, ignore_conflicts=True)
        transaction.on_commit(feed)


def cancel_of(*, release: str) -> int:
    """Take a release's waiting jobs off the queue; how many there were."""
    return cancel(release=release)


def cancel_of_patient(*, patient_id: uuid.UUID) -> int:
    """Take a patient's waiting jobs off the queue; how many there were."""
    return cancel(photo__visit__patient_id=patient_id)


def cancel(**which: Any) -> int:
    return jobs.move(BackgroundAnalysis.objects.filter(**which), Status.CANCELLED)


def feed() -> int:
    """Hand the broker the next jobs in turn, as many as may be on their way; how many that were."""
    rows = BackgroundAnalysis.objects.order_by("queued_at", "pk")
    waiting = rows.filter(status=Status.QUEUED, published_at__isnull=True)
    on_the_way = rows.filter(
        Q(status=Status.RUNNING) | Q(status=Status.QUEUED, published_at__isnull=False)
    ).count()
    handed = 0
    for pk in list(waiting.values_list("pk", flat=True)[: max(0, AT_ONCE - on_the_way)]):
        # Before the message is out, and only once: other processes feed too.
        if not waiting.filter(pk=pk).update(published_at=timezone.now()):
            continue
        if not publish.background_now(job_id=pk):
            rows.filter(pk=pk, status=Status.QUEUED).update(published_at=None)
            break
        handed += 1
    return handed


def open_jobs(*, release: str, purpose: str) -> QuerySet[BackgroundAnalysis]:
    """The release's jobs that are not done."""
    return BackgroundAnalysis.objects.filter(release=release, purpose=purpose, status__in=OPEN)

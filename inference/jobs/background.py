"""The jobs of the backlog in a worker's hands: how one is started, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic.accounts.models import ModelUse, uses_model
from clinic.common.summaries import summaries
from clinic.patients.models import FINDINGS_SHOWN, ConsentUse
from clinic.patients.uses import for_record, in_force
from inference import results, services, withholding
from inference.models import Analysis, BackgroundAnalysis, Purpose

from . import backlog
from . import job as jobs
from .job import Claim, Waiting
from .states import Status

if TYPE_CHECKING:
    from inference.pipeline.findings import Findings

logger = logging.getLogger(__name__)

LOST_AFTER = dt.timedelta(minutes=15)
"""A published job that was not started by then is published again; photos of patients may have been first."""


def watch() -> int:
    """Bring back lost jobs and hand out waiting ones; how many were lost."""
    now = timezone.now()
    lost = 0
    expired = BackgroundAnalysis.objects.filter(status=Status.RUNNING, lease_until__lt=now)
    for pk, attempt in list(expired.values_list("pk", "attempt")):
        lost += requeue(analysis_id=pk, attempt=attempt, code="worker_lost") is not None
    BackgroundAnalysis.objects.filter(status=Status.QUEUED, published_at__lt=now - LOST_AFTER).update(
        published_at=None
    )
    backlog.feed()
    return lost


def waiting(*, analysis_id: uuid.UUID) -> Waiting | None:
    """What a worker needs to know of a job that waits; None if it is not waiting any more."""
    allowed = Exists(usable(BackgroundAnalysis.objects.filter(pk=OuterRef("pk"))))
    query = jobs.query_of(rows=BackgroundAnalysis.objects.filter(pk=analysis_id), allowed=allowed)
    return jobs.read_waiting(rows=list(query), analysis_id=analysis_id)


def start(*, job: Waiting, release: str | None = None) -> Claim | None:
    """Start an attempt; None if the job is not waiting any more, or its photo may not be used any more."""
    if not job.allowed:
        backlog.cancel(pk=job.next.analysis_id)
        return None
    return jobs.begin(rows=BackgroundAnalysis.objects, job=job)


def claim(*, analysis_id: uuid.UUID) -> Claim | None:
    """Look and start at once, for a release that judges each face by itself."""
    job = waiting(analysis_id=analysis_id)
    return None if job is None else start(job=job.alone)


def usable(rows: QuerySet[BackgroundAnalysis]) -> QuerySet[BackgroundAnalysis]:
    """Those whose photo is still on record, not restricted and, for a reanalysis, still covered by consent; whose
    episode's red flags allow it, and whose clinic lets the model do that."""
    patient = "photo__visit__patient"
    rows = rows.filter(photo__archived_at__isnull=True, photo__visit__archived_at__isnull=True)
    clinic = f"{patient}__clinic__"
    unseen = Q(purpose=Purpose.SHADOW) & uses_model(clinic, ModelUse.IN_USE, ModelUse.SHADOW)
    shown = uses_model(clinic, ModelUse.IN_USE) & Q(in_force(patient, ConsentUse.RECORD))
    rows = rows.filter(photo__visit__episode__red_flags__in=FINDINGS_SHOWN)
    return rows.filter(for_record(patient)).filter(unseen | shown)


def finish(*, claim: Claim, findings: Findings) -> bool:
    """Keep what was found: a shadow's in its job, a reanalysis' as a result of its own beside the old ones."""
    kept = results.without_landmarks(findings=findings)
    with transaction.atomic():
        job = BackgroundAnalysis.objects.select_for_update().get(pk=claim.analysis_id)
        is_shadow = job.purpose == Purpose.SHADOW
        if not _close(claim, Status.SUCCEEDED, findings=kept if is_shadow else None):
            return False
        if is_shadow:
            _recount(claim)
            return True
        # A photo that got a result of this release meanwhile, or waits for one, keeps that one.
        own = Analysis.everything.filter(photo_id=claim.photo_id, release=job.release)
        if not own.exclude(status=Status.CANCELLED).exists():
            made = Analysis.everything.create(
                photo_id=claim.photo_id,
                release=job.release,
                reference_id=claim.reference_id,
                status=Status.SUCCEEDED,
                attempt=claim.attempt,
                queued_at=job.queued_at,
                published_at=job.published_at,
                started_at=job.started_at,
                finished_at=timezone.now(),
                **results.result_columns(findings=findings),
            )
            # The answers may have become others while the release looked.
            withholding.follow_red_flags(visits=[made.photo.visit_id])
            services.tell_made(photo_id=claim.photo_id, release=job.release)
            results.log_result(stored=results.as_stored(analysis_id=made.pk))
    services.refresh_summary_of(patient_id=claim.patient_id)
    return True


def reject(*, claim: Claim, findings: Findings) -> bool:
    """Keep that the release could not judge the photo; an old photo's earlier result stays the newest."""
    return _close_counted(claim, Status.REJECTED, findings.reason or "")


def fail(*, claim: Claim, code: str) -> bool:
    """Keep that the job failed for good."""
    return _close_counted(claim, Status.FAILED, code)


def requeue(*, analysis_id: uuid.UUID, attempt: int, code: str, republish: bool = True) -> str | None:
    """Give up an attempt: back to the queue, or failed once the attempts are used up."""
    return jobs.give_up(
        rows=BackgroundAnalysis.objects,
        analysis_id=analysis_id,
        attempt=attempt,
        most=settings.ANALYSIS_MAX_ATTEMPTS,
        code=code,
        republish=republish,
    )


def abandon(*, analysis_id: uuid.UUID, holder: str, code: str, republish: bool) -> str | None:
    """That process died or was stopped at this job: give up its attempt, and nobody else's."""
    attempt = jobs.held_attempt(rows=BackgroundAnalysis.objects, analysis_id=analysis_id, holder=holder)
    if attempt is None:
        return None
    moved = requeue(analysis_id=analysis_id, attempt=attempt, code=code, republish=republish)
    backlog.feed()
    return moved


def _close_counted(claim: Claim, status: str, code: str) -> bool:
    with transaction.atomic():
        closed = _close(claim, status, error_code=code)
        if closed:
            _recount(claim)
    return closed


def _recount(claim: Claim) -> None:
    """Count the photo's visit anew, in the transaction that wrote its result."""
    visits = BackgroundAnalysis.objects.values_list("photo__visit_id", flat=True)
    visit_id = visits.get(pk=claim.analysis_id)
    summaries().recount(patient_id=claim.patient_id, visit_ids=[visit_id])


def _close(claim: Claim, to: str, **values: Any) -> bool:
    return jobs.close(rows=BackgroundAnalysis.objects, claim=claim, to=to, **values)

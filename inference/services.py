"""Every change of an analysis. Short transactions, conditional on the state found, so that a killed,
doubled or late worker can do no harm."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models import BooleanField, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, UUIDField
from django.utils import timezone

from clinic.accounts.models import ModelUse, uses_model
from clinic.common.compiled import CompiledQuery
from clinic.common.summaries import summaries
from clinic.feed import services as feed
from clinic.feed.models import What
from clinic.patients.models import FINDINGS_SHOWN
from clinic.patients.uses import for_record
from inference.pipeline.codes import untaught

from . import references
from .jobs import backlog, publish, turns
from .jobs import job as jobs
from .jobs.job import Claim, Waiting
from .jobs.states import RESULTS, Status
from .models import Analysis, Canary
from .photos import photos
from .releases import registry
from .results import (
    RESULT_COLUMNS,
    Stored,
    as_stored,
    log_asked,
    log_result,
    result_columns,
    without_landmarks,
)

if TYPE_CHECKING:
    from clinic.visits.models import Photo
    from inference.pipeline.findings import Findings

logger = logging.getLogger(__name__)

SUMMARY_EVERY = dt.timedelta(seconds=2)


def queue_analysis(*, photo: Photo) -> Analysis | None:
    """Queue the photo for the active release, in the caller's transaction; a second call is harmless.

    None where there is no result that a page could show: the red flags of its episode weren't answered or point to a
    stroke, the clinic uses no model, or has it run unseen.
    """
    if not photo.visit.episode.shows_findings:
        return None
    use = photo.visit.patient.clinic.effective_model_use
    if use != ModelUse.IN_USE:
        if use == ModelUse.SHADOW:
            backlog.add_unseen(photo=photo)
        return None
    release = registry.active().name
    with transaction.atomic():
        analysis, created = Analysis.everything.filter(photo=photo, release=release).first(), False
        if analysis is None:
            analysis, created = Analysis.everything.get_or_create(
                photo=photo, release=release, status=Status.QUEUED
            )
        if created:
            _tell(What.CREATED, pk=analysis.pk)
            publish.analysis_on_commit(analysis_id=analysis.pk)
            backlog.add_shadow(photo=photo)
        elif analysis.status == Status.CANCELLED:
            _back_to_queue(analysis)
    return analysis


def retry(*, analysis: Analysis) -> Analysis:
    """Queue a failed analysis once more because somebody asked for it; others stay as they are, and so does every
    one of a clinic that uses no model."""
    if not analysis.photo.visit.patient.clinic.shows_results:
        return analysis
    with transaction.atomic():
        if _back_to_queue(analysis):
            log_asked(analysis=analysis)
    analysis.refresh_from_db()
    return analysis


def ask(*, photo: Photo) -> None:
    """Queue a photo that has no analysis, or one that was taken off the queue, because somebody asked for it."""
    with transaction.atomic():
        analysis = queue_analysis(photo=photo)
        if analysis is not None:
            log_asked(analysis=analysis)


def cancel(*, photo: Photo) -> int:
    """Take an archived photo's waiting analyses off the queue; how many there were."""
    with transaction.atomic():
        return cancel_waiting(analyses=Analysis.everything.filter(photo=photo))


def cancel_waiting(*, analyses: models.QuerySet[Analysis]) -> int:
    """Take those of these that wait off the queue, in the caller's transaction; how many there were."""
    waiting = analyses.filter(status=Status.QUEUED)
    ids = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
    cancelled = jobs.move(waiting.filter(pk__in=ids), Status.CANCELLED)
    _tell(What.CHANGED, pk__in=ids)
    return cancelled


def tell_made(*, photo_id: uuid.UUID, release: str) -> None:
    """Tell the feed that the photo has a result of that release, in the caller's transaction."""
    _tell(What.CREATED, photo_id=photo_id, release=release)


def tell_changed(*, ids: Collection[uuid.UUID]) -> None:
    """Tell the feed that whoever keeps a copy of these has to ask anew, in the caller's transaction."""
    _tell(What.CHANGED, pk__in=ids)


def _tell(what: str, **which: Any) -> None:
    """Tell the feed of these analyses, in the caller's transaction."""
    patient = "photo__visit__patient"
    found = Analysis.everything.filter(**which).order_by("pk")
    rows = list(found.values_list("pk", "photo_id", f"{patient}_id", f"{patient}__clinic_id"))
    feed.note_analyses(rows=rows, what=what)
    if rows:
        summaries().outdate(photos={photo for _, photo, *_ in rows})


def _waiting(*, pk: uuid.UUID) -> Any:
    in_use = uses_model("photo__visit__patient__clinic__", ModelUse.IN_USE)
    shown = Q(photo__visit__episode__red_flags__in=FINDINGS_SHOWN)
    may = in_use & shown & for_record("photo__visit__patient")
    allowed = ExpressionWrapper(may, output_field=BooleanField())
    return jobs.query_of(rows=Analysis.everything.filter(pk=pk), allowed=allowed)


_WAITING = CompiledQuery(_waiting, settings=("MODEL_USE", "REQUIRE_RECORD_CONSENT"), pk=UUIDField())


def waiting(*, analysis_id: uuid.UUID) -> Waiting | None:
    """What a worker needs to know of an analysis that waits; None if it is not waiting any more."""
    return jobs.read_waiting(rows=_WAITING(pk=analysis_id), analysis_id=analysis_id)


def start(*, job: Waiting, release: str | None = None) -> Claim | None:
    """Start an attempt with the worker's release; None if the analysis is not waiting any more, or may not be made:
    the record was restricted, its consent taken back, its red flags answered otherwise, or the model switched off,
    while the photo waited."""
    pk = job.next.analysis_id
    if not job.allowed:
        with transaction.atomic():
            cancel_waiting(analyses=Analysis.everything.filter(pk=pk))
        return None
    if release and release != job.release and not _use_release(pk, release):
        return None
    rows = Analysis.everything.filter(release=release) if release else Analysis.everything
    return jobs.begin(rows=rows, job=job)


def claim(*, analysis_id: uuid.UUID, release: str | None = None) -> Claim | None:
    """Look and start at once, for a release that judges each face by itself."""
    job = waiting(analysis_id=analysis_id)
    return None if job is None else start(job=job.alone, release=release)


def finish(*, claim: Claim, findings: Findings) -> bool:
    """Write the findings of a photo that could be judged; False if the attempt was no longer this worker's. If another
    face at rest came meanwhile, the photo is queued once more."""
    columns = result_columns(findings=findings) | {"reference_id": claim.reference_id}
    result = _close(claim, Status.SUCCEEDED, **columns)
    if result is None:
        return False
    if untaught(result.exercise) != untaught(claim.exercise):
        _look_again(claim, findings.release)
        return True
    active = registry.active()
    if (
        result.wanted_reference != claim.reference_id
        and active.uses_reference
        and findings.release == active.name
    ):
        asked = photos().select_related("visit__patient__clinic")
        with transaction.atomic():
            judge_if_outdated(photo=asked.get(pk=claim.photo_id), release=findings.release)
    return True


def _look_again(claim: Claim, release: str) -> None:
    """The photo was filed otherwise while a worker had it."""
    asked = photos().select_related("visit__patient__clinic")
    with transaction.atomic():
        look_again_if_refiled(photo=asked.get(pk=claim.photo_id), release=release)


def look_again_if_refiled(*, photo: Photo, release: str) -> bool:
    """Queue the photo once more if that release looked at it as at another kind of view; whether it did."""
    if not references.looked_at_as_another(photo=photo, release=release):
        return False
    _queue_anew(photo, release)
    return True


def judge_if_outdated(*, photo: Photo, release: str) -> bool:
    """Queue the photo once more if that release judged it beside another one than it would be now; whether it was."""
    if not references.outdated(photo=photo, release=release):
        return False
    _queue_anew(photo, release)
    return True


def _queue_anew(photo: Photo, release: str) -> None:
    analysis = Analysis.everything.create(photo=photo, release=release)
    _tell(What.CREATED, pk=analysis.pk)
    publish.analysis_on_commit(analysis_id=analysis.pk)


def reject(*, claim: Claim, findings: Findings) -> bool:
    """Write that the photo can't be judged, and why; False if the attempt was no longer this worker's."""
    written = _close(
        claim,
        Status.REJECTED,
        error_code=findings.reason,
        findings=without_landmarks(findings=findings),
        landmarks=findings.landmarks or None,
    )
    if written is not None and untaught(written.exercise) != untaught(claim.exercise):
        _look_again(claim, findings.release)
    return written is not None


def fail(*, claim: Claim, code: str) -> bool:
    """Write that the analysis failed for good; False if the attempt was no longer this worker's."""
    return _close(claim, Status.FAILED, error_code=code) is not None


UNCOUNTED = frozenset({"store_away"})


def requeue(*, analysis_id: uuid.UUID, attempt: int, code: str, republish: bool = True) -> str | None:
    """Give up an attempt: back to the queue, or failed with that code once the attempts are used up.

    Answers the new state, or None if the attempt was over already. Without `republish` the caller
    knows that the broker delivers the message again.

    What is no fault of the photo's uses none of them up: while the store of photos is away, all wait for it.
    """
    most = F("tries_from") + settings.ANALYSIS_MAX_ATTEMPTS
    with transaction.atomic():
        if code in UNCOUNTED:
            running = Analysis.everything.filter(pk=analysis_id, status=Status.RUNNING, attempt=attempt)
            running.update(tries_from=F("attempt"))
        moved = jobs.give_up(
            rows=Analysis.everything,
            analysis_id=analysis_id,
            attempt=attempt,
            most=most,
            code=code,
            republish=republish,
        )
        if moved == Status.QUEUED and republish:
            publish.analysis_on_commit(analysis_id=analysis_id)
        elif moved == Status.FAILED:
            _tell(What.CHANGED, pk=analysis_id)
    if moved == Status.FAILED:
        patients = Analysis.everything.values_list("photo__visit__patient_id", flat=True)
        refresh_summary_of(patient_id=patients.get(pk=analysis_id))
    return moved


def abandon(*, analysis_id: uuid.UUID, holder: str, code: str, republish: bool) -> str | None:
    """That process died or was stopped at this analysis: give up its attempt, and nobody else's."""
    attempt = jobs.held_attempt(rows=Analysis.everything, analysis_id=analysis_id, holder=holder)
    if attempt is None:
        return None
    return requeue(analysis_id=analysis_id, attempt=attempt, code=code, republish=republish)


def send_canary(*, queue: str, priority: int = turns.FIRST) -> bool:
    """Note that a sign of life goes into the queue, and send it; a broker that is away counts as no answer."""
    now = timezone.now()
    try:
        canary_sent(queue=turns.line(queue, priority), at=now)
    except DatabaseError as error:
        logger.error("The canary of %s was not noted: %s", queue, type(error).__name__)
    return publish.canary_now(queue=queue, sent_at=now, priority=priority)


def canary_sent(*, queue: str, at: dt.datetime | None = None) -> None:
    """Note that a sign of life went into the queue; the time of the oldest unanswered one is kept."""
    now = at or timezone.now()
    canary, created = Canary.objects.get_or_create(queue=queue, defaults={"sent_at": now})
    if not created and (canary.sent_at is None or (canary.seen_at and canary.seen_at >= canary.sent_at)):
        Canary.objects.filter(queue=queue).update(sent_at=now)


def canary_seen(*, queue: str, sent_at: dt.datetime | None = None) -> None:
    """Note that a sign of life came out of the queue, and with it whatever had been put there before."""
    Canary.objects.update_or_create(queue=queue, defaults={"seen_at": timezone.now()})
    if sent_at is not None:
        behind = Q(passed_at__isnull=True) | Q(passed_at__lt=sent_at)
        Canary.objects.filter(behind, queue=queue).update(passed_at=sent_at)


def _back_to_queue(analysis: Analysis) -> bool:
    """The attempts so far no longer count towards the limit, but their numbers are never used again:
    a worker that is still busy with an old one must not match a new one. Whether it was moved."""
    moved = jobs.move(
        Analysis.everything.filter(pk=analysis.pk).exclude(status=Status.RUNNING),
        Status.QUEUED,
        tries_from=F("attempt"),
        queued_at=timezone.now(),
        published_at=None,
        started_at=None,
        finished_at=None,
        error_code="",
        **RESULT_COLUMNS,
    )
    if moved:
        visit = analysis.photo.visit
        summaries().recount(patient_id=visit.patient_id, visit_ids=[visit.pk])
        _tell(What.CHANGED, pk=analysis.pk)
        publish.analysis_on_commit(analysis_id=analysis.pk)
    return bool(moved)


def _use_release(analysis_id: uuid.UUID, release: str) -> bool:
    """Let a waiting analysis, queued under another release, be the worker's; cancel it if that one has its own."""
    waiting = Analysis.everything.filter(pk=analysis_id, status=Status.QUEUED)
    own = Analysis.everything.filter(photo=OuterRef("photo"), release=release)
    try:
        with transaction.atomic():
            moved = waiting.exclude(release=release).filter(~Exists(own)).update(release=release)
    except IntegrityError:
        moved = 0
    if not moved:
        with transaction.atomic():
            cancel_waiting(analyses=waiting.exclude(release=release))
    return bool(moved)


def _close(claim: Claim, status: str, **values: Any) -> Stored | None:
    """One write, and only if the attempt is still the claim's; answers how it is stored then."""
    stored = None
    with transaction.atomic():
        if jobs.close(rows=Analysis.everything, claim=claim, to=status, **values):
            stored = as_stored(analysis_id=claim.analysis_id)
            told = (claim.analysis_id, claim.photo_id, stored.patient_id, stored.clinic_id)
            feed.note_analyses(rows=[told], what=What.CHANGED)
            summaries().outdate(visits=[stored.visit_id])
            if status in RESULTS:
                log_result(stored=stored)
    if stored is None:
        logger.warning("Analysis %s: attempt %s came too late", claim.analysis_id, claim.attempt)
        return None
    refresh_summary_of(patient_id=stored.patient_id)
    return stored


def _in_work(*, patient: uuid.UUID, since: dt.datetime) -> Any:
    of_patient = Analysis.everything.open().filter(photo__visit__patient_id=patient)
    fresh = of_patient.filter(photo__visit__patient__summary__updated_at__gt=since)
    return fresh.order_by().values_list("pk")[:1]


_IN_WORK = CompiledQuery(_in_work, patient=UUIDField(), since=DateTimeField())


def refresh_summary_of(*, patient_id: uuid.UUID) -> None:
    """The lists' figures are derived: a fault in them must not cost the result that is written already."""
    # While more of the patient's photos are in work, once in a while is enough: the last one always does it.
    if _IN_WORK(patient=patient_id, since=timezone.now() - SUMMARY_EVERY):
        return
    try:
        # Whatever changed was outdated as it did.
        summaries().refresh(patient_id=patient_id, visits=())
    except Exception:
        logger.exception("The summary of patient %s was not refreshed", patient_id)

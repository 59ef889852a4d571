"""The stages that read the database: states that can't be, summaries, releases, the log's chain, the tables."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from clinic.accounts.models import Clinic
from clinic.audit.alterations import altered
from clinic.operations import thresholds
from clinic.operations.models import IntegrityCheck
from clinic.patients.models import Erasure, Patient
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary, VisitSummary
from clinic.recovery.services import BOOKKEEPING, STANDING, refresh_summary
from clinic.validation import tallies
from clinic.visits.models import Confirmation, Photo, Visit
from inference.errors import BY_CODE
from inference.jobs.states import FINAL, Status
from inference.models import Analysis, BackgroundAnalysis, ModelRelease, ReleaseState, VisitTally
from inference.pipeline.errors import PipelineError
from inference.releases import registry

from .batch import END, Batch, next_of
from .files import erased

MOST = 1000
"""Findings of one kind that are named one by one."""
PATIENTS_AT_ONCE = 25
TABLES: tuple[Any, ...] = (Analysis, BackgroundAnalysis)
Look = Callable[[], list[QuerySet[Any]]]


def _both(*conditions: Q, **more: Any) -> list[QuerySet[Any]]:
    return [table.objects.filter(*conditions, **more) for table in TABLES]


def _overdue() -> list[QuerySet[Any]]:
    late = timezone.now() - dt.timedelta(seconds=thresholds.OVERDUE_LEASE)
    return _both(status=Status.RUNNING, lease_until__lt=late)


def _waiting() -> list[QuerySet[Any]]:
    # Old photos that are sent to another release wait for days by design; a patient's photo does not.
    return [
        Analysis.everything.filter(status=Status.QUEUED, queued_at__lt=timezone.now() - dt.timedelta(days=1))
    ]


def _reasons() -> list[QuerySet[Any]]:
    return _both(~Q(error_code="") & ~Q(error_code__in=list(BY_CODE)))


def _attempts() -> list[QuerySet[Any]]:
    most = settings.ANALYSIS_MAX_ATTEMPTS
    return [
        Analysis.everything.filter(Q(tries_from__gt=F("attempt")) | Q(attempt__gt=F("tries_from") + most))
    ]


def _archived() -> list[QuerySet[Any]]:
    return [Analysis.everything.filter(status=Status.QUEUED, photo__archived_at__isnull=False)]


def _never_queued() -> list[QuerySet[Any]]:
    old = timezone.now() - dt.timedelta(hours=1)
    own = Analysis.everything.filter(photo=OuterRef("pk"))
    found = Photo.objects.current().filter(~Exists(own), created_at__lt=old)
    found = found.exclude(visit__patient__in=Erasure.objects.values("patient"))
    return [found.filter(visit__patient__archived_at__isnull=True)]


LOOKS: tuple[tuple[str, Look], ...] = (
    (
        "running_without_lease",
        lambda: _both(Q(lease_until__isnull=True) | Q(attempt=0), status=Status.RUNNING),
    ),
    ("lease_overdue", _overdue),
    ("waiting_for_days", _waiting),
    (
        "succeeded_without_findings",
        lambda: [
            Analysis.everything.filter(status=Status.SUCCEEDED).filter(
                Q(findings__isnull=True)
                # Of a view that networks were not taught there is neither.
                | Q(palsy_probability__isnull=True) & ~Q(exercise="")
                | Q(finished_at__isnull=True)
            )
        ],
    ),
    (
        "ended_without_reason",
        lambda: _both(
            Q(error_code="") | Q(finished_at__isnull=True), status__in=[Status.REJECTED, Status.FAILED]
        ),
    ),
    ("reason_unknown", _reasons),
    (
        "numbers_without_success",
        lambda: [
            Analysis.everything.exclude(status=Status.SUCCEEDED).filter(
                Q(palsy_probability__isnull=False) | Q(grade__isnull=False)
            )
        ],
    ),
    ("ended_before_it_began", lambda: _both(status__in=list(FINAL), finished_at__lt=F("started_at"))),
    ("attempts_disorderly", _attempts),
    ("open_of_archived", _archived),
    ("photo_without_analysis", _never_queued),
    (
        "confirmation_without_result",
        lambda: [Confirmation.objects.exclude(analysis__status=Status.SUCCEEDED)],
    ),
    (
        "confirmation_of_another_photo",
        lambda: [Confirmation.objects.exclude(photo_id=F("analysis__photo_id"))],
    ),
    ("visit_of_another_patient", lambda: [Visit.objects.exclude(patient_id=F("episode__patient_id"))]),
)


def states(check: IntegrityCheck, cursor: str) -> Batch:
    """The next question to the database, over all rows at once."""
    number = int(cursor or 0)
    code, look = LOOKS[number]
    batch = Batch(str(number + 1) if number + 1 < len(LOOKS) else END)
    for rows in look():
        for pk in rows.order_by().values_list("pk", flat=True)[:MOST]:
            batch.add(code, pk)
    if number == 0:
        batch.records = sum(table.objects.count() for table in (*TABLES, Confirmation, Visit))
    return batch


def summaries(check: IntegrityCheck, cursor: str) -> Batch:
    """The next patients: the lists' figures are what the records give."""
    batch, wanted = next_of(check, cursor, Patient.objects.all(), most=PATIENTS_AT_ONCE)
    for pk in wanted:
        batch.records += 1
        if not summary_agrees(pk):
            batch.add("summary_of_altered" if altered(patient_id=pk) else "summary_differs", pk)
    return batch


def summary_agrees(patient_id: uuid.UUID) -> bool:
    """Whether a summary made anew is the one on record; what is made here is taken back."""
    with transaction.atomic():
        try:
            kept = PatientSummary.objects.select_for_update().filter(patient_id=patient_id)
            before = cast("dict[str, Any] | None", kept.values().first())
            # A patient without one has it made at the first visit.
            if before is None:
                return erased(patient_id) or not Visit.objects.filter(patient_id=patient_id).exists()
            counts = _counts(patient_id)
            refresh_summary(patient_id=patient_id, afresh=True)
            after = cast("dict[str, Any]", kept.values().get())
            agrees = all(before[name] == after[name] for name in before if name not in _untold(before))
            return (agrees and (not before["counted"] or counts == _counts(patient_id))) or erased(patient_id)
        finally:
            transaction.set_rollback(True)


def _untold(summary: dict[str, Any]) -> frozenset[str]:
    """Columns that say nothing of the patient, or that wait for the watchdog's next round."""
    waits = summary["shelf"] is None or (summary["moves_at"] and summary["moves_at"] <= timezone.now())
    return BOOKKEEPING | STANDING | {"clinic_id"} if waits else BOOKKEEPING


def _counts(patient_id: uuid.UUID) -> list[tuple[Any, ...]]:
    """What the patient's visits add to the clinic's counts, and which of them wait."""
    rows = VisitTally.objects.filter(patient_id=patient_id)
    what = ("visit_id", "reference", "release", "unseen")
    visits = VisitSummary.objects.filter(patient_id=patient_id).order_by("pk")
    return [
        *rows.order_by(*what).values_list(*what, "counts"),
        *visits.values_list("pk", "clinic_id", "at", "unsaid", "waiting"),
    ]


def ledgers(check: IntegrityCheck, cursor: str) -> Batch:
    """The next clinic: its counts of releases are the sum over its visits, those of its lists over its patients."""
    batch, wanted = next_of(check, cursor, Clinic.objects.all(), most=1)
    for pk in wanted:
        batch.records += 1
        if tallies.difference(clinic_id=pk):
            batch.add("ledger_differs", pk)
        if standing.difference(clinic_id=pk):
            batch.add("list_counts_differ", pk)
    return batch


def releases(check: IntegrityCheck, cursor: str) -> Batch:
    """Every release that may be asked to work: its files against their checksums."""
    batch = Batch(END)
    used = ModelRelease.objects.exclude(state=ReleaseState.RETIRED).values_list("name", flat=True)
    for name in dict.fromkeys([registry.active().name, *used]):
        batch.records += 1
        if name == registry.NO_RELEASE:
            batch.add("release_unusable")
            continue
        try:
            registry.check(name)
        except PipelineError:
            batch.add("release_unusable", name)
    return batch


def tables(check: IntegrityCheck, cursor: str) -> Batch:
    """What the database says of itself."""
    batch = Batch(END)
    with connection.cursor() as asked:
        if connection.vendor == "sqlite":
            asked.execute("PRAGMA quick_check(1)")
            if asked.fetchone()[0] != "ok":
                batch.add("database_damaged")
            asked.execute("PRAGMA foreign_key_check")
            for table in {row[0] for row in asked.fetchmany(MOST)}:
                batch.add("database_damaged", table)
        else:
            asked.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
            invalid = asked.fetchall()
            asked.execute("SELECT conname FROM pg_constraint WHERE NOT convalidated")
            for (name,) in invalid + asked.fetchall():
                batch.add("index_invalid", name)
    return batch

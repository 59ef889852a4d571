"""What pages and API read about analyses."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from .jobs import turns
from .jobs.states import FINAL, Status
from .models import Analysis, AnalysisQuerySet, Canary, ModelRelease, ReleaseChange, ReleaseState
from .selectors_corrections import add_corrections, newest_correction

if TYPE_CHECKING:
    from clinic.visits.models import Photo

UNPUBLISHED_AFTER = dt.timedelta(seconds=10)
"""A photo that the broker did not take by then waits for the broker."""
BATCH = dt.timedelta(minutes=15)
"""Analyses that ended within this time are counted as part of the work in hand."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Which release is in use and which runs beside it; empty where the table names none."""

    active: str = ""
    fingerprint: str = ""
    shadow: str = ""


def decision() -> Decision:
    """What was decided about the releases, in one query."""
    chosen = ModelRelease.objects.filter(state__in=[ReleaseState.ACTIVE, ReleaseState.SHADOW])
    found = {state: (name, mark) for state, name, mark in chosen.values_list("state", "name", "fingerprint")}
    active, fingerprint = found.get(ReleaseState.ACTIVE, ("", ""))
    return Decision(active, fingerprint, found.get(ReleaseState.SHADOW, ("", ""))[0])


def fingerprint_of(*, name: str) -> str:
    """What the release looked like when it was registered; empty if it never was."""
    return ModelRelease.objects.filter(name=name).values_list("fingerprint", flat=True).first() or ""


def registered() -> list[ModelRelease]:
    """The releases that this installation let in, newest first, with what was done to them."""
    return list(ModelRelease.objects.prefetch_related("changes"))


def states() -> dict[str, str]:
    """What is done with each registered release."""
    return dict(ModelRelease.objects.values_list("name", "state"))


def changes(*, name: str) -> list[ReleaseChange]:
    """What was done to a release, newest first."""
    return list(ReleaseChange.objects.filter(release__name=name))


@dataclass(frozen=True, slots=True)
class QueueProgress:
    """The work in hand of one clinic."""

    waiting: int
    running: int
    done: int

    @property
    def open(self) -> int:
        return self.waiting + self.running

    @property
    def total(self) -> int:
        return self.open + self.done

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def latest_analyses(
    *, photo_ids: Iterable[uuid.UUID], states_alone: bool = False
) -> dict[uuid.UUID, Analysis]:
    """The newest analysis of each photo with its correction, without its landmarks; a cancelled one only where there is
    no other. Where a release judges a photo again, beside another face at rest, its earlier result stays until the new
    one is there. states_alone: without what was found."""
    latest: dict[uuid.UUID, Analysis] = {}
    left_out = ("landmarks", "findings") if states_alone else ("landmarks",)
    found = Analysis.objects.filter(photo_id__in=list(photo_ids)).defer(*left_out)
    if not states_alone:
        found = found.annotate(newest_correction=newest_correction())
    for analysis in found.order_by("-created_at"):
        known = latest.get(analysis.photo_id)
        if known is None or _gives_way(known, analysis):
            latest[analysis.photo_id] = analysis
    if not states_alone:
        keys = {one.pk: one.newest_correction for one in latest.values()}  # type: ignore[attr-defined]  # annotated
        add_corrections(analyses=latest.values(), keys=keys)
    return latest


def photos_with_result(*, photos: QuerySet[Photo]) -> set[uuid.UUID]:
    """Those whose analysis to show (see `latest_analyses`) succeeded."""
    latest: dict[uuid.UUID, Analysis] = {}
    found = Analysis.objects.filter(photo__in=photos.values("pk")).order_by("-created_at")
    for analysis in found.only("photo", "status", "release"):
        known = latest.get(analysis.photo_id)
        if known is None or _gives_way(known, analysis):
            latest[analysis.photo_id] = analysis
    return {photo for photo, analysis in latest.items() if analysis.status == Status.SUCCEEDED}


def _gives_way(newer: Analysis, older: Analysis) -> bool:
    """Whether the older of two analyses of a photo is the one to show."""
    if newer.status == Status.CANCELLED != older.status:
        return True
    return newer.release == older.release and newer.status != Status.SUCCEEDED == older.status


def results_of(*, photo: Photo) -> list[Analysis]:
    """Every release's result on one photo, the newest first."""
    found = Analysis.objects.filter(photo=photo, status=Status.SUCCEEDED).defer("landmarks", "findings")
    return list(found.order_by("-created_at", "-release"))


def of_clinic(*, clinic_id: uuid.UUID) -> AnalysisQuerySet:
    """All analyses of one clinic's photos."""
    return Analysis.everything.filter(photo__visit__patient__clinic_id=clinic_id)


def open_counts(*, clinic_id: uuid.UUID) -> dict[str, int]:
    """How many of a clinic's analyses wait and how many run."""
    found = of_clinic(clinic_id=clinic_id).open().values_list("status").annotate(Count("pk")).order_by()
    return {Status.QUEUED.value: 0, Status.RUNNING.value: 0} | dict(found)


def progress(*, clinic_id: uuid.UUID) -> QueueProgress:
    """The clinic's open analyses and, while there are any, those of the same batch that are done."""
    counts = open_counts(clinic_id=clinic_id)
    waiting, running = counts[Status.QUEUED], counts[Status.RUNNING]
    if not waiting + running:
        return QueueProgress(0, 0, 0)
    ended = of_clinic(clinic_id=clinic_id).filter(
        finished_at__gte=timezone.now() - BATCH, status__in=FINAL - {Status.CANCELLED}
    )
    return QueueProgress(waiting, running, ended.count())


def analysis_delayed(*, clinic_id: uuid.UUID | None = None) -> bool:
    """Whether results keep people waiting, those of that clinic or of any: no answer from the queue, no broker, or a
    photo that waits too long. One that was sent in bulk is expected to wait; another clinic's is no matter here."""
    now = timezone.now()
    unanswered = Q(seen_at__isnull=True) | Q(seen_at__lt=F("sent_at"))
    stale = now - dt.timedelta(seconds=settings.CANARY_STALE_AFTER)
    if Canary.objects.filter(unanswered, queue=settings.ANALYSIS_QUEUE, sent_at__lt=stale).exists():
        return True
    patience = now - dt.timedelta(seconds=settings.ANALYSIS_STALE_AFTER)
    late = Q(queued_at__lt=patience, priority=turns.FIRST)
    late |= Q(published_at__isnull=True, queued_at__lt=now - UNPUBLISHED_AFTER)
    analyses = Analysis.everything if clinic_id is None else of_clinic(clinic_id=clinic_id)
    return analyses.filter(late, status=Status.QUEUED).exists()

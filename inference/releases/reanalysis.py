"""Which old photos a release may be sent over, and how far it is."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from clinic.patients.models import Consent, ConsentUse
from inference import selectors
from inference.jobs.states import FINAL, Status
from inference.models import Analysis, BackgroundAnalysis, Purpose
from inference.photos import photos as all_photos

from . import registry
from .admission import Refused

if TYPE_CHECKING:
    from clinic.visits.models import Photo


@dataclass(frozen=True, slots=True)
class BacklogProgress:
    """A release's jobs of one purpose."""

    total: int
    done: int
    succeeded: int
    rejected: int
    failed: int
    cancelled: int


def purpose_of(*, release: str) -> str:
    """What a reanalysis by that release is: results to show, or a shadow's. Raises Refused for any other."""
    info = registry.active()
    if release == info.name:
        if not info.usable:
            raise Refused(info.problems[0].detail)
        return Purpose.REANALYSIS
    if release == registry.shadow_name():
        return Purpose.SHADOW
    known = registry.installed(release) or selectors.fingerprint_of(name=release)
    raise Refused(
        f"{release} is neither in use nor a shadow. Activate it, or run it as a shadow, first."
        if known
        else f"There is no release {release}."
    )


def photos(*, clinic: uuid.UUID | None = None, since: dt.date | None = None) -> QuerySet[Photo]:
    """The photos on record, newest first."""
    found = (
        all_photos()
        .current()
        .filter(visit__patient__archived_at__isnull=True, visit__patient__restricted_at__isnull=True)
    )
    if clinic:
        found = found.filter(visit__patient__clinic=clinic)
    if since:
        found = found.filter(taken_at__date__gte=since)
    return found.order_by("-taken_at", "-created_at", "pk")


def with_consent(found: QuerySet[Photo]) -> QuerySet[Photo]:
    """Those whose patient's consent to the clinical record is in force: consent is asked at each new use."""
    consent = Consent.objects.in_force().filter(patient=OuterRef("visit__patient"), use=ConsentUse.RECORD)
    return found.filter(Exists(consent))


def left(found: QuerySet[Photo], *, release: str, purpose: str) -> QuerySet[Photo]:
    """Those that have neither a result of the release nor a job for one."""
    jobs = BackgroundAnalysis.objects.filter(photo=OuterRef("pk"), release=release, purpose=purpose)
    found = found.filter(~Exists(jobs))
    if purpose == Purpose.REANALYSIS:
        own = Analysis.everything.filter(photo=OuterRef("pk"), release=release)
        found = found.filter(~Exists(own.exclude(status=Status.CANCELLED)))
    return found


def progress(*, release: str, purpose: str) -> BacklogProgress:
    """How far the release's jobs are."""
    counts = BackgroundAnalysis.objects.filter(release=release, purpose=purpose).aggregate(
        total=Count("pk"),
        done=Count("pk", filter=Q(status__in=FINAL)),
        succeeded=Count("pk", filter=Q(status=Status.SUCCEEDED)),
        rejected=Count("pk", filter=Q(status=Status.REJECTED)),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
        cancelled=Count("pk", filter=Q(status=Status.CANCELLED)),
    )
    return BacklogProgress(**counts)

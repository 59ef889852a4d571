"""An attempt at a job of either table: what a worker reads of a waiting one, and its right to the result.

A photo's whole way through a worker is a handful of statements, so what belongs together is read together.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone

from . import leases, references
from .states import Status

if TYPE_CHECKING:
    from .models import Analysis, BackgroundAnalysis

    Jobs = QuerySet[Analysis] | QuerySet[BackgroundAnalysis]


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to write the result of one attempt: the stored photo that it is about, and the face at rest that
    it is judged beside, if there is one."""

    analysis_id: uuid.UUID
    attempt: int
    photo_id: uuid.UUID
    patient_id: uuid.UUID
    image: str
    clinic_id: uuid.UUID | None = None
    reference_id: uuid.UUID | None = None
    reference_image: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits. next: what its next attempt would be. allowed: whether its photo may be used at this moment."""

    release: str
    allowed: bool
    next: Claim

    @property
    def alone(self) -> Waiting:
        """The same for a release that judges each face by itself."""
        return replace(self, next=replace(self.next, reference_id=None, reference_image=""))


def query_of(*, jobs: Any, allowed: Any) -> Any:
    """The query that `look` reads. allowed: an expression of it, true where the photo may be used."""
    patient = "photo__visit__patient"
    return jobs.filter(status=Status.QUEUED).values_list(
        "release",
        allowed,
        "attempt",
        "photo_id",
        f"{patient}_id",
        "photo__image",
        f"{patient}__clinic_id",
        references.reference_in_query(photo="photo__"),
        references.reference_in_query(photo="photo__", column="image"),
    )


def look(*, rows: list[tuple[Any, ...]], analysis_id: uuid.UUID) -> Waiting | None:
    """The waiting job of these rows of `query_of`; None where there is none."""
    for release, is_allowed, attempt, *photo, reference, image in rows:
        claim = Claim(analysis_id, attempt + 1, *photo, reference_id=reference, reference_image=image or "")
        return Waiting(release, is_allowed, claim)
    return None


def begin(*, jobs: Any, job: Waiting) -> Claim | None:
    """Start the attempt, if none of these jobs but the same one waits still; None if it doesn't."""
    begun = jobs.filter(pk=job.next.analysis_id, status=Status.QUEUED, attempt=job.next.attempt - 1).update(
        status=Status.RUNNING,
        attempt=job.next.attempt,
        started_at=timezone.now(),
        lease_until=leases.until(),
        holder=leases.holder(),
    )
    return job.next if begun else None

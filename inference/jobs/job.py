"""Jobs of either table: how one moves from state to state, what a worker reads of a waiting one, and its right to the
result of an attempt.

A photo's whole way through a worker is a handful of statements, so what belongs together is read together.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from django.utils import timezone

from inference import references

from . import leases
from .states import FINAL, Status, sources

if TYPE_CHECKING:
    from inference.pipeline.findings import Findings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's right to write the result of one attempt: the stored photo that it is about, and the face at rest that
    it is judged beside, if there is one. exercise: as which the photo is on record."""

    analysis_id: uuid.UUID
    attempt: int
    photo_id: uuid.UUID
    patient_id: uuid.UUID
    image: str
    clinic_id: uuid.UUID | None = None
    reference_id: uuid.UUID | None = None
    reference_image: str = ""
    exercise: str = ""


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


class JobServices(Protocol):
    """What a table of jobs offers to a worker: `services` for the analyses, `background` for the backlog."""

    def waiting(self, *, analysis_id: uuid.UUID) -> Waiting | None: ...
    def start(self, *, job: Waiting, release: str | None = None) -> Claim | None: ...
    def finish(self, *, claim: Claim, findings: Findings) -> bool: ...
    def reject(self, *, claim: Claim, findings: Findings) -> bool: ...
    def fail(self, *, claim: Claim, code: str) -> bool: ...
    def requeue(
        self, *, analysis_id: uuid.UUID, attempt: int, code: str, republish: bool = True
    ) -> str | None: ...


def query_of(*, rows: Any, allowed: Any) -> Any:
    """The query that `read_waiting` reads. allowed: an expression of it, true where the photo may be used."""
    patient = "photo__visit__patient"
    return rows.filter(status=Status.QUEUED).values_list(
        "release",
        allowed,
        "attempt",
        "photo_id",
        f"{patient}_id",
        "photo__image",
        f"{patient}__clinic_id",
        references.reference_in_query(photo="photo__"),
        references.reference_in_query(photo="photo__", column="image"),
        "photo__exercise",
    )


def read_waiting(*, rows: list[tuple[Any, ...]], analysis_id: uuid.UUID) -> Waiting | None:
    """The waiting job of these rows of `query_of`; None where there is none."""
    for release, is_allowed, attempt, *photo, reference, image, exercise in rows:
        claim = Claim(
            analysis_id,
            attempt + 1,
            *photo,
            reference_id=reference,
            reference_image=image or "",
            exercise=exercise,
        )
        return Waiting(release, is_allowed, claim)
    return None


def move(rows: Any, to: str, **values: Any) -> int:
    """Let those of these rows that may go to that state go there; how many did. Nothing else writes a state.

    values: of other columns. When a job ended, and that nobody holds it any more, is written along.
    """
    if to in FINAL:
        values = {"finished_at": timezone.now(), **values}
    if to != Status.RUNNING:
        values = {"lease_until": None, **values}
    return int(rows.filter(status__in=sources(to)).update(status=to, **values))


def begin(*, rows: Any, job: Waiting) -> Claim | None:
    """Start the attempt, if the job waits still as it did when it was looked at; None if it doesn't."""
    begun = move(
        rows.filter(pk=job.next.analysis_id, attempt=job.next.attempt - 1),
        Status.RUNNING,
        attempt=job.next.attempt,
        started_at=timezone.now(),
        lease_until=leases.until(),
        holder=leases.holder(),
    )
    return job.next if begun else None


def close(*, rows: Any, claim: Claim, to: str, **values: Any) -> bool:
    """End the attempt, by one write, and only if it is still the claim's; whether it was."""
    running = rows.filter(pk=claim.analysis_id, status=Status.RUNNING, attempt=claim.attempt)
    return bool(move(running, to, **values))


def give_up(
    *, rows: Any, analysis_id: uuid.UUID, attempt: int, most: Any, code: str, republish: bool
) -> str | None:
    """Give up an attempt: back to the queue, or failed with that code once there were as many as `most`.

    Answers the new state, or None if the attempt was over already.
    """
    running = rows.filter(pk=analysis_id, status=Status.RUNNING, attempt=attempt)
    published_at = None if republish else timezone.now()
    if move(running.filter(attempt__lt=most), Status.QUEUED, published_at=published_at):
        logger.warning("Job %s goes back to the queue after attempt %s: %s", analysis_id, attempt, code)
        return Status.QUEUED
    if move(running, Status.FAILED, error_code=code):
        logger.error("Job %s failed after attempt %s: %s", analysis_id, attempt, code)
        return Status.FAILED
    return None


def held_attempt(*, rows: Any, analysis_id: uuid.UUID, holder: str) -> int | None:
    """The number of the attempt that this process is at; None if it is at none."""
    running = rows.filter(pk=analysis_id, status=Status.RUNNING, holder=holder)
    found: int | None = running.values_list("attempt", flat=True).first()
    return found

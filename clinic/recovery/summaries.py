"""How the rooms below have their records summed up."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from clinic.common.summaries import Summaries

from . import keeping, services, standing


class CourseSummaries(Summaries):
    """Sums a patient up by the course of the newest episode, and each visit by what it gives to that course."""

    def outdate(self, *, visits: Collection[uuid.UUID] = (), photos: Collection[uuid.UUID] = ()) -> None:
        keeping.outdate(visits=visits, photos=photos)

    def refresh(self, *, patient_id: uuid.UUID, visits: Collection[uuid.UUID] | None = None) -> None:
        services.refresh_summary(patient_id=patient_id, visits=visits)

    def recount(self, *, patient_id: uuid.UUID, visit_ids: Collection[uuid.UUID] | None = None) -> None:
        services.recount(patient_id=patient_id, visit_ids=visit_ids)

    def lock(self, *, patient_id: uuid.UUID) -> None:
        standing.lock(patient_id=patient_id)

    def place(self, *, patient_id: uuid.UUID) -> None:
        standing.place(patient_id=patient_id)

    def forget(self, *, patient_id: uuid.UUID) -> None:
        standing.forget(patient_id=patient_id)

    def catch_up(self, *, seconds: float) -> None:
        services.count_waiting(seconds=seconds)
        standing.move_on(seconds=seconds)
        standing.fold()
        services.keep_courses(seconds=seconds)

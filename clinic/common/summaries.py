"""What is summed up of the records, for lists and courses: whoever changes a record says so here.

Records are written in rooms that know nothing of those who sum them up. `settings.SUMMARIES` names the class that does.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string


class Summaries(ABC):
    """Keeps what is summed up of patients and visits, in the caller's transaction."""

    @abstractmethod
    def outdate(self, *, visits: Collection[uuid.UUID] = (), photos: Collection[uuid.UUID] = ()) -> None:
        """What is kept of these visits, or of these photos' visits, is of before."""

    @abstractmethod
    def refresh(self, *, patient_id: uuid.UUID, visits: Collection[uuid.UUID] | None = None) -> None:
        """Sum the patient up anew. visits: the only ones that changed, beside those outdated; None: any may have."""

    @abstractmethod
    def recount(self, *, patient_id: uuid.UUID, visit_ids: Collection[uuid.UUID] | None = None) -> None:
        """Count anew what the record adds to the clinic's counts: it came on record or went off it, or nothing but
        these visits' counts changed."""

    @abstractmethod
    def lock(self, *, patient_id: uuid.UUID) -> None:
        """Lock the patient's summary, before anything else of the patient is."""

    @abstractmethod
    def place(self, *, patient_id: uuid.UUID) -> None:
        """Note where the patient stands on the lists, since a task came, went or was put off."""

    @abstractmethod
    def forget(self, *, patient_id: uuid.UUID) -> None:
        """Delete the patient's summary, and take it out of the clinic's counts."""

    @abstractmethod
    def catch_up(self, *, seconds: float) -> None:
        """Sum up, for so long each, what is not summed up yet or was moved by time alone."""


@cache
def summaries() -> Summaries:
    """The one that this installation has."""
    made: Summaries = import_string(settings.SUMMARIES)()
    return made

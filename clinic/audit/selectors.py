"""Who read what of one patient, and what one person saw or took out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from .models import Access, ReadEvent

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User
    from clinic.patients.models import Patient

ONE_GO = dt.timedelta(minutes=10)
"""What one person does within it is one act: reading a list page by page, saving a note every few seconds."""


def reads_page(
    *, patient: Patient, before: tuple[dt.datetime, int] | None, size: int
) -> tuple[list[ReadEvent], tuple[dt.datetime, int] | None]:
    """So many reads of this patient, newest first, from behind that place of the log on, and the place behind them,
    where there are more."""
    found = reads_of_patient(patient=patient)
    if before is not None:
        at, pk = before
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    rows = list(found[: size + 1])
    more = len(rows) > size
    return rows[:size], (rows[size - 1].at, rows[size - 1].pk) if more else None


def reads_of_patient(*, patient: Patient) -> QuerySet[ReadEvent]:
    """Who read this patient's record, photos or exports, newest first."""
    return ReadEvent.objects.filter(patient=patient).select_related("user", "photo", "typed")


def looked_at_lately(*, user: User, patients: Iterable[Patient]) -> set[uuid.UUID]:
    """Those of the patients whose record or name this person saw within the last ten minutes, as the log tells."""
    recent = ReadEvent.objects.filter(
        user=user,
        patient__in=patients,
        kind__in=(Access.RECORD, Access.LISTED),
        at__gt=timezone.now() - ONE_GO,
    )
    return set(recent.order_by().values_list("patient_id", flat=True))


def photos_exported(*, user: User, clinic: Clinic, page: str) -> QuerySet[ReadEvent]:
    """The photos that the user took out of the clinic in one export."""
    events = ReadEvent.objects.filter(user=user, clinic=clinic, page=page, photo__isnull=False)
    return events.order_by()

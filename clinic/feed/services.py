"""What is written about changes. Callers are in the transaction of the change itself: both are there, or neither."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from .models import Change, Feed, RecordKind, What

if TYPE_CHECKING:
    from clinic.patients.models import Patient

THE_FEED = 1
# One statement, so that it sees one moment; its numbers follow the order of writing, in which changes of one
# record stand as they happened, since each of them waited for the lock of the one before.
_PLACE = """
UPDATE feed_change SET position = placed.number + %s
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS number FROM feed_change WHERE position IS NULL) AS placed
WHERE feed_change.id = placed.id
"""
# How a history and the log call what was done.
_HOW = {"created": What.CREATED, "changed": What.CHANGED, "given": What.CREATED, "revoked": What.REVOKED}


def note(
    *,
    kind: str,
    record: uuid.UUID,
    what: str,
    patient: uuid.UUID,
    clinic: uuid.UUID,
    version: int | None = None,
    photo: uuid.UUID | None = None,
) -> None:
    """Tell that this happened to a record."""
    Change.objects.create(
        kind=kind, record=record, what=what, patient=patient, clinic_id=clinic, version=version, photo=photo
    )


def note_record(*, record: Any, patient: Patient | None, how: str) -> None:
    """Tell of a change that the log was just told of; of records that no copy holds nothing is said."""
    kind = record._meta.model_name or ""
    if patient is None or kind not in RecordKind.values or how not in _HOW:
        return
    note(
        kind=kind,
        record=record.pk,
        what=_what(record, _HOW[how]),
        patient=patient.pk,
        clinic=patient.clinic_id,
        version=getattr(record, "version", None),
        photo=record.photo_id if kind == RecordKind.CONFIRMATION else None,
    )


def _what(record: Any, what: str) -> str:
    if what != What.CHANGED or not hasattr(record, "archived_at"):
        return what
    if record.archived_at is not None:
        return What.ARCHIVED
    lines = record.history.order_by("-history_id").values_list("archived_at", flat=True)[1:2]
    return What.RESTORED if any(lines) else What.CHANGED


def note_patient(*, patient: uuid.UUID, clinic: uuid.UUID, what: str) -> None:
    """Tell of the whole record of a patient."""
    note(kind=RecordKind.PATIENT, record=patient, what=what, patient=patient, clinic=clinic)


def forget(*, patient: uuid.UUID) -> None:
    """Take out what was told of a patient whose record is destroyed; that it is gone is told after this."""
    Change.objects.filter(patient=patient).delete()


def note_analyses(*, rows: Iterable[tuple[uuid.UUID, uuid.UUID, uuid.UUID, uuid.UUID]], what: str) -> None:
    """Tell of analyses that were queued or came to an end. rows: analysis, photo, patient and clinic of each."""
    Change.objects.bulk_create(
        Change(kind=RecordKind.ANALYSIS, record=pk, what=what, patient=patient, clinic_id=clinic, photo=photo)
        for pk, photo, patient, clinic in rows
    )


def place() -> Feed:
    """Give positions to what was committed since the last look; answers how far they are given now."""
    feed, _made = Feed.objects.get_or_create(pk=THE_FEED)
    if not Change.objects.filter(position__isnull=True).exists():
        # What another reader placed meanwhile is seen in the next look.
        return feed
    with transaction.atomic():
        # One reader at a time: the second sees what the first placed, and counts on from there.
        feed = Feed.objects.select_for_update().get(pk=THE_FEED)
        with connection.cursor() as cursor:
            cursor.execute(_PLACE, [feed.last])
            feed.last += cursor.rowcount
        feed.save(update_fields=["last"])
    return feed


@transaction.atomic
def renew() -> None:
    """Begin another generation: every cursor that was given before is refused, and its holder fetches all anew."""
    Feed.objects.get_or_create(pk=THE_FEED)
    Feed.objects.filter(pk=THE_FEED).update(generation=uuid.uuid4())

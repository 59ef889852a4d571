"""Whether a patient's records are what log and histories say of them. If not, nothing is to be made of them."""

from __future__ import annotations

import uuid
from typing import Any

from . import statements
from .history import kept
from .models import AuditEvent


def altered(*, patient_id: uuid.UUID) -> bool:
    """Whether a statement or a record of the patient was rewritten, removed or slipped in behind the product's back."""
    return _statements_altered(patient_id) or _records_altered(patient_id)


def _statements_altered(patient_id: uuid.UUID) -> bool:
    told = AuditEvent.objects.filter(patient_id=patient_id, detail__has_key="hash")
    lines = [event for event in told.order_by() if statements.is_told(event)]
    if _disagree(lines):
        return True
    known = {(line.detail["record"], line.detail["row"]) for line in lines}
    for statement in statements.STATEMENTS:
        if not statement.logged:
            continue
        rows = statement.rows().filter(**{statement.path: patient_id}).values_list("pk", flat=True)
        # A visit that was moved here brought statements along, whose lines name the patient of then.
        left = {str(pk) for pk in rows} - {row for name, row in known if name == statement.name}
        if left:
            moved = list(AuditEvent.objects.filter(detail__record=statement.name, detail__row__in=list(left)))
            if left - {event.detail["row"] for event in moved} or _disagree(moved):
                return True
    return False


def _disagree(lines: list[AuditEvent]) -> bool:
    known, rows = statements.keys(), statements.rows_of(lines)
    for line in lines:
        row = rows.get((line.detail["record"], line.detail["row"]))
        if row is None or not statements.agrees(line, row, known):
            return True
    return False


def _records_altered(patient_id: uuid.UUID) -> bool:
    """Whether a record differs from the newest line of its history."""
    from clinic.patients.holdings import HOLDINGS

    histories = kept()
    for holding in HOLDINGS:
        history: Any = histories.get(holding.table._meta.model_name or "")
        if history is None:
            continue
        names = [field.attname for field in history.tracked_fields if field.name != "version"]
        rows = list(holding.rows(patient_id))
        newest: dict[Any, Any] = {}
        for line in history.objects.filter(id__in=[row.pk for row in rows]).order_by(
            "history_date", "history_id"
        ):
            newest[line.id] = line
        for row in rows:
            line = newest.get(row.pk)
            if line is None or any(getattr(row, name) != getattr(line, name) for name in names):
                return True
    return False

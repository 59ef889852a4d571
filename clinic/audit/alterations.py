"""Whether records are what log and histories say of them. Of a patient's that are not, nothing is to be made."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Exists, OuterRef
from django.db.models.functions import Cast

from . import statements
from .holdings import HOLDINGS
from .models import AuditEvent, Event
from .records import kept

BATCH = 2000


def altered(*, patient_id: uuid.UUID) -> bool:
    """Whether a statement or a record of the patient was rewritten, removed or slipped in behind the product's back."""
    return _statements_altered(patient_id) or _records_altered(patient_id)


def _statements_altered(patient_id: uuid.UUID) -> bool:
    told = AuditEvent.objects.filter(patient_id=patient_id, detail__has_key="hash")
    lines = [event for event in told.order_by() if statements.holds_hash(event)]
    if _disagree(lines):
        return True
    known = {(line.detail["record"], line.detail["row"]) for line in lines}
    for statement in statements.STATEMENTS:
        if not statement.logged:
            continue
        rows = statement.rows().filter(**{statement.path: patient_id}).values_list("pk", flat=True)
        # A visit that was moved here brought statements along, whose lines name the patient of then.
        left = {str(pk) for pk in rows} - {row for name, row in known if name == statement.name}
        ended = {(line.detail["record"], line.detail["row"]) for line in lines if not line.detail.get("open")}
        if any((statement.name, pk) not in ended for pk in _closed(statement, patient_id)):
            return True
        if left:
            moved = list(AuditEvent.objects.filter(detail__record=statement.name, detail__row__in=list(left)))
            if left - {event.detail["row"] for event in moved} or _disagree(moved):
                return True
    return False


def _closed(statement: statements.Statement, patient_id: uuid.UUID) -> list[str]:
    """The patient's statements that were ended: consents taken back, what was lifted."""
    if not statement.closing:
        return []
    ended = {statement.path: patient_id, f"{statement.closing[0]}__isnull": False}
    return [str(pk) for pk in statement.rows().filter(**ended).values_list("pk", flat=True)]


def _disagree(lines: list[AuditEvent]) -> bool:
    known, rows = statements.keys(), statements.rows_of(lines)
    for line in lines:
        row = rows.get((line.detail["record"], line.detail["row"]))
        if row is None or not statements.agrees(line, row, known):
            return True
    return False


def _records_altered(patient_id: uuid.UUID) -> bool:
    """Whether a record differs from the newest line of its history."""
    histories = kept()
    return any(
        _differing(histories[name], list(holding.rows(patient_id)))
        for holding in HOLDINGS
        if (name := holding.table._meta.model_name or "") in histories
    )


def _differing(history: Any, rows: Iterable[Any]) -> list[Any]:
    """Those of the rows that are not what the newest line of their history says; all are of one table."""
    names = [field.attname for field in history.tracked_fields if field.name != "version"]
    by_pk = {row.pk: row for row in rows}
    newest: dict[Any, Any] = {}
    for line in history.objects.filter(id__in=list(by_pk)).order_by("history_date", "history_id"):
        newest[line.id] = line
    return [
        row
        for pk, row in by_pk.items()
        if (line := newest.get(pk)) is None
        or line.history_type == "-"
        or any(not _agree(row, line, name) for name in names)
    ]


def _agree(row: Any, line: Any, name: str) -> bool:
    """Whether a record's field is what a line of its history says, or keeps of it."""
    value, said = getattr(row, name), getattr(line, name)
    if value == said or name not in line.kept:
        return bool(value == said)
    try:
        return bool(line.kept[name](value) == said)
    except (AttributeError, IndexError, KeyError, TypeError):
        return False  # no value that the field could have been given


def rewritten(*, name: str, pks: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the records that are not what the newest line of their history says.

    name: of a model whose history is kept, as the log has it.
    """
    history = kept()[name]
    rows = history.instance_type._base_manager
    # Whoever saves writes both at once: what looks different is looked at again while nobody can save it.
    found = [row.pk for row in _differing(history, rows.in_bulk(list(pks)).values())]
    with transaction.atomic():
        held = rows.select_for_update(of=("self",)).filter(pk__in=found)
        return sorted(row.pk for row in _differing(history, held))


def strays() -> Iterator[tuple[str, object, str]]:
    """Records that are not what log and histories say, in all tables: the table, the record, what is wrong.

    What a line of the log points at is compared with its seal by `chain.verify`; so that nothing else can be taken for
    the newest line of a history, each must have its line in the log.
    """
    for name, history in sorted(kept().items()):
        rows = history.instance_type._base_manager
        for line in history.objects.filter(_untold(name)).order_by("history_id").iterator(chunk_size=BATCH):
            yield name, line.id, "no line of the log tells of a line of its history"
        for pks in _in_batches(rows.order_by("pk")):
            for pk in rewritten(name=name, pks=pks):
                yield name, pk, "it is not what its history says"
        ended = history.objects.filter(id=OuterRef("id"), history_type="-")
        gone = history.objects.filter(~Exists(rows.filter(pk=OuterRef("id"))), ~Exists(ended))
        for pk in gone.order_by("id").values_list("id", flat=True).distinct().iterator(chunk_size=BATCH):
            yield name, pk, "it is gone, and its history is there"


def _untold(name: str) -> Any:
    """Of a line of a history: that no line of the log points at it."""
    changes = AuditEvent.objects.filter(kind=Event.CHANGE, detail__record=name, detail__has_key="version")
    version = Cast("detail__version", BigIntegerField())
    return ~Exists(changes.annotate(told=version).filter(told=OuterRef("history_id")))


def _in_batches(rows: Any) -> Iterator[list[uuid.UUID]]:
    after = None
    while pks := list(
        (rows if after is None else rows.filter(pk__gt=after)).values_list("pk", flat=True)[:BATCH]
    ):
        yield pks
        after = pks[-1]

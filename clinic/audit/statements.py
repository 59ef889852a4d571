"""Rows that say something once and for ever: a clinician's confirmation, a consent, a restriction, a final result.

Each is told in the log by a line that holds a keyed hash over the row, so that one that was rewritten, removed or
slipped in behind the product's back shows, whoever did it. The database refuses to change them (`guards`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import models

from .models import AuditEvent, Event

EMPTY: tuple[Any, ...] = (None, "", False, 0)
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Statement:
    """A table of statements.

    path: from a row to its patient. closing: columns that may be filled later, once; the first of them tells whether
    they are. final: the states in which a row is a statement. logged: whether a line of the log holds each row's hash.
    """

    model: str
    path: str = ""
    closing: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    logged: bool = True

    @property
    def name(self) -> str:
        return self.model.partition(".")[2].lower()

    @property
    def table(self) -> Any:
        return apps.get_model(self.model)

    def is_open(self, row: models.Model) -> bool:
        """Whether its closing columns are still to be filled."""
        return bool(self.closing) and getattr(row, self.closing[0]) is None

    def rows(self, get_model: Callable[[str], Any] = apps.get_model) -> models.QuerySet[Any]:
        """The rows that are statements."""
        rows: models.QuerySet[Any] = get_model(self.model)._base_manager.all()
        return rows.filter(status__in=self.final) if self.final else rows


LIFTED: Final = ("lifted_at", "lifted_by_id", "lifted_reason")
STATEMENTS: Final = (
    Statement("visits.Confirmation", "photo__visit__patient"),
    Statement("visits.VisitConfirmation", "visit__patient"),
    Statement("visits.Dismissal", "visit__patient"),
    Statement("examination.RedFlagScreening", "episode__patient"),
    Statement("examination.BlindReading", "second__visit__patient"),
    Statement("patients.Consent", "patient", closing=("revoked_at", "revoked_by_id", "version")),
    Statement("inference.Analysis", "photo__visit__patient", final=("succeeded", "rejected")),
    Statement("inference.LandmarkCorrection", "analysis__photo__visit__patient"),
    Statement("patients.Restriction", "patient", closing=LIFTED),
    Statement("patients.LegalHold", "patient", closing=LIFTED),
    Statement("examination.QuestionnaireWording", logged=False),
    Statement("patients.Erasure", "patient", closing=("destroyed_at", "destroyed")),
    Statement("inference.ReleaseChange", logged=False),
)
BY_NAME: Final = {one.name: one for one in STATEMENTS}


def keys() -> dict[str, bytes]:
    """The keys by name, the one in use first. A key is no password: it is derived, and lies outside the database."""
    secrets = settings.AUDIT_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [hashlib.sha256(b"risorius.audit.chain:" + secret.encode()).digest() for secret in secrets]
    return {hashlib.sha256(key).hexdigest()[:8]: key for key in derived}


def sign(key: bytes, *parts: str) -> str:
    """The hash of the parts, which nobody can make without the key."""
    return hmac.new(key, json.dumps(parts, ensure_ascii=False).encode(), hashlib.sha256).hexdigest()


def text_of_row(row: models.Model, without: Iterable[str] = ()) -> str:
    """All that a row holds. Without what is empty: a column added later must not change it."""
    left_out = set(without)
    hash_detail = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.attname not in left_out and value not in EMPTY and value != field.get_default():
            hash_detail[field.attname] = value
    return json.dumps(hash_detail, sort_keys=True, ensure_ascii=False, default=str)


def of(record: models.Model) -> Statement | None:
    """The statement that a record is, if a line of the log is to hold its hash."""
    found = BY_NAME.get(record._meta.model_name or "")
    return found if found is not None and found.logged else None


def hash_detail(statement: Statement, row: models.Model) -> dict[str, str | int]:
    """What the log's line says of a row as the database holds it: which one, and its hash."""
    name, key = next(iter(keys().items()))
    is_open = statement.is_open(row)
    text = text_of_row(row, statement.closing if is_open else ())
    return {"row": str(row.pk), "hash": sign(key, text), "key": name, **({"open": 1} if is_open else {})}


def hash_detail_of(record: models.Model, *, as_stored: bool = False) -> dict[str, str | int]:
    """The same of a record in memory; nothing where it is no statement. It is read anew, unless it is known to be as it
    was stored."""
    statement = of(record)
    if statement is None:
        return {}
    return hash_detail(statement, record if as_stored else type(record)._base_manager.get(pk=record.pk))


def holds_hash(event: AuditEvent) -> bool:
    """Whether the event holds the hash of a statement."""
    return "hash" in event.detail and "row" in event.detail and event.detail.get("record") in BY_NAME


def rows_of(events: Iterable[AuditEvent]) -> dict[tuple[str, str], models.Model]:
    """The statements that these events tell of and that are there, by name and identifier."""
    wanted: dict[str, set[str]] = {}
    for event in events:
        if holds_hash(event):
            wanted.setdefault(event.detail["record"], set()).add(event.detail["row"])
    found: dict[tuple[str, str], models.Model] = {}
    for name, pks in wanted.items():
        rows = BY_NAME[name].table._base_manager.in_bulk([uuid.UUID(pk) for pk in pks])
        found.update({(name, str(pk)): row for pk, row in rows.items()})
    return found


def agrees(event: AuditEvent, row: models.Model, known: dict[str, bytes]) -> bool | None:
    """Whether the row is what the event told; None where the key is not given."""
    statement, key = BY_NAME[event.detail["record"]], known.get(event.detail["key"])
    if key is None:
        return None
    text = text_of_row(row, statement.closing if event.detail.get("open") else ())
    return hmac.compare_digest(sign(key, text), event.detail["hash"])


def unlogged(statement: Statement) -> Iterator[str]:
    """Statements that no line of the log tells of, or whose end none does: nobody said so by the product."""
    lines = AuditEvent.objects.filter(detail__record=statement.name, detail__has_key="hash").order_by()
    known, ended = set(), set()
    for row, is_open in lines.values_list("detail__row", "detail__open").iterator(chunk_size=BATCH):
        known.add(row)
        if not is_open:
            ended.add(row)
    closing = statement.closing[0] if statement.closing else "created_at"
    rows = statement.rows().order_by("pk").values_list("pk", closing)
    for pk, closed in rows.iterator(chunk_size=BATCH):
        if str(pk) not in (ended if closed and statement.closing else known):
            yield str(pk)


def take_up(get_model: Callable[[str], Any] = apps.get_model, names: Iterable[str] = BY_NAME) -> int:
    """Write a line for each statement of these names that was made before lines held hashes; how many."""
    events, done = get_model("audit.AuditEvent"), 0
    for statement in (BY_NAME[name] for name in names):
        if not statement.logged:
            continue
        batch: list[Any] = []
        rows = statement.rows(get_model).order_by("pk")
        if not hasattr(rows.model, "clinic_id"):
            rows = rows.select_related(statement.path)
        for row in rows.iterator(chunk_size=BATCH):
            patient_id, clinic_id = _of_patient(row, statement.path)
            detail = {"record": statement.name, "how": "noted", **hash_detail(statement, row)}
            batch.append(events(kind=Event.CHANGE, clinic_id=clinic_id, patient_id=patient_id, detail=detail))
            if len(batch) == BATCH:
                done += len(events.objects.bulk_create(batch))
                batch = []
        done += len(events.objects.bulk_create(batch))
    return done


def _of_patient(row: Any, path: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The patient whom a row is about, and the clinic; an erasure outlives its patient, and knows both itself."""
    if hasattr(row, "clinic_id"):
        return row.patient_id, row.clinic_id
    for step in path.split("__"):
        row = getattr(row, step)
    return row.pk, row.clinic_id

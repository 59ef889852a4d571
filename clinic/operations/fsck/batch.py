"""What the stages of a check have in common."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from clinic.operations.models import IntegrityCheck

from .codes import Fault

END = ""
"""The cursor of a stage that is through."""
IDS = 5000
"""Identifiers that are looked at in one go for the drawing of a sample."""


@dataclass(slots=True)
class Batch:
    """One step of a stage: where the next one goes on, what was found, how much was looked at."""

    cursor: str
    found: list[Fault] = field(default_factory=list)
    photos: int = 0
    files: int = 0
    records: int = 0

    def add(self, code: str, subject: object = "") -> None:
        self.found.append(Fault(code, str(subject)[:80]))


def drawn(check: IntegrityCheck, identifier: object) -> bool:
    """Whether this check's sample takes it in: the same answer each time, another one in another check."""
    if check.share >= 100:
        return True
    digest = hashlib.sha256(f"{check.pk} {identifier}".encode()).digest()
    return int.from_bytes(digest[:4]) % 100 < check.share


def next_of(
    check: IntegrityCheck, cursor: str, rows: QuerySet[Any], *, most: int
) -> tuple[Batch, list[uuid.UUID]]:
    """The next batch over a table by identifier, and the identifiers that the sample takes in, at most so many."""
    rows = rows.order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=uuid.UUID(cursor))
    wanted, last = [], END
    for pk in rows.values_list("pk", flat=True)[:IDS]:
        last = str(pk)
        if drawn(check, pk):
            wanted.append(pk)
        if len(wanted) == most:
            break
    return Batch(last), wanted

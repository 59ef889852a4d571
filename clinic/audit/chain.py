"""The chain over the log: each event sealed with a hash that covers the one before, so that a gap shows.

Events are sealed in batches by a housekeeping task and not as they are written. To seal at once, each reader would
have to wait until the reader before them has committed, and two transactions that log in between their other
writes could wait for each other for ever.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from .history import kept
from .models import AuditEvent, Event, Seal

logger = logging.getLogger(__name__)

START = "0" * 64
BATCH = 2000
# How far back of the newest sealed event a batch looks for one whose transaction took longer than others.
LATECOMERS = 10_000
LOCK = 7_264_830
EMPTY: tuple[Any, ...] = (None, "", False, 0)


def keys() -> dict[str, bytes]:
    """The keys by name, the one in use first. A key is no password: it is derived, and lies outside the database."""
    secrets = settings.AUDIT_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [hashlib.sha256(b"risorius.audit.chain:" + secret.encode()).digest() for secret in secrets]
    return {hashlib.sha256(key).hexdigest()[:8]: key for key in derived}


def sign(key: bytes, *parts: str) -> str:
    """The hash of the parts, which nobody can make without the key."""
    return hmac.new(key, json.dumps(parts, ensure_ascii=False).encode(), hashlib.sha256).hexdigest()


def text_of(event: AuditEvent) -> str:
    """All that the event says, in one form for ever."""
    told = {
        "id": event.pk,
        "at": event.at.isoformat(timespec="microseconds"),
        "kind": event.kind,
        "user": event.user_id,
        "clinic": event.clinic_id,
        "patient": event.patient_id,
        "photo": event.photo_id,
        "page": event.page,
        "address": event.address,
        "reason": event.reason,
        "detail": event.detail,
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)


def text_of_version(row: models.Model) -> str:
    """All that a line of a history holds. Without what is empty: a column added later must not change it."""
    told = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if value not in EMPTY and value != field.get_default():
            told[field.attname] = value
    return json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)


def versions(events: Iterable[AuditEvent]) -> dict[int, models.Model]:
    """The line of a history that each event points at, by the event's identifier."""
    wanted: dict[str, dict[int, int]] = {}
    for event in events:
        if event.kind == Event.CHANGE and "version" in event.detail:
            wanted.setdefault(event.detail["record"], {})[event.pk] = event.detail["version"]
    found: dict[int, models.Model] = {}
    histories = kept()
    for record, by_event in wanted.items():
        if record in histories:
            rows = histories[record]._default_manager.in_bulk(list(set(by_event.values())))
            found.update({pk: rows[version] for pk, version in by_event.items() if version in rows})
    return found


def seal_all() -> int:
    """Seal whatever waits; how many events were sealed."""
    done = 0
    while sealed := seal():
        done += sealed
    return done


def seal(*, limit: int = BATCH, everything: bool = False) -> int:
    """Seal the next events, oldest first; how many. `everything` also looks for those left out long ago."""
    with transaction.atomic():
        if not _alone():
            return 0
        head = Seal.objects.order_by("-position").first()
        waiting = AuditEvent.objects.filter(seal__isnull=True).order_by("pk")
        if head is not None and not everything:
            newest = Seal.objects.aggregate(newest=models.Max("event_id"))["newest"]
            waiting = waiting.filter(pk__gt=newest - LATECOMERS)
        seals = list(_forge(head, list(waiting[:limit])))
        Seal.objects.bulk_create(seals)
    if seals:
        # Goes to wherever the logs go: whoever rewrites the chain later would have to rewrite that too.
        # In halves: the log takes identifiers of that length, and withholds whatever is longer.
        digest = seals[-1].hash
        logger.info("The audit log is sealed up to %s:%s%s", seals[-1].position, digest[:32], digest[32:])
    return len(seals)


def _alone() -> bool:
    """Whether nobody else seals; SQLite has one writer at a time anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _forge(head: Seal | None, events: list[AuditEvent]) -> Iterator[Seal]:
    name, key = next(iter(keys().items()))
    before, position, now = (head.hash, head.position, timezone.now()) if head else (START, 0, timezone.now())
    rows = versions(events)
    for place, event in enumerate(events, start=position + 1):
        content = sign(key, text_of_version(rows[event.pk])) if event.pk in rows else ""
        before = sign(key, before, str(place), text_of(event), content)
        yield Seal(position=place, event=event, content=content, hash=before, key=name, sealed_at=now)


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the log is not what was sealed."""

    position: int
    event: int | None
    what: str

    def __str__(self) -> str:
        event = f", event {self.event}" if self.event else ""
        return f"position {self.position}{event}: {self.what}"


def verify(*, first: int = 1, last: int | None = None) -> Iterator[Break]:
    """Every place at which the chain breaks, from that position on, up to the other one where one is given."""
    known = keys()
    start = Seal.objects.filter(position=first - 1).first() if first > 1 else None
    before, position = (start.hash, start.position) if start else (START, first - 1)
    while seals := list(
        Seal.objects.filter(position__gt=position).select_related("event").order_by("position")[:BATCH]
    ):
        rows = versions(seal.event for seal in seals)
        for seal in seals:
            if last is not None and seal.position > last:
                return
            if seal.position != position + 1:
                yield Break(position + 1, None, f"missing, as is all up to {seal.position - 1}")
            yield from _breaks_at(seal, before, rows, known)
            before, position = seal.hash, seal.position


def _breaks_at(
    seal: Seal, before: str, rows: dict[int, models.Model], known: dict[str, bytes]
) -> Iterator[Break]:
    key = known.get(seal.key)
    if key is None:
        yield Break(seal.position, seal.event_id, f"sealed with key {seal.key}, which is not given")
        return
    right = sign(key, before, str(seal.position), text_of(seal.event), seal.content)
    if not hmac.compare_digest(right, seal.hash):
        yield Break(seal.position, seal.event_id, "the event, or its seal, is not what was sealed")
    if seal.event_id not in rows:
        if seal.content and not _erased(seal.event):
            yield Break(seal.position, seal.event_id, "the history that it points at is gone")
    elif not hmac.compare_digest(sign(key, text_of_version(rows[seal.event_id])), seal.content):
        yield Break(seal.position, seal.event_id, "the history that it points at is not what was sealed")


def _erased(event: AuditEvent) -> bool:
    """Whether the log itself says that the patient's record was destroyed after this event, not its copies alone."""
    gone = AuditEvent.objects.filter(kind=Event.ERASURE, detail__what="destroyed")
    later = gone.filter(patient_id=event.patient_id, pk__gt=event.pk)
    return event.patient_id is not None and later.exists()


@dataclass(frozen=True, slots=True)
class State:
    """How far the chain goes."""

    position: int
    hash: str
    waiting: int
    longest_wait: float
    """Seconds since the oldest event that is not sealed yet."""

    @property
    def head(self) -> str:
        return f"{self.position}:{self.hash}"


def state() -> State:
    """The head of the chain, and what waits to be sealed."""
    head = Seal.objects.order_by("-position").first()
    waiting = AuditEvent.objects.filter(seal__isnull=True).aggregate(
        count=models.Count("pk"), oldest=models.Min("at")
    )
    wait = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0
    position, head_hash = (head.position, head.hash) if head else (0, START)
    return State(position, head_hash, waiting["count"], wait)


def stands(*, head: str) -> bool:
    """Whether a head that was written down elsewhere is still part of the chain."""
    position, _, written = head.strip().partition(":")
    if position == "0":
        return written == START
    seal = Seal.objects.filter(position=int(position)).first() if position.isdigit() else None
    return seal is not None and hmac.compare_digest(seal.hash, written)

"""The chain over the log: each event sealed with a hash that covers the one before, so that a gap shows.

Events are sealed in batches by a housekeeping task and not as they are written. To seal at once, each reader would
have to wait until the reader before them has committed, and two transactions that log in between their other
writes could wait for each other for ever.
"""

from __future__ import annotations

import datetime as dt
import hmac
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from . import statements
from .models import AuditEvent, Event, Reason, Seal
from .records import kept
from .statements import keys, sign, text_of_row

logger = logging.getLogger(__name__)

START = "0" * 64
BATCH = 2000
# How far back of the newest sealed event a batch looks for one whose transaction took longer than others.
LATECOMERS = 10_000
# No transaction that logs lasts longer: after it, a number without a line will have none.
SETTLED = dt.timedelta(minutes=10)
LOCK = 7_264_830


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
        "reason": event.noted_reason,
        "detail": event.detail,
    }
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
        content = sign(key, text_of_row(rows[event.pk])) if event.pk in rows else ""
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
    """Every place at which the chain breaks, from that position on, up to the other one where one is given.

    Without an end, the lines that wait for their seal are looked at too, for the statements that they tell of.
    """
    known = keys()
    start = Seal.objects.filter(position=first - 1).first() if first > 1 else None
    before, position = (start.hash, start.position) if start else (START, first - 1)
    while seals := list(
        Seal.objects.filter(position__gt=position).select_related("event__typed").order_by("position")[:BATCH]
    ):
        rows = versions(seal.event for seal in seals)
        said = statements.rows_of(seal.event for seal in seals)
        for seal in seals:
            if last is not None and seal.position > last:
                return
            if seal.position != position + 1:
                yield Break(position + 1, None, f"missing, as is all up to {seal.position - 1}")
            yield from _breaks_at(seal, before, rows, known)
            yield from _breaks_of_statement(seal.event, seal.position, said, known)
            yield from _breaks_of_reason(seal.event, seal.position, known)
            before, position = seal.hash, seal.position
    if last is None:
        waiting = list(AuditEvent.objects.filter(seal__isnull=True, detail__has_key="hash").order_by("pk"))
        said = statements.rows_of(waiting)
        for event in waiting:
            yield from _breaks_of_statement(event, 0, said, known)


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
    elif not hmac.compare_digest(sign(key, text_of_row(rows[seal.event_id])), seal.content):
        yield Break(seal.position, seal.event_id, "the history that it points at is not what was sealed")


def _breaks_of_statement(
    event: AuditEvent,
    position: int,
    rows: dict[tuple[str, str], models.Model],
    known: dict[str, bytes],
) -> Iterator[Break]:
    if not statements.holds_hash(event):
        return
    name = event.detail["record"]
    row = rows.get((name, event.detail["row"]))
    if row is None:
        if not _erased(event):
            yield Break(position, event.pk, f"the {name} that it tells of is gone")
        return
    agrees = statements.agrees(event, row, known)
    if agrees is None:
        yield Break(position, event.pk, f"told with key {event.detail['key']}, which is not given")
    elif not agrees:
        yield Break(position, event.pk, f"the {name} that it tells of was rewritten")


def _breaks_of_reason(event: AuditEvent, position: int, known: dict[str, bytes]) -> Iterator[Break]:
    if "why" not in event.detail:
        return
    typed: Reason | None = getattr(event, "typed", None)
    key = known.get(str(event.detail.get("key", "")))
    if typed is None:
        if not _erased(event):
            yield Break(position, event.pk, "the reason that was typed is gone")
    elif key is None or not hmac.compare_digest(sign(key, typed.salt, typed.text), event.detail["why"]):
        yield Break(position, event.pk, "the reason that was typed was rewritten")


def _erased(event: AuditEvent) -> bool:
    """Whether the log itself says that the patient's record was destroyed after this event, not its copies alone."""
    gone = AuditEvent.objects.filter(kind=Event.ERASURE, detail__what="destroyed")
    later = gone.filter(patient_id=event.patient_id, pk__gt=event.pk)
    return event.patient_id is not None and later.exists()


@dataclass(frozen=True, slots=True)
class NumberGap:
    """Numbers between two lines, or after the last one, that no line has."""

    first: int
    last: int
    noted: bool
    """Whether a line of the log says so: they never came before their neighbours were sealed."""

    def __str__(self) -> str:
        return f"no line has number {self.first}" + (f" to {self.last}" if self.last > self.first else "")


def gaps(*, since: int = 0) -> Iterator[NumberGap]:
    """Numbers above `since` that were given out and that no line has.

    A transaction that was taken back leaves one, and so does a line that was removed before its seal: nobody can tell
    the two apart later. So `note_gaps` writes them down within minutes, and one that is not written down was torn
    since.
    """
    noted = {
        (event.detail["first"], event.detail["last"])
        for event in AuditEvent.objects.filter(clinic__isnull=True, kind=Event.LOG_GAP)
    }
    lines = AuditEvent.objects.filter(pk__gt=since).order_by("pk").values_list("pk", flat=True)
    before = since or None
    for number in lines.iterator(chunk_size=BATCH):
        if before is not None and number > before + 1:
            yield NumberGap(before + 1, number - 1, (before + 1, number - 1) in noted)
        before = number
    if before and (given := _given_out()) > before:
        yield NumberGap(before + 1, given, False)


def _given_out() -> int:
    """The highest number that a line was ever given."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [AuditEvent._meta.db_table])
            row = cursor.fetchone()
            return int(row[0]) if row else 0
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [AuditEvent._meta.db_table])
        cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {cursor.fetchone()[0]}")
        return int(cursor.fetchone()[0])


def note_gaps() -> int:
    """Write down the numbers that no line has and none will: all transactions of their time are over. How many."""
    settled = timezone.now() - SETTLED
    newest = AuditEvent.objects.filter(at__lt=settled).order_by("-pk").first()
    if newest is None:
        return 0
    found = [gap for gap in gaps(since=_looked_at(newest)) if not gap.noted and gap.last < newest.pk]
    for gap in found:
        detail: dict[str, Any] = {"first": gap.first, "last": gap.last}
        AuditEvent.objects.create(kind=Event.LOG_GAP, page="seal", detail=detail)
        logger.warning("The audit log has no lines %s to %s", gap.first, gap.last)
    return len(found)


def _looked_at(newest: AuditEvent) -> int:
    """The line from which on gaps are looked for: those before it were noted in their time."""
    line = AuditEvent.objects.filter(pk__gte=newest.pk - LATECOMERS).order_by("pk").first()
    return line.pk if line is not None else 0


@dataclass(frozen=True, slots=True)
class ChainState:
    """How far the chain goes."""

    position: int
    hash: str
    waiting: int
    longest_wait: float
    """Seconds since the oldest event that is not sealed yet."""

    @property
    def head(self) -> str:
        return f"{self.position}:{self.hash}"


def state() -> ChainState:
    """The head of the chain, and what waits to be sealed."""
    head = Seal.objects.order_by("-position").first()
    sealed, since = Seal.objects.filter(event_id=models.OuterRef("pk")), 0
    if head is not None:
        # Where sealing looks: all before is sealed, however long the log is. Said of both tables, so that neither is
        # read from its beginning.
        since = Seal.objects.aggregate(newest=models.Max("event_id"))["newest"] - LATECOMERS
        sealed = sealed.filter(event_id__gt=since)
    unsealed = AuditEvent.objects.filter(~models.Exists(sealed), pk__gt=since)
    waiting = unsealed.aggregate(count=models.Count("pk"), oldest=models.Min("at"))
    wait = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0
    position, head_hash = (head.position, head.hash) if head else (0, START)
    return ChainState(position, head_hash, waiting["count"], wait)


def is_in_chain(*, head: str) -> bool:
    """Whether a head that was written down elsewhere is still part of the chain."""
    position, _, written = head.strip().partition(":")
    if position == "0":
        return written == START
    seal = Seal.objects.filter(position=int(position)).first() if position.isdigit() else None
    return seal is not None and hmac.compare_digest(seal.hash, written)

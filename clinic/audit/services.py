"""What is written about who read, changed and tried what."""

from __future__ import annotations

import contextlib
import re
import secrets
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django.db import transaction
from simple_history.models import HistoricalRecords

from clinic.common.http import client_address, ip_or_none
from clinic.feed import services as feed
from clinic.feed.models import What

from . import selectors, statements
from .models import Access, AuditEvent, Event, ReadEvent, Reason
from .records import patient_of

if TYPE_CHECKING:
    from django.db import models
    from django.http import HttpRequest

    from clinic.accounts.models import Clinic, User
    from clinic.patients.models import Patient
    from clinic.visits.models import Photo
    from inference.models import Analysis

# A code, an identifier or a number as text; what a person typed has blanks, an @, or is longer.
CODE = re.compile(r"[\w.:+/-]{0,64}")

# Events that holders of a copy of the patient's record must hear of.
_OF_THE_WHOLE: dict[str, str] = {
    Event.RESTRICTION: What.RESTRICTED,
    Event.RESTRICTION_LIFTED: What.RESTRICTION_LIFTED,
    Event.ERASURE: What.ERASED,
}


def log_event(
    *,
    kind: str,
    user: User | None,
    clinic: Clinic | None = None,
    patient: Patient | None = None,
    photo: Photo | None = None,
    address: str | None = None,
    page: str = "",
    detail: dict[str, str | int] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Record one event; its details are codes and counts, for what a person typed never goes in there."""
    if kind not in Event.values:
        raise ValueError(f"{kind} is no kind of event")
    if patient is not None and kind in _OF_THE_WHOLE:
        what = What.DESTROYED if (detail or {}).get("what") == "destroyed" else _OF_THE_WHOLE[kind]
        feed.note_patient(patient=patient.pk, clinic=patient.clinic_id, what=what)
    event = AuditEvent(
        kind=kind,
        user=user,
        clinic=clinic or (patient.clinic if patient else None),
        patient=patient,
        photo=photo,
        address=ip_or_none(address),
        page=page[:64],
        detail=_codes({**_token_of(), **(detail or {})}),
    )
    return _write([event], reason)[0]


def _write(events: list[AuditEvent], reason: str) -> list[AuditEvent]:
    """Store the lines, and what was typed beside each: it is to go with the record, and a line never goes."""
    text = _one_line(reason)
    typed = [Reason(event=event, text=text, salt=secrets.token_hex(16)) for event in events] if text else []
    name, key = next(iter(statements.keys().items())) if typed else ("", b"")
    for one in typed:
        one.event.detail |= {"why": statements.sign(key, one.salt, text), "key": name}
    with transaction.atomic() if typed else contextlib.nullcontext():
        if len(events) == 1:
            events[0].save(force_insert=True)
        else:
            AuditEvent.objects.bulk_create(events)
        for one, event in zip(typed, events, strict=True) if typed else ():
            one.event = event
        Reason.objects.bulk_create(typed)
    return events


def log_act(
    *,
    kind: str,
    user: User | None = None,
    clinic: Clinic | None = None,
    patient: Patient | None = None,
    photo: Photo | None = None,
    page: str = "",
    detail: dict[str, str | int] | None = None,
) -> AuditEvent:
    """Record what a service did, so that pages, API and commands can't differ: whoever calls it, the line is there.

    user: who did it; left out, whoever sent the request at hand. A command has no request, and is named by `page`.
    """
    request = request_at_hand()
    if user is None and request is not None:
        sender = getattr(request, "user", None)
        user = sender if sender is not None and sender.is_authenticated else None
    match = request.resolver_match if request is not None else None
    return log_event(
        kind=kind,
        user=user,
        clinic=clinic,
        patient=patient,
        photo=photo,
        address=client_address(request) if request is not None else None,
        page=page or (match.view_name if match else ""),
        detail=detail,
    )


def request_at_hand() -> HttpRequest | None:
    """The request that this thread answers, if any."""
    return getattr(HistoricalRecords.context, "request", None)


def log_reading(
    *, user: User, clinic: Clinic, patient: Patient | None = None, filters: int = 0
) -> AuditEvent:
    """Record that somebody read the log of the clinic, or what it holds of one patient; `filters` were set."""
    return log_act(
        kind=Event.LOG_READ, user=user, clinic=clinic, patient=patient, detail={"filters": filters}
    )


def _codes(detail: dict[str, str | int]) -> dict[str, str | int]:
    for name, value in detail.items():
        if not isinstance(value, int) and not CODE.fullmatch(str(value)):
            raise ValueError(f"{name} holds a text; the log takes codes and counts")
    return {name: value if isinstance(value, int) else str(value) for name, value in detail.items()}


def _token_of(request: HttpRequest | None = None) -> dict[str, str | int]:
    """Which API token asks for what is being logged, by its identifier; nothing for a session or a command."""
    request = request or request_at_hand()
    label = getattr(getattr(request, "auth", None), "label", None)
    return {"token": str(label.pk)} if label is not None else {}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def log_change(
    *,
    record: models.Model,
    user: User | None,
    how: str,
    version: int | None = None,
    request: HttpRequest | None = None,
) -> AuditEvent:
    """Record that a record was changed; what it was and became stays in its history, at that version."""
    patient = patient_of(record)
    detail: dict[str, str | int] = {**_token_of(request), "record": record._meta.model_name or "", "how": how}
    if version is not None:
        detail["version"] = version
    detail |= statements.hash_detail_of(record)
    feed.note_record(record=record, patient=patient, how=how)
    request = request or request_at_hand()
    match = request.resolver_match if request else None
    event = AuditEvent(
        kind=Event.CHANGE,
        user=user,
        clinic_id=patient.clinic_id if patient else getattr(record, "clinic_id", None),
        patient=patient,
        photo=record if record._meta.model_name == "photo" else None,
        address=client_address(request) if request else None,
        page=match.view_name[:64] if match else "",
        detail=_codes(detail),
    )
    return _write([event], _why_open(request, patient.pk if patient else None))[0]


def log_result(*, record: Analysis, patient_id: uuid.UUID, clinic_id: uuid.UUID) -> AuditEvent:
    """Record that an analysis has its final result, which never changes from then on.

    record: as it was read from the database after it was written. The line holds the hash of that.
    """
    return AuditEvent.objects.create(
        kind=Event.RESULT,
        clinic_id=clinic_id,
        patient_id=patient_id,
        photo_id=record.photo_id,
        detail=_codes(
            {"record": record._meta.model_name or "", **statements.hash_detail_of(record, as_stored=True)}
        ),
    )


def _why_open(request: HttpRequest | None, patient_id: uuid.UUID | None) -> str:
    """The reason that the person gave when they opened this restricted record, whatever of it is shown or changed."""
    opened = getattr(request, "opened_records", {})
    return str(opened.get(str(patient_id), {}).get("reason", ""))


def _reader(request: HttpRequest) -> User:
    """Whoever is shown a record is somebody: a view asks for that before it shows one."""
    return cast("User", request.user)


def record_read(
    *,
    request: HttpRequest,
    patient: Patient,
    access: str,
    photo: Photo | None = None,
    reason: str = "",
) -> ReadEvent:
    """Record that this request showed something of the patient, under the name of its page, and why it was open."""
    match = request.resolver_match
    return log_read(
        user=_reader(request),
        clinic=patient.clinic,
        patient=patient,
        access=access,
        page=match.view_name if match else "",
        address=client_address(request),
        photo=photo,
        reason=reason or _why_open(request, patient.pk),
    )


def log_read(
    *,
    user: User,
    clinic: Clinic,
    patient: Patient,
    access: str,
    page: str,
    address: str | None,
    photo: Photo | None = None,
    reason: str = "",
) -> ReadEvent:
    """Record one read of a patient's record, photo or export."""
    event = ReadEvent(
        user=user,
        clinic=clinic,
        patient=patient,
        photo=photo,
        kind=access,
        page=page[:64],
        address=ip_or_none(address),
        detail=_token_of(),
    )
    _write([event], reason)
    return event


def record_reads(*, request: HttpRequest, patients: Iterable[Patient], access: str) -> None:
    """Record that one answer showed something of several patients, with one write however many they are."""
    match = request.resolver_match
    page, address = (match.view_name if match else "")[:64], client_address(request)
    token = _token_of(request)
    by_reason: dict[str, list[AuditEvent]] = {}
    for patient in {patient.pk: patient for patient in patients}.values():
        event = AuditEvent(
            user=request.user,
            clinic_id=patient.clinic_id,
            patient=patient,
            kind=access,
            page=page,
            address=address,
            detail={**token},
        )
        by_reason.setdefault(_why_open(request, patient.pk), []).append(event)
    for reason, events in by_reason.items():
        _write(events, reason)


def record_listed(*, request: HttpRequest, patients: Iterable[Patient]) -> None:
    """Record that a page named these patients; not again within ten minutes of a look at the same record or list."""
    shown = list(patients)
    known = selectors.looked_at_lately(user=_reader(request), patients=shown)
    new = [patient for patient in shown if patient.pk not in known]
    record_reads(request=request, patients=new, access=Access.LISTED)


def log_exports(
    *, user: User, clinic: Clinic, patient_id: uuid.UUID, photos: Iterable[Photo], page: str
) -> None:
    """Record that these photos of one patient were exported by a command, which has no address; one row a photo."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            user=user, clinic=clinic, patient_id=patient_id, photo=photo, kind=Access.EXPORT, page=page[:64]
        )
        for photo in photos
    )

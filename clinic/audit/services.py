"""What is written about who read what."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .models import Access, ReadEvent

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clinic.accounts.models import Clinic, User
    from clinic.patients.models import Patient
    from clinic.visits.models import Photo


def record_read(
    *, request: HttpRequest, patient: Patient, access: str, photo: Photo | None = None
) -> ReadEvent:
    """Record that this request showed something of the patient, under the name of its page."""
    match = request.resolver_match
    return log_read(
        user=request.user,  # type: ignore[arg-type]
        clinic=patient.clinic,
        patient=patient,
        access=access,
        page=match.view_name if match else "",
        address=request.META.get("REMOTE_ADDR"),
        photo=photo,
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
) -> ReadEvent:
    """Record one read of a patient's record, photo or export."""
    return ReadEvent.objects.create(
        user=user,
        clinic=clinic,
        patient=patient,
        photo=photo,
        access=access,
        page=page[:64],
        address=_ip(address),
    )


def record_reads(*, request: HttpRequest, patients: Iterable[Patient], access: str) -> None:
    """Record that one answer showed something of several patients, with one write however many they are."""
    match = request.resolver_match
    page, address = (match.view_name if match else "")[:64], _ip(request.META.get("REMOTE_ADDR"))
    ReadEvent.objects.bulk_create(
        ReadEvent(
            user=request.user,  # type: ignore[misc]
            clinic_id=patient.clinic_id,
            patient=patient,
            access=access,
            page=page,
            address=address,
        )
        for patient in {patient.pk: patient for patient in patients}.values()
    )


def log_exports(
    *, user: User, clinic: Clinic, patient_id: uuid.UUID, photos: Iterable[Photo], page: str
) -> None:
    """Record that these photos of one patient were exported by a command, which has no address; one row a photo."""
    ReadEvent.objects.bulk_create(
        ReadEvent(
            user=user, clinic=clinic, patient_id=patient_id, photo=photo, access=Access.EXPORT, page=page[:64]
        )
        for photo in photos
    )


def _ip(address: str | None) -> str | None:
    """The address if it is one; a server behind a socket has none."""
    try:
        return str(ipaddress.ip_address(address or ""))
    except ValueError:
        return None

"""What the API alone reads."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from clinic.common.folding import tidy_number
from clinic.patients.models import Patient
from clinic.visits.models import Confirmation, Photo, Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clinic.accounts.models import User
    from clinic.visits.models import Visit


def twin_of(*, user: User, visit: Visit, original_sha256: str) -> uuid.UUID | None:
    """The current photo of the visit, or else of its patient, that was made from the same file."""
    twins = dict(
        Photo.objects.visible_to(user)
        .current()
        .filter(visit__patient_id=visit.patient_id, original_sha256=original_sha256)
        .values_list("visit_id", "pk")
    )
    return twins.get(visit.pk) or next(iter(twins.values()), None)


def authors_of(*, records: Sequence[Any]) -> dict[uuid.UUID, User]:
    """Who made these records, all of one kind, by the first line of each one's history."""
    if not records:
        return {}
    lines = type(records[0]).history.filter(id__in=[record.pk for record in records], history_type="+")
    named = lines.filter(history_user__isnull=False).select_related("history_user")
    return {line.id: line.history_user for line in named}


def people_of(*, visits: Sequence[uuid.UUID]) -> dict[uuid.UUID, User]:
    """Who saw the patient, by visit, and who gave the newest word, by photo."""
    seen = Visit.objects.filter(pk__in=visits).select_related("clinician").only("pk", "clinician")
    words = (
        Confirmation.objects.filter(photo__visit_id__in=visits).select_related("by").only("photo_id", "by")
    )
    return {
        **{visit.pk: visit.clinician for visit in seen},
        **{word.photo_id: word.by for word in words.order_by("created_at", "pk")},
    }


def holder_of(*, clinic_id: uuid.UUID, record_number: str) -> Patient | None:
    """Who has that record number in the clinic, also where the record is closed: its members may know that much."""
    number = tidy_number(record_number)
    return Patient.objects.filter(clinic_id=clinic_id, record_number__iexact=number).first()

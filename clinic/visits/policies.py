"""What may be done to a visit and its photos; each asks the role in the patient's clinic."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from clinic.accounts import policies

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User
    from clinic.patients.models import Patient

    from .models import Photo, Visit


def can_create_visit(user: User | AnonymousUser, patient: Patient) -> bool:
    """Visits of an archived patient are history: they can be read, not added to."""
    return not patient.is_closed and policies.can_write_records(user, patient.clinic_id)


def can_edit_visit(user: User | AnonymousUser, visit: Visit) -> bool:
    """Write the impression and the grade."""
    return visit.archived_at is None and can_archive_visit(user, visit)


def can_archive_visit(user: User | AnonymousUser, visit: Visit) -> bool:
    """Archive a visit or bring it back; an archived patient's visits stay as they are."""
    return not visit.patient.is_closed and policies.can_write_records(user, visit.patient.clinic_id)


def can_upload(user: User | AnonymousUser, visit: Visit) -> bool:
    return can_edit_visit(user, visit)


def can_edit_photo(user: User | AnonymousUser, photo: Photo) -> bool:
    """Change which exercise it shows, or have its analysis tried again."""
    return photo.archived_at is None and can_edit_visit(user, photo.visit)


def can_archive_photo(user: User | AnonymousUser, photo: Photo) -> bool:
    return can_edit_visit(user, photo.visit)


def can_read_file(user: User | AnonymousUser, photo: Photo) -> bool:
    """See the photo itself: whoever reads the clinic's records may."""
    return policies.can_read_records(user, photo.visit.patient.clinic_id)


def can_confirm(user: User | AnonymousUser, photo: Photo) -> bool:
    return (
        photo.archived_at is None
        and photo.visit.archived_at is None
        and not photo.visit.patient.is_closed
        and policies.can_confirm(user, photo.visit.patient.clinic_id)
    )


def can_confirm_visit(user: User | AnonymousUser, visit: Visit) -> bool:
    """Have a word on a whole visit."""
    return (
        visit.archived_at is None
        and not visit.patient.is_closed
        and policies.can_confirm(user, visit.patient.clinic_id)
    )


def can_export_training_set(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """Take photos of patients who consent to model training out of the clinic: for the clinic's own head to answer."""
    return policies.can_administer(user, clinic_id)


def can_check_quickly(user: User | AnonymousUser, clinic_id: uuid.UUID) -> bool:
    """Have a photo looked at without a patient: whoever treats patients."""
    return policies.can_confirm(user, clinic_id)

"""What is safe to put right: nothing here deletes, and nothing here changes what a clinician or a model said."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist

from clinic.audit.alterations import altered
from clinic.operations.models import IntegrityCheck
from clinic.recovery import standing
from clinic.recovery.services import refresh_summary
from clinic.store import encryption, files, keyring
from clinic.store.stores import photo_store
from clinic.validation import tallies
from clinic.visits import intake
from clinic.visits.models import Photo
from clinic.visits.orphans import rows_of
from inference import services as inference
from inference.models import Analysis

from .codes import Fault

logger = logging.getLogger(__name__)


def repair(found: Fault) -> bool:
    """Put it right; False where that is not to be done by a program, or did not work."""
    way = WAYS.get(found.code)
    if way is None:
        return False
    try:
        return way(found.subject)
    except (OSError, ObjectDoesNotExist, files.DecryptionError, ValueError) as error:
        logger.error("%s of %s could not be repaired: %s", found.code, found.subject, type(error).__name__)
        return False


def thumbnail(photo_id: str) -> bool:
    """Make the small picture anew from the photo itself, under the name that the row knows."""
    photo = Photo.objects.select_related("visit__patient__clinic").get(pk=photo_id)
    name = photo.thumbnail.name or ""
    content = intake.thumbnail_of(files.read(photo))
    if keyring.is_on():
        content = encryption.encrypt(content, clinic_id=photo.visit.patient.clinic_id, name=name)
    return bool(name and files.put(name, content))


def aside(place: str) -> bool:
    """Move a file that belongs to nobody out of the way, where it can be looked at and deleted by hand."""
    return not any(rows_of([place])) and photo_store().set_aside(place)


def cancel(analysis_id: str) -> bool:
    """Take the removed photo's waiting analysis off the queue, as removing it should have done."""
    analysis = Analysis.everything.select_related("photo").get(pk=analysis_id)
    return analysis.photo.archived_at is not None and inference.cancel(photo=analysis.photo) > 0


def summary(patient_id: str) -> bool:
    """Make the lists' figures anew from the records, unless those are not what the log says of them."""
    if altered(patient_id=uuid.UUID(patient_id)):
        return False
    refresh_summary(patient_id=uuid.UUID(patient_id), afresh=True)
    return True


def ledger(clinic_id: str) -> bool:
    """Make the clinic's counts of releases the sum over its visits again."""
    return tallies.settle(clinic_id=uuid.UUID(clinic_id))


def list_counts(clinic_id: str) -> bool:
    """Make the counts of the clinic's lists the sum over its patients again."""
    return standing.settle(clinic_id=uuid.UUID(clinic_id))


WAYS: dict[str, Callable[[str], bool]] = {
    "thumbnail_missing": thumbnail,
    "thumbnail_unreadable": thumbnail,
    "orphan_file": aside,
    "leftover_part": aside,
    "open_of_archived": cancel,
    "summary_differs": summary,
    "ledger_differs": ledger,
    "list_counts_differ": list_counts,
}


def repair_for(check: IntegrityCheck) -> Callable[[Fault], bool]:
    """What is done with each finding of that check."""
    return repair if check.repairs else lambda _found: False

"""What the API alone reads."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from clinic.visits.models import Photo

if TYPE_CHECKING:
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

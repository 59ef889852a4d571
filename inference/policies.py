"""What may be done with analyses; each asks the role in the photo's clinic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.accounts import policies

from .errors import explain
from .jobs.states import Status

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User

    from .models import Analysis


def can_retry(user: User | AnonymousUser, analysis: Analysis) -> bool:
    """Have a failed analysis tried again, where another try can help."""
    return (
        analysis.status == Status.FAILED
        and explain(analysis.error_code).retry
        and policies.can_write_records(user, analysis.photo.visit.patient.clinic_id)
    )


def can_correct(user: User | AnonymousUser, analysis: Analysis) -> bool:
    """Put points of the face where they belong: whoever may have a word on what was found."""
    visit = analysis.photo.visit
    return (
        analysis.photo.archived_at is None
        and visit.archived_at is None
        and not visit.patient.is_closed
        and policies.can_confirm(user, visit.patient.clinic_id)
    )

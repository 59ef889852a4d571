"""The visits on which no clinician has had a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.recovery.models import VisitSummary
from clinic.visits.selectors import visible_visits

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User
    from clinic.visits.models import VisitQuerySet


def review_queue(*, user: User, clinic: Clinic) -> VisitQuerySet:
    """Visits of the clinic with a result on which no clinician has had a word, the oldest first."""
    return (
        visible_visits(user=user)
        .current()
        .filter(patient__archived_at__isnull=True, summary__clinic=clinic, summary__waiting=True)
        .order_by("summary__at", "created_at")
    )


def review_count(*, clinic: Clinic) -> int:
    """How many those are."""
    return VisitSummary.objects.filter(clinic=clinic, waiting=True).count()

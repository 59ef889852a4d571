"""Visits whose photos a patient sends from home: nobody of the clinic has seen them until somebody says so, or says
something of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from clinic.common.summaries import summaries
from clinic.common.writing import lock, save

if TYPE_CHECKING:
    from clinic.accounts.models import User

    from .models import Visit


def take_over(visit: Visit, user: User) -> list[str]:
    """Whoever says something of it has seen it; the fields that this changes."""
    if not visit.is_from_home or visit.seen_at is not None:
        return []
    visit.seen_at, visit.clinician = timezone.now(), user
    return ["seen_at", "clinician"]


@transaction.atomic
def note_seen(*, user: User, visit: Visit) -> Visit:
    """Somebody has looked at what was sent, and needs to say no more of it."""
    lock(visit)
    if changed := take_over(visit, user):
        save(visit, user=user, only=changed)
        summaries().refresh(patient_id=visit.patient_id, visits=[visit.pk])
    return visit

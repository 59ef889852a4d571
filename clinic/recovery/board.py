"""Today's board: the patients who need attention, and the day's visits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from clinic.common.dates import today
from clinic.patients.models import Patient
from clinic.visits.models import Visit

from .attention import AttentionItem, attention, attention_count

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User


@dataclass(frozen=True, slots=True)
class PatientReasons:
    """One patient with every reason to look, the most urgent first."""

    patient: Patient
    items: tuple[AttentionItem, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """What Today shows. `total` counts all who need attention, of whom `patients` names the most urgent."""

    patients: tuple[PatientReasons, ...]
    total: int
    visits: tuple[Visit, ...]
    any_patients: bool

    @property
    def unnamed(self) -> int:
        """How many more there are."""
        return max(0, self.total - len(self.patients))


def today_board(*, user: User, clinic: Clinic) -> Board:
    """Today's board of the clinic for that user, in a fixed number of queries."""
    grouped: dict[Patient, list[AttentionItem]] = {}
    for item in attention(user=user, clinic=clinic):
        grouped.setdefault(item.patient, []).append(item)
    patients = tuple(PatientReasons(patient, tuple(items)) for patient, items in grouped.items())
    visits = tuple(_visits_of_today(user, clinic))
    return Board(
        patients=patients,
        total=attention_count(user=user, clinic=clinic),
        visits=visits,
        any_patients=bool(patients or visits)
        or Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=True).exists(),
    )


def _visits_of_today(user: User, clinic: Clinic) -> QuerySet[Visit]:
    midnight = dt.datetime.combine(today(), dt.time.min)
    start, end = (timezone.make_aware(midnight + dt.timedelta(days=days)) for days in (0, 1))
    return (
        Visit.objects.visible_to(user)
        .filter(
            patient__clinic=clinic,
            archived_at__isnull=True,
            at__gte=start,
            at__lt=end,
        )
        .select_related("patient", "episode", "clinician")
        .annotate(
            photo_count=Count("photos", filter=Q(photos__archived_at__isnull=True)),
        )
        .order_by("at", "created_at")
    )

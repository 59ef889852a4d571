"""Today's board: how much there is to do, who needs attention, the day's visits, and who was seen last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from clinic.common.dates import today
from clinic.home.selectors import unseen_visits
from clinic.patients.models import Episode, Patient
from clinic.recovery.models import Shelf
from clinic.visits.models import Visit
from inference.selectors import open_counts

from .attention import AttentionItem, Counts, attention, counts
from .listed import is_kept

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User


RECENT: Final = 6
"""How many of the patients seen last Today names."""


@dataclass(frozen=True, slots=True)
class PatientReasons:
    """One patient with every reason to look, the most urgent first."""

    patient: Patient
    items: tuple[AttentionItem, ...]

    @property
    def is_urgent(self) -> bool:
        """Whether there is more than results to confirm, which wait without harm."""
        return any(item.kind != "confirm" for item in self.items)


@dataclass(frozen=True, slots=True)
class Work:
    """How much there is to do, and how many photos are being analysed, and visits from home unseen."""

    counts: Counts
    analysing: int
    from_home: int

    @property
    def signature(self) -> str:
        """Changes with what the lists under it would show."""
        return f"{self.counts.urgent}-{self.counts.to_confirm}-{self.counts.failed}-{self.from_home}"


@dataclass(frozen=True, slots=True)
class Board:
    """What Today shows. `patients`: who needs attention, the most urgent first, then who has visits to confirm; of
    many only the first."""

    work: Work
    patients: tuple[PatientReasons, ...]
    visits: tuple[Visit, ...]
    recent: tuple[Patient, ...]
    any_patients: bool

    @property
    def urgent(self) -> tuple[PatientReasons, ...]:
        """Patients with a reason that can't wait."""
        return tuple(one for one in self.patients if one.is_urgent)

    @property
    def to_confirm(self) -> tuple[PatientReasons, ...]:
        """Patients who only have results to confirm."""
        return tuple(one for one in self.patients if not one.is_urgent)

    @property
    def named(self) -> list[Patient]:
        """Every patient whose name it shows, each once."""
        shown = (one.patient for one in self.patients), (visit.patient for visit in self.visits), self.recent
        return list({patient.pk: patient for part in shown for patient in part}.values())

    @property
    def unnamed(self) -> int:
        """How many more need attention."""
        return max(0, self.work.counts.urgent - len(self.urgent))


def work(*, user: User, clinic: Clinic) -> Work:
    """How much there is to do, in three queries: the page asks again while photos are being analysed."""
    open_now = open_counts(clinic_id=clinic.pk)
    from_home = unseen_visits(user=user, clinic=clinic).count()
    return Work(counts(user=user, clinic=clinic), sum(open_now.values()), from_home)


def today_board(*, user: User, clinic: Clinic) -> Board:
    """Today's board of the clinic for that user, in a fixed number of queries."""
    grouped: dict[Patient, list[AttentionItem]] = {}
    kept = is_kept(user=user, clinic=clinic)
    for item in attention(user=user, clinic=clinic, kept=kept):
        grouped.setdefault(item.patient, []).append(item)
    patients = tuple(PatientReasons(patient, tuple(items)) for patient, items in grouped.items())
    visits = tuple(_visits_of_today(user, clinic))
    recent = tuple(_seen_lately(user, clinic, kept))
    return Board(
        work=work(user=user, clinic=clinic),
        patients=patients,
        visits=visits,
        recent=recent,
        any_patients=bool(patients or visits or recent)
        or Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=True).exists(),
    )


def _seen_lately(user: User, clinic: Clinic, kept: bool) -> QuerySet[Patient]:
    """The patients seen last, whose records are opened again soonest. kept: see `is_kept`."""
    shelf = {"summary__clinic": clinic, "summary__shelf": Shelf.LISTS} if kept else {}
    newest = Episode.objects.filter(patient=OuterRef("pk")).order_by("-onset_date", "-created_at")
    return (
        Patient.objects.visible_to(user)
        .filter(clinic=clinic, archived_at__isnull=True, summary__last_visit_at__isnull=False, **shelf)
        .select_related("summary")
        .annotate(weak_side=Subquery(newest.values("weak_side")[:1]))
        .order_by("-summary__last_visit_at", "pk")[:RECENT]
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

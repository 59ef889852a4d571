"""What is read about patients: their episodes and consents, whom a new one may be, and which records are closed."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404

from . import lookup
from .models import Consent, ConsentUse, Episode, Patient, Treatment

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import Clinic, User


def likely_duplicates(
    *, user: User | AnonymousUser, clinic: Clinic, name: str, birth_date: dt.date | None
) -> list[Patient]:
    """Patients who may be the same person, archived ones too: one name however written, and birth dates that agree."""
    alike = lookup.words_match(name.split())
    candidates = Patient.objects.visible_to(user).filter(alike, clinic=clinic)
    return [
        patient
        for patient in candidates.order_by("archived_at", "record_number")
        if lookup.same_name(patient.name, name) and lookup.birth_dates_agree(patient.birth_date, birth_date)
    ][:5]


def found_by(*, user: User | AnonymousUser, clinic: Clinic, text: str) -> QuerySet[Patient]:
    """The clinic's patients on record in whose name, record number or telephone each of the words stands, or whose
    birth date or telephone all of them are."""
    each = lookup.words_match(text.split()[: lookup.MOST_WORDS])
    on_record = Patient.objects.visible_to(user).filter(clinic=clinic, archived_at__isnull=True)
    return on_record.filter(each | lookup.text_matches(text)).order_by("sort_name", "name", "pk")


def restricted(*, user: User | AnonymousUser, clinic: Clinic) -> list[Patient]:
    """The clinic's restricted records, with what an administrator needs to find one, and no more."""
    found = Patient.objects.locked_for(user).filter(clinic=clinic).select_related("clinic")
    return list(found.prefetch_related("restrictions", "erasures", "holds").order_by("-restricted_at"))


def restricted_count(*, user: User | AnonymousUser, clinic: Clinic) -> int:
    """How many of the clinic's records no list shows."""
    return Patient.objects.locked_for(user).filter(clinic=clinic).count()


def locked(*, user: User | AnonymousUser, pk: uuid.UUID) -> Patient:
    """A restricted record of the user's own clinic; Http404 for any other."""
    return get_object_or_404(Patient.objects.locked_for(user).select_related("clinic"), pk=pk)


def current_episode(*, patient: Patient) -> Episode | None:
    """The patient's newest episode, from whose onset the weeks are counted."""
    return patient.episodes.order_by("-onset_date", "-created_at").first()


def episodes_of(*, patient: Patient) -> list[Episode]:
    """The patient's episodes, newest first, each with its treatments in force as `current_treatments`."""
    treatments = Treatment.objects.filter(archived_at__isnull=True).order_by("date", "created_at")
    return list(
        patient.episodes.annotate(
            visit_count=Count("visits", filter=Q(visits__archived_at__isnull=True))
        ).prefetch_related(Prefetch("treatments", treatments, to_attr="current_treatments"))
    )


@dataclass(frozen=True, slots=True)
class ConsentState:
    """One use of the photos: the consent in force, if any, and all that were ever given."""

    use: str
    label: str
    in_force: Consent | None
    past: list[Consent]


def consent_states(*, patient: Patient) -> list[ConsentState]:
    """Where the patient's consent stands for each use, with its history, in one query."""
    rows = list(Consent.objects.filter(patient=patient).select_related("recorded_by", "revoked_by"))
    return [
        ConsentState(
            use=use,
            label=str(label),
            in_force=next((row for row in rows if row.use == use and row.revoked_at is None), None),
            past=[row for row in rows if row.use == use and row.revoked_at is not None],
        )
        for use, label in ConsentUse.choices
    ]

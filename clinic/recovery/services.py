"""Keeps each patient's summary current; lists, Today and the API read it instead of the photos."""

from __future__ import annotations

import uuid

from django.db import transaction

from clinic.examination.services import raise_for_eyes
from clinic.feed import services as feed
from clinic.feed.models import What
from clinic.patients.models import Episode, Patient
from clinic.visits.models import Visit
from inference.states import Status

from . import measures, rules
from .models import PatientSummary
from .reading import measured_visits


@transaction.atomic
def refresh_summary(*, patient_id: uuid.UUID) -> PatientSummary:
    """Make the patient's summary anew from the records, one refresh of a patient at a time."""
    PatientSummary.objects.get_or_create(patient_id=patient_id)
    # Two workers that finish two photos of one patient: the second waits, and then sees the first's result.
    summary = PatientSummary.objects.select_for_update().get(patient_id=patient_id)
    before = _shown(summary)
    episode_id = (
        Episode.objects.filter(patient_id=patient_id)
        .order_by("-onset_date", "-created_at")
        .values_list("pk", flat=True)
        .first()
    )
    visits = list(
        Visit.objects.filter(patient_id=patient_id, archived_at__isnull=True)
        .order_by("at", "created_at")
        .only("pk", "at", "grade", "episode_id")
    )
    measured = measured_visits(visit_ids=[visit.pk for visit in visits])
    summary.visits = len(visits)
    summary.last_visit_at = visits[-1].at if visits else None
    summary.to_retake = len(measured[visits[-1].pk].to_retake) if visits else 0
    photos = [photo for one in measured.values() for photo in one.photos]
    summary.failed = sum(photo.status == Status.FAILED for photo in photos)
    summary.to_confirm = sum(photo.status == Status.SUCCEEDED and photo.confirmed is None for photo in photos)
    _set_course(summary, [(visit, measured[visit.pk]) for visit in visits if visit.episode_id == episode_id])
    summary.save()
    raise_for_eyes(patient_id=patient_id)
    if _shown(summary) != before:
        # The figures stand in the patient's own representation.
        clinic_id = Patient.objects.values_list("clinic_id", flat=True).get(pk=patient_id)
        feed.note_patient(patient=patient_id, clinic=clinic_id, what=What.CHANGED)
    return summary


def _shown(summary: PatientSummary) -> list[object]:
    """The figures, but for the time at which they were made."""
    return [
        getattr(summary, field.attname)
        for field in summary._meta.concrete_fields
        if field.name != "updated_at"
    ]


def _set_course(summary: PatientSummary, visits: list[tuple[Visit, measures.Measured]]) -> None:
    """What the visits of the newest episode say; an earlier illness is another story."""
    last = measures.last_change([measured for _, measured in visits])
    summary.change = last[2] if last else None
    summary.worse = measures.is_worse(summary.change)
    # Drawn as one line: composites of other exercises than the newest's would be steps that no face made.
    basis = next((measured.basis for _, measured in reversed(visits) if measured.basis), ())
    summary.symmetry = [
        None if measured.composite is None or measured.basis != basis else round(measured.composite, 3)
        for _, measured in visits[-rules.SUMMARY_VISITS :]
    ]
    grades = [measured.model_grade for _, measured in visits]
    summary.model_grade = next((one.grade for one in reversed(grades) if one is not None), None)
    given = [visit.grade or measured.confirmed_grade for visit, measured in visits]
    summary.clinician_grade = next((grade for grade in reversed(given) if grade is not None), None)


def rebuild_summaries(*, patient_ids: list[uuid.UUID] | None = None) -> int:
    """Make the summaries of those patients, or of all, anew; answers how many."""
    if patient_ids is None:
        patient_ids = list(Patient.objects.values_list("pk", flat=True))
    for patient_id in patient_ids:
        refresh_summary(patient_id=patient_id)
    return len(patient_ids)

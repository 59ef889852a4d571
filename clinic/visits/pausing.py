"""Taking a patient's photos off the queues of the analyses, and putting them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.patients.uses import for_record
from inference import services as analyses
from inference.jobs import backlog
from inference.jobs.states import Status

from .models import Photo

if TYPE_CHECKING:
    from clinic.patients.models import Patient


def stop_analyses(*, patient: Patient) -> None:
    """Take the patient's photos off both queues."""
    for photo in Photo.objects.filter(visit__patient=patient):
        analyses.cancel(photo=photo)
    backlog.cancel_of_patient(patient_id=patient.pk)


def resume_analyses(*, patient: Patient) -> None:
    """Queue the patient's photos whose analysis was taken off the queue, if their use is allowed again."""
    waiting = Photo.objects.current().filter(visit__patient=patient, analyses__status=Status.CANCELLED)
    for photo in waiting.filter(for_record("visit__patient")).distinct():
        analyses.queue_analysis(photo=photo)

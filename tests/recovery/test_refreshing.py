"""After each service the summary says what the records say."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from clinic.patients import services as patients
from clinic.recovery.models import PatientSummary, VisitSummary
from clinic.recovery.selectors import course, history
from clinic.recovery.services import refresh_summary
from clinic.visits import services as visits
from clinic.visits.confirming import confirm_visit
from inference import services as analyses
from inference.models import Analysis
from inference.pipeline.findings import Findings
from tests import factories

from . import scenes

pytestmark = pytest.mark.django_db


def summary(patient):  # type: ignore[no-untyped-def]
    """What is stored, which must be what a refresh would make."""
    stored = PatientSummary.objects.get(patient=patient)
    names = [field.name for field in PatientSummary._meta.fields if field.name != "updated_at"]
    kept = [getattr(stored, name) for name in names]
    courses = kept_courses(patient)
    fresh = refresh_summary(patient_id=patient.pk, afresh=True)
    assert kept == [getattr(fresh, name) for name in names]
    assert courses == kept_courses(patient)
    return stored


def kept_courses(patient):  # type: ignore[no-untyped-def]
    """What is kept of each visit, and is what its photos say."""
    names = [field.attname for field in VisitSummary._meta.concrete_fields]
    rows = list(VisitSummary.objects.filter(patient=patient).order_by("pk").values(*names))
    current = patient.visits.filter(archived_at=None).order_by("pk")
    assert [row["visit_id"] for row in rows] == list(current.values_list("pk", flat=True))
    for episode in patient.episodes.all():
        short, whole = (read(episode=episode) for read in (course, history))
        assert short.course == whole.course and short.mixed == whole.mixed
        for one, other in zip(short.visits, whole.visits, strict=True):
            assert one.known is None and one.waiting == other.waiting
            assert plain(one) == plain(other)
    return rows


def plain(figures):  # type: ignore[no-untyped-def]
    return json.loads(json.dumps([figures.figures, figures.kept_compared]))


def test_a_new_patient_has_one(clinic, clinician):
    patient = patients.create_patient(user=clinician, clinic=clinic, record_number="N-1", name="New")

    assert summary(patient).visits == 0


def test_visits_made_changed_archived_and_restored(clinician, patient, episode):
    visit = visits.create_visit(user=clinician, patient=patient, at=scenes.on(3), grade=4)
    assert (summary(patient).visits, summary(patient).clinician_grade) == (1, 4)

    visits.update_visit(user=clinician, visit=visit, grade=2)
    assert summary(patient).clinician_grade == 2

    visits.archive_visit(user=clinician, visit=visit)
    assert (summary(patient).visits, summary(patient).last_visit_at) == (0, None)

    visits.restore_visit(user=clinician, visit=visit)
    assert summary(patient).last_visit_at == scenes.on(3)


def test_photos_moved_to_another_exercise_archived_and_restored(clinician, patient, episode):
    visit = scenes.visit(episode, 3)
    photo = scenes.photo(visit, "smile")
    factories.rejected(photo)
    refresh_summary(patient_id=patient.pk)
    assert summary(patient).to_retake == 1

    scenes.analysed(visit, "rest")
    visits.change_exercise(user=clinician, photo=photo, exercise="rest")
    assert summary(patient).to_retake == 0

    visits.change_exercise(user=clinician, photo=photo, exercise="smile")
    visits.archive_photo(user=clinician, photo=photo)
    assert summary(patient).to_retake == 0

    # It waits for the release in use, which has not seen it.
    visits.restore_photo(user=clinician, photo=photo)
    assert (summary(patient).to_retake, photo.analyses.count()) == (0, 2)


def test_a_photo_stored_analysed_and_confirmed(clinician, patient, episode):
    visit = visits.create_visit(user=clinician, patient=patient, at=scenes.on(3))
    upload = SimpleUploadedFile("x.jpg", factories.jpeg(640, 800), "image/jpeg")
    photo = visits.store_photo(user=clinician, visit=visit, upload=upload, exercise="smile")
    assert (summary(patient).to_confirm, summary(patient).model_grade) == (0, None)

    analysis = Analysis.objects.get(photo=photo)
    analyses.finish(claim=analyses.claim(analysis_id=analysis.pk), findings=found(grade=3))
    assert (summary(patient).to_confirm, summary(patient).model_grade) == (1, None)

    confirm_visit(user=clinician, visit=visit, palsy=True, weak_side="left", grade=2)
    assert (summary(patient).to_confirm, summary(patient).clinician_grade) == (0, 2)


def test_a_rejected_and_a_failed_photo(clinician, patient, episode):
    visit = scenes.visit(episode, 3)
    one, two = (
        factories.AnalysisFactory(photo=scenes.photo(visit, exercise), queued=True)
        for exercise in ("rest", "smile")
    )

    analyses.reject(
        claim=analyses.claim(analysis_id=one.pk), findings=found(state="rejected", reason="blurred")
    )
    analyses.fail(claim=analyses.claim(analysis_id=two.pk), code="internal")

    assert (summary(patient).to_retake, summary(patient).failed) == (1, 1)


def test_a_new_episode_begins_a_new_course(clinician, patient, episode):
    visits.create_visit(user=clinician, patient=patient, at=scenes.on(3), grade=4)

    patients.open_episode(
        user=clinician, patient=patient, cause="stroke", weak_side="right", onset_date=scenes.on(9).date()
    )

    assert (summary(patient).visits, summary(patient).clinician_grade) == (1, None)


def found(*, state="succeeded", reason=None, grade=None) -> Findings:  # type: ignore[no-untyped-def]
    data = factories.findings(grade=grade or 3)
    if state == "rejected":
        return Findings(state=state, reason=reason, quality=data["quality"], release="x")
    return Findings(**{**data, "landmarks": factories.landmarks()})  # type: ignore[arg-type]

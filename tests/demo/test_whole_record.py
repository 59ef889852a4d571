"""What the demo's patients show a newcomer: one grade a visit wherever it stands, a relapse, an eye that stays open."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.accounts.models import User
from clinic.demo import people
from clinic.examination.models import Task, TaskKind
from clinic.overview.selectors import attention
from clinic.patients.models import Patient
from clinic.recovery.export import history_csv
from clinic.recovery.selectors import course, history, photos_in_file
from clinic.visits.models import Visit
from inference.pipeline import codes
from tests.conftest import logged_in
from tests.recovery.grades import grades_everywhere

from . import record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True
    settings.MODEL_ARTIFACTS_DIR = record.ARTIFACTS


@pytest.fixture
def clinician():
    record.loader.staff()
    return User.objects.get(email=people.LOGINS[0].email)


def key_of(number: int) -> str:
    """Of the patient with that place in the manifest, whose record number follows from it."""
    return str(record.manifest()["patients"][number - 101]["key"])


def test_every_visit_of_the_demo_has_one_grade_on_every_page(clinician):
    patients = record.load()
    assert Visit.objects.count() >= 36
    client = logged_in(clinician)
    for patient in patients:
        for visit, said in grades_everywhere(client, patient).items():
            assert len(set(said.values())) == 1, (patient.record_number, visit.at, said)


def test_every_file_of_the_demo_is_the_same_from_what_is_kept_and_from_the_photos(clinician):
    for patient in record.load():
        episode = patient.episodes.get()
        short = course(episode=episode)
        assert all(visit.is_kept for visit in short.visits)
        kept = history_csv(
            history=short,
            record_number=patient.record_number,
            photos=lambda some: photos_in_file(history=short, episode=episode, wanted=some),  # noqa: B023
        )
        assert kept == history_csv(history=history(episode=episode), record_number=patient.record_number)
        assert kept.count("\r\nmeasure,") > 4 * kept.count("\r\nphoto,") > 20


def test_the_fall_after_a_recovery_is_a_relapse_that_today_names(clinician):
    [patient] = record.load([key_of(105)], views=codes.VIEWS)
    assert patient.record_number == "M-0105"
    page = logged_in(clinician).get(reverse("patients:detail", args=[patient.pk])).content.decode()
    assert "fell from" in page and "course-worse" in page
    patient = Patient.objects.get(pk=patient.pk)
    assert patient.summary.worse
    [item] = [one for one in attention(user=clinician, clinic=patient.clinic) if one.kind == "worse"]
    assert "fell from" in item.sentence


def test_the_eye_that_stays_open_is_a_task_until_a_person_closes_it(clinician):
    [patient] = record.load([key_of(104)])
    assert patient.record_number == "M-0104"
    task = Task.objects.get(patient=patient)
    assert (task.kind, task.closed_at, bool(task.release)) == (TaskKind.EYE_CLOSURE, None, True)
    today = logged_in(clinician).get("/").content.decode()
    assert patient.name in today and reverse("examination:task", args=[task.pk]) in today


def test_a_stable_healthy_face_asks_for_nothing(clinician):
    [patient] = record.load([key_of(106)])
    assert not patient.summary.worse
    assert not Task.objects.exists()

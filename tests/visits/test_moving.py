"""What was filed in the wrong place is moved, said on both sides, and can be taken back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit.models import AuditEvent
from clinic.visits import selectors
from clinic.visits.models import Photo, Visit

from .. import factories
from ..conftest import logged_in
from . import pictures


@pytest.fixture
def other(clinic, clinician):
    """A visit of another patient of the clinic."""
    episode = factories.EpisodeFactory(patient__clinic=clinic)
    return factories.VisitFactory(episode=episode, clinician=clinician)


@pytest.fixture
def photo(visit):
    return factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit)).photo


def undo(client, answer):
    """Press the button of the message."""
    form = re.search(
        r'class="message-undo" method="post" action="([^"]+)">(.*?)</form>', answer.content.decode(), re.S
    )
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))
    return client.post(form[1], fields, follow=True)


def move(client, name, record, to):
    return client.post(reverse(name, args=[record.pk]), {"to": str(to.pk)}, follow=True)


def test_a_photo_moves_to_another_patient_and_back(as_clinician, photo, visit, other):
    answer = move(as_clinician, "visits:photo_move", photo, other)
    photo.refresh_from_db()
    assert photo.visit == other
    assert (visit.patient.summary.to_confirm, other.patient.summary.to_confirm) == (0, 1)
    for patient, how in ((visit.patient, "moved_away"), (other.patient, "moved_here")):
        assert AuditEvent.objects.filter(patient=patient, detail__how=how).exists()
    undo(as_clinician, answer)
    photo.refresh_from_db()
    assert photo.visit == visit


def test_a_visit_moves_with_its_photos(as_clinician, photo, visit, other):
    answer = move(as_clinician, "visits:visit_move", visit, other.episode)
    visit.refresh_from_db()
    assert (visit.patient, visit.episode) == (other.patient, other.episode)
    assert AuditEvent.objects.filter(patient=other.patient, detail__how="moved_here").exists()
    undo(as_clinician, answer)
    visit.refresh_from_db()
    assert visit.episode != other.episode


def test_a_visit_is_not_moved_before_its_illness(as_clinician, visit, other):
    type(other.episode).objects.filter(pk=other.episode_id).update(
        onset_date=timezone.localdate() + dt.timedelta(days=2)
    )
    other.episode.refresh_from_db()
    assert move(as_clinician, "visits:visit_move", visit, other.episode).status_code == 422


def test_the_target_s_consent_is_asked(as_clinician, photo, other, settings):
    settings.REQUIRE_RECORD_CONSENT = True
    answer = move(as_clinician, "visits:photo_move", photo, other)
    assert answer.status_code == 422 and "There is no consent" in answer.content.decode()


def test_a_twin_is_refused(as_clinician, photo, visit, other):
    factories.PhotoFactory(visit=other, original_sha256=photo.original_sha256)
    for name, record, to in (
        ("visits:photo_move", photo, other),
        ("visits:visit_move", visit, other.episode),
    ):
        answer = move(as_clinician, name, record, to)
        assert answer.status_code == 422 and "already there" in answer.content.decode()


def test_nothing_leaves_the_clinic(as_clinician, photo):
    far = factories.VisitFactory()
    assert move(as_clinician, "visits:photo_move", photo, far).status_code == 404
    photo.refresh_from_db()
    assert photo.visit != far


def test_the_search_finds_patients_of_the_clinic_alone(as_clinician, photo, other):
    far = factories.PatientFactory(name=other.patient.name)
    text = as_clinician.get(
        reverse("visits:photo_move", args=[photo.pk]), {"q": other.patient.record_number}
    ).content.decode()
    assert str(other.pk) in text and str(far.pk) not in text


@pytest.mark.parametrize(("role", "status"), [("reviewer", 403), ("integration", 403), ("stranger", 404)])
def test_who_may_not_move(role, status, photo, visit, other, request):
    client = logged_in(request.getfixturevalue(role))
    assert client.get(reverse("visits:photo_move", args=[photo.pk])).status_code == status
    assert (
        client.post(reverse("visits:visit_move", args=[visit.pk]), {"to": str(other.episode_id)}).status_code
        == status
    )


def test_each_removal_can_be_taken_back_at_once(as_clinician, photo, visit, episode):
    answer = as_clinician.post(reverse("visits:photo_archive", args=[photo.pk]), follow=True)
    assert Photo.objects.get(pk=photo.pk).archived_at
    assert [one.pk for one in selectors.removed_photos(visit=visit)] == [photo.pk]
    assert "1 removed photo" in answer.content.decode()
    undo(as_clinician, answer)
    assert not Photo.objects.get(pk=photo.pk).archived_at
    answer = as_clinician.post(reverse("visits:archive", args=[visit.pk]), follow=True)
    listed = as_clinician.get(reverse("patients:visits", args=[visit.patient_id])).content.decode()
    assert "1 archived visit" in listed and reverse("visits:restore", args=[visit.pk]) in listed
    undo(as_clinician, answer)
    assert not Visit.objects.get(pk=visit.pk).archived_at
    treatment = factories.TreatmentFactory(episode=episode)
    undo(
        as_clinician,
        as_clinician.post(reverse("patients:treatment_archive", args=[treatment.pk]), follow=True),
    )
    treatment.refresh_from_db()
    assert treatment.archived_at is None


def test_filing_under_another_exercise_can_be_taken_back(as_clinician, photo):
    address = reverse("visits:photo_exercise", args=[photo.pk])
    as_shown = {"exercise": "rest", "version": str(photo.version)}
    undo(as_clinician, as_clinician.post(address, as_shown, follow=True))
    photo.refresh_from_db()
    assert photo.exercise == "smile"
    as_shown["version"] = str(photo.version)
    card = as_clinician.post(address, as_shown, headers={"hx-request": "true"}).content.decode()
    assert '<input type="hidden" name="exercise" value="smile">' in card and "Undo" in card


def test_the_same_file_in_another_patient_s_record_is_asked_about(as_clinician, visit, other):
    data = pictures.encoded()

    def send(where, **fields):
        return as_clinician.post(
            reverse("visits:upload", args=[where.pk]),
            {"photo": pictures.upload(data), "exercise": "pucker", **fields},
            headers={"accept": "application/json"},
        )

    assert send(other).status_code == 201
    refused = send(visit)
    assert (refused.status_code, refused.json()["code"]) == (422, "same_elsewhere")
    assert other.patient.name not in refused.json()["detail"], "whose it is, is not told"
    assert not visit.photos.exists()
    assert send(visit, anyway="1").status_code == 201

"""What is told of a photo while the patient still sits there."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from clinic.visits.models import Photo
from inference.errors import TABLE
from tests import factories

from .pictures import encoded, picture
from .test_upload import send

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(patient, clinician):
    return factories.VisitFactory(episode=factories.EpisodeFactory(patient=patient), clinician=clinician)


def check(client, photo):
    return client.get(reverse("visits:photo_check", args=[photo.pk])).json()


def test_a_photo_that_waits_is_being_checked(as_clinician, visit):
    photo = factories.AnalysisFactory(photo__visit=visit, queued=True).photo
    assert check(as_clinician, photo)["state"] == "waiting"


@pytest.mark.parametrize("error", TABLE, ids=lambda error: error.code)
def test_every_reason_says_what_to_do(as_clinician, visit, error):
    photo = factories.PhotoFactory(visit=visit)
    (factories.rejected if error.kind == "rejected" else factories.failed)(photo, error.code)
    found = check(as_clinician, photo)
    assert found["state"] == ("retake" if error.kind == "rejected" else "failed")
    assert found["again"] == (error.kind == "rejected")
    assert str(error.sentence) in found["sentence"] and str(error.action) in found["sentence"]


@pytest.mark.parametrize(
    ("asked", "seen", "weak_side", "state"),
    [
        ("pucker", "pucker", "left", "good"),
        ("pucker", "open_mouth", "left", "other"),
        ("pucker", "rest", "left", "good"),  # hardly moves, which its weakness explains
        ("smile", "closed_smile", "left", "other"),
    ],
)
def test_it_is_told_whether_it_shows_what_was_asked_for(as_clinician, visit, asked, seen, weak_side, state):
    data = factories.findings(exercise=seen, weak_side=weak_side)
    photo = factories.AnalysisFactory(photo__visit=visit, photo__exercise=asked, data=data).photo
    assert check(as_clinician, photo)["state"] == state


def test_a_caution_says_what_the_next_photo_can_do_better(as_clinician, visit):
    data = factories.findings(exercise="pucker")
    data["quality"]["warnings"] = ["palsy_unsure", "dim"]
    photo = factories.AnalysisFactory(photo__visit=visit, photo__exercise="pucker", data=data).photo
    assert check(as_clinician, photo) == {
        "state": "good",
        "sentence": "Pucker can be judged. The light is dim.",
        "again": False,
    }


def test_a_photo_taken_again_takes_the_place_of_the_one_it_is_for(as_clinician, visit):
    first = Photo.objects.get(pk=send(as_clinician, visit, exercise="pucker").json()["id"])
    other = encoded("JPEG", picture(shade=9))
    answer = send(as_clinician, visit, other, exercise="pucker", replaces=str(first.pk))
    assert answer.status_code == 201
    first.refresh_from_db()
    assert first.archived_at is not None
    assert [str(photo.pk) for photo in visit.photos.filter(archived_at=None)] == [answer.json()["id"]]


def test_nothing_else_is_replaced(as_clinician, visit):
    rest = Photo.objects.get(pk=send(as_clinician, visit, exercise="rest").json()["id"])
    elsewhere = factories.PhotoFactory(visit__episode=visit.episode, exercise="pucker")
    for number, pk in enumerate((rest.pk, elsewhere.pk, uuid.uuid4())):
        other = encoded("JPEG", picture(shade=11 + number))
        send(as_clinician, visit, other, exercise="pucker", replaces=str(pk))
    for photo in (rest, elsewhere):
        photo.refresh_from_db()
        assert photo.archived_at is None

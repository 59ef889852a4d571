"""Two photos of one exercise: the choice, the measures beside them, and the aligned files."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from PIL import Image

from clinic.audit.models import Access, ReadEvent
from clinic.recovery.comparing import compare
from clinic.recovery.selectors import history
from tests import factories
from tests.conftest import logged_in

from . import scenes

pytestmark = pytest.mark.django_db


def chosen(episode, **wish):  # type: ignore[no-untyped-def]
    return compare(history=history(episode=episode), **wish)


def test_the_first_and_the_last_smile_stand_side_by_side(episode):
    for day in (3, 10, 30):
        scenes.measured(episode, day)

    found = chosen(episode)

    assert (found.exercise, [shot.visit.week for shot in found.strip]) == ("smile", [0, 1, 4])
    assert (found.a.visit.week, found.b.visit.week) == (0, 4)
    assert [key for key, _ in found.choices] == ["rest", "smile"]


def test_any_two_can_be_chosen(episode):
    for day in (3, 10, 30):
        scenes.measured(episode, day)
    first, second, third = chosen(episode, exercise="rest").strip

    found = chosen(episode, exercise="rest", a=str(third.photo_id), b=str(second.photo_id))

    assert (found.a, found.b, found.exercise) == (third, second, "rest")
    assert first != third


def test_nonsense_falls_back_to_the_first_and_the_last(episode):
    for day in (3, 10):
        scenes.measured(episode, day)

    found = chosen(episode, exercise="whistle", a="x", b="00000000-0000-0000-0000-000000000000")

    assert (found.exercise, found.a.visit.week, found.b.visit.week) == ("smile", 0, 1)


def test_the_measures_of_one_release_are_set_against_each_other(episode):
    scenes.measured(episode, 3, mouth=0.515)
    scenes.measured(episode, 30, mouth=0.625)

    mouth = chosen(episode).measures[0]

    assert (mouth.region, mouth.a, mouth.b) == ("mouth", 0.515, 0.625)
    # As they are written: 0.52 and 0.63.
    assert mouth.difference == 0.11
    assert mouth.sides_b == (20.0, 32.0)


def test_measures_of_two_releases_are_not(episode):
    scenes.measured(episode, 3, release="2026.11.1")
    scenes.measured(episode, 30, release="2027.2")

    found = chosen(episode)

    assert found.other_releases and not found.same_release
    assert {measure.difference for measure in found.measures} == {None}


def test_a_photo_that_waits_can_be_looked_at_but_not_aligned(as_clinician, patient, episode):
    scenes.measured(episode, 3)
    waiting = scenes.photo(scenes.visit(episode, 30), "smile")
    factories.AnalysisFactory(photo=waiting, queued=True)

    response = as_clinician.get(
        reverse("recovery:compare", args=[patient.pk]), {"exercise": "smile", "b": str(waiting.pk)}
    )

    page = response.content.decode()
    assert reverse("visits:file", args=[waiting.pk]) in page
    assert reverse("recovery:aligned", args=[waiting.pk]) not in page
    assert "Not aligned" in page


# --- the aligned file ---


@pytest.fixture
def photo(episode):  # type: ignore[no-untyped-def]
    return scenes.analysed(scenes.visit(episode, 3)).photo


def test_it_is_a_jpeg_of_the_frames_size_that_nothing_keeps_or_runs(as_clinician, photo):
    response = as_clinician.get(reverse("recovery:aligned", args=[photo.pk]))

    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(response.content)) as image:
        assert (image.size, image.format, image.getexif()) == ((720, 900), "JPEG", {})
    plain = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    for header in ("X-Content-Type-Options", "Content-Security-Policy", "Cross-Origin-Resource-Policy"):
        assert response[header] == plain[header]
    assert "no-store" in response["Cache-Control"]


def test_its_read_is_recorded_as_one_of_the_photo(as_clinician, clinician, photo):
    as_clinician.get(reverse("recovery:aligned", args=[photo.pk]))

    read = ReadEvent.objects.get()
    assert (read.photo, read.access, read.user) == (photo, Access.PHOTO, clinician)


def test_who_may_not_see_the_photo_may_not_see_it_aligned(client, as_stranger, integration, photo):
    address = reverse("recovery:aligned", args=[photo.pk])

    assert as_stranger.get(address).status_code == 404
    assert logged_in(integration).get(address).status_code == 403
    assert client.get(address).status_code == 302
    assert not ReadEvent.objects.exists()


def test_a_reviewer_may(reviewer, photo):
    assert logged_in(reviewer).get(reverse("recovery:aligned", args=[photo.pk])).status_code == 200


def test_without_landmarks_or_file_there_is_nothing(as_clinician, episode, photo):
    rejected = scenes.photo(scenes.visit(episode, 4))
    factories.rejected(rejected)
    assert as_clinician.get(reverse("recovery:aligned", args=[rejected.pk])).status_code == 404

    photo.image.storage.delete(photo.image.name)
    assert as_clinician.get(reverse("recovery:aligned", args=[photo.pk])).status_code == 404
    assert not ReadEvent.objects.exists()

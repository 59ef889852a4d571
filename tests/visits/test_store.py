"""A photo is stored whole, with its row and its place in the queue, or not at all."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError
from django.utils import timezone

from clinic.recovery.summaries import CourseSummaries
from clinic.store import files
from clinic.visits import services
from clinic.visits.models import Photo
from clinic.visits.refusals import IntakeError
from inference import services as inference_services
from inference.jobs.states import Status
from inference.models import Analysis

from .. import factories
from .pictures import encoded, picture, upload


def store(visit, data=None, name="photo.jpg", **options):
    options = {"exercise": "smile", **options}
    return services.store_photo(
        user=visit.clinician, visit=visit, upload=upload(data or encoded(), name), **options
    )


def refused(visit, data=None, **options) -> str:
    with pytest.raises(IntakeError) as caught:
        store(visit, data, **options)
    return caught.value.code


@pytest.fixture
def stored_files(photo_folder):
    """All files below the photos' folder, by their path in it."""
    return lambda: sorted(
        str(path.relative_to(photo_folder)) for path in photo_folder.rglob("*") if path.is_file()
    )


def test_a_photo_is_stored_with_its_files_and_its_place_in_the_queue(visit, photo_folder, stored_files):
    photo = store(visit, exercise="sneer", side="left")
    content = (photo_folder / photo.image.name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == photo.sha256
    assert (len(content), 240, 300) == (photo.size, photo.width, photo.height)
    assert photo.original_sha256 == hashlib.sha256(encoded()).hexdigest()
    assert (photo.exercise, photo.side, photo.uploaded_by) == ("sneer", "left", visit.clinician)
    assert stored_files() == sorted([photo.image.name, photo.thumbnail.name])
    assert Analysis.objects.get(photo=photo).status == Status.QUEUED
    assert photo.history.get().history_user == visit.clinician


def test_the_analysis_is_published_only_once_the_photo_is_committed(
    visit, monkeypatch, django_capture_on_commit_callbacks
):
    published = []
    monkeypatch.setattr(
        "inference.jobs.publish.analysis_now", lambda *, analysis_id: published.append(analysis_id)
    )
    with django_capture_on_commit_callbacks(execute=True):
        photo = store(visit)
        assert published == []
    assert published == [Analysis.objects.get(photo=photo).pk]


def test_names_of_files_are_random_and_tell_nothing(visit, stored_files):
    store(visit, name="jane-doe-1980.jpg")
    names = stored_files()
    assert len(names) == 2
    for name in names:
        assert re.fullmatch(r"([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{28}\.jpg", name)


def test_photos_live_outside_what_is_served_as_static_or_media(visit, as_clinician, photo_folder):
    folder = Path(settings.STORAGES["photos"]["OPTIONS"]["location"]).resolve()
    assert folder == photo_folder.resolve()
    public = [settings.STATIC_ROOT, settings.MEDIA_ROOT, *settings.STATICFILES_DIRS]
    for place in filter(None, public):
        assert not folder.is_relative_to(Path(place).resolve())
    photo = store(visit)
    for start in ("/", "/static/", "/media/", "/photos/"):
        assert as_clinician.get(start + photo.image.name).status_code == 404


def test_the_time_of_the_camera_counts_else_that_of_the_visit(episode, clinician):
    long_ago = timezone.now() - timezone.timedelta(days=40)
    earlier = factories.VisitFactory(episode=episode, clinician=clinician, at=long_ago)
    assert store(earlier).taken_at == long_ago
    today = factories.VisitFactory(episode=episode, clinician=clinician)
    assert abs(store(today, encoded(image=picture(shade=9))).taken_at - timezone.now()) < timezone.timedelta(
        minutes=1
    )


def test_a_side_is_kept_for_a_sided_exercise_alone(visit):
    assert store(visit, exercise="smile", side="left").side == ""
    assert store(visit, encoded(image=picture(shade=3)), exercise="sneer", side="right").side == "right"


@pytest.mark.parametrize("exercise, side", [("juggle", ""), ("", ""), ("sneer", "both")])
def test_an_exercise_that_the_protocol_does_not_have(visit, stored_files, exercise, side):
    assert refused(visit, exercise=exercise, side=side) == "unknown_exercise"
    assert stored_files() == []


def test_the_same_photo_twice_in_a_visit(visit, stored_files):
    store(visit)
    before = stored_files()
    assert refused(visit, exercise="rest") == "same_in_visit"
    assert stored_files() == before
    assert Photo.objects.count() == 1


def test_the_same_photo_in_another_visit_of_the_patient_names_the_day(visit, episode):
    other = factories.VisitFactory(
        episode=episode, clinician=visit.clinician, at=visit.at - timezone.timedelta(days=7)
    )
    store(other)
    with pytest.raises(IntakeError) as caught:
        store(visit)
    assert caught.value.code == "same_in_patient"
    assert str(other.at.year) in caught.value.sentence


def test_another_patient_s_photos_are_not_told_of(visit, clinic):
    other = factories.VisitFactory(episode__patient__clinic=clinic, clinician=visit.clinician)
    assert store(other).original_sha256 == store(visit).original_sha256


def test_a_removed_photo_may_be_uploaded_again_and_then_not_brought_back(visit):
    photo = store(visit)
    services.archive_photo(user=visit.clinician, photo=photo)
    store(visit)
    with pytest.raises(IntakeError) as caught:
        services.restore_photo(user=visit.clinician, photo=photo)
    assert caught.value.code == "same_in_visit"


@pytest.mark.parametrize("data", [b"", b"text", encoded()[:400]])
def test_nothing_is_left_of_a_refused_file(visit, stored_files, data):
    with pytest.raises(IntakeError):
        services.store_photo(user=visit.clinician, visit=visit, upload=upload(data), exercise="smile")
    assert stored_files() == []
    assert not Photo.objects.exists()


@pytest.mark.parametrize("step", ["save", "queue_analysis", "refresh_summary"])
def test_nothing_is_left_when_the_database_fails_after_the_file_is_written(
    visit, stored_files, monkeypatch, step
):
    def fail(*args, **kwargs):
        raise DatabaseError("disk full")

    target = {
        "save": (Photo, "save"),
        "queue_analysis": (inference_services, "queue_analysis"),
        "refresh_summary": (CourseSummaries, "refresh"),
    }[step]
    monkeypatch.setattr(*target, fail)
    with pytest.raises(DatabaseError):
        store(visit)
    assert stored_files() == []
    assert not Photo.objects.exists()
    assert not Analysis.objects.exists()


def test_nothing_is_left_when_the_second_file_can_t_be_written(visit, stored_files, monkeypatch):
    write, written = files.write, []

    def once(content, *, clinic):
        if written:
            raise OSError("no space left on device")
        written.append(write(content, clinic=clinic))
        return written[0]

    monkeypatch.setattr(files, "write", once)
    assert refused(visit) == "not_stored"
    assert stored_files() == []


def test_two_uploads_of_the_same_photo_at_once_leave_one(visit, stored_files, monkeypatch):
    store(visit)
    before = stored_files()
    # As if the other had not been there yet when this one looked.
    monkeypatch.setattr(services, "_refuse_twice", lambda *args: None)
    assert refused(visit) == "same_in_visit"
    assert stored_files() == before


def test_another_integrity_error_is_not_taken_for_a_photo_stored_twice(visit, stored_files, monkeypatch):
    def fail(*args, **kwargs):
        raise IntegrityError("something else")

    monkeypatch.setattr(CourseSummaries, "refresh", fail)
    with pytest.raises(IntegrityError):
        store(visit)
    assert stored_files() == []


def test_a_file_is_never_seen_half_written(photo_folder, clinic, monkeypatch):
    seen = []

    def look(descriptor):
        seen.extend(path for path in photo_folder.rglob("*.jpg"))

    monkeypatch.setattr("clinic.store.folders.os.fsync", look)
    name = files.write(b"whole", clinic=clinic)
    assert seen == []
    assert (photo_folder / name).read_bytes() == b"whole"
    assert not list(photo_folder.glob("incoming/*"))

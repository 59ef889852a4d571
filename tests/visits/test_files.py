"""Photos are shown to whoever may see them, each look is recorded, and nothing else can be done with them."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clinic.accounts.models import Membership
from clinic.audit.models import Access, ReadEvent
from clinic.visits import services

from .. import factories
from ..conftest import logged_in
from .pictures import encoded, upload

BOTH = pytest.mark.parametrize("name", ["visits:file", "visits:thumbnail"])


@pytest.fixture
def photo(visit):
    return services.store_photo(user=visit.clinician, visit=visit, upload=upload(encoded()), exercise="smile")


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


@BOTH
def test_a_photo_is_sent_as_a_jpeg_that_can_do_nothing(name, as_clinician, photo):
    answer = as_clinician.get(reverse(name, args=[photo.pk]))
    assert answer.status_code == 200
    assert body(answer).startswith(b"\xff\xd8\xff")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Content-Disposition"] == 'inline; filename="photo.jpg"'
    assert "private" in answer["Cache-Control"]


def test_the_browser_keeps_no_copy_of_the_photo(as_clinician, photo):
    answer = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    assert answer["Cache-Control"] == "private, no-store"


def test_a_small_picture_is_asked_for_each_time_and_sent_once(as_clinician, photo):
    address = reverse("visits:thumbnail", args=[photo.pk])
    first = as_clinician.get(address)
    assert first["Cache-Control"] == "private, no-cache"
    again = as_clinician.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "private, no-cache"


def test_a_small_picture_is_not_shown_to_a_stranger_who_knows_its_tag(as_clinician, as_stranger, photo):
    address = reverse("visits:thumbnail", args=[photo.pk])
    tag = as_clinician.get(address)["ETag"]
    assert as_stranger.get(address, headers={"if-none-match": tag}).status_code == 404


@BOTH
@pytest.mark.parametrize(
    ("role", "status"),
    [("clinician", 200), ("administrator", 200), ("reviewer", 200), ("stranger", 404)],
)
def test_who_sees_photos(name, role, status, photo, request):
    client = logged_in(request.getfixturevalue(role))
    assert client.get(reverse(name, args=[photo.pk])).status_code == status


@BOTH
def test_nobody_sees_photos_without_logging_in(name, client, photo):
    assert client.get(reverse(name, args=[photo.pk])).status_code == 302


@BOTH
def test_a_former_colleague_sees_nothing(name, clinician, photo):
    Membership.objects.filter(user=clinician).update(is_active=False)
    assert logged_in(clinician).get(reverse(name, args=[photo.pk])).status_code == 403


@BOTH
def test_only_looking_is_allowed(name, as_clinician, photo):
    assert as_clinician.post(reverse(name, args=[photo.pk])).status_code == 405


def test_each_look_at_a_photo_is_recorded(as_clinician, clinician, photo):
    for _ in range(2):
        as_clinician.get(reverse("visits:file", args=[photo.pk]))
    reads = ReadEvent.objects.filter(photo=photo, kind=Access.PHOTO)
    assert reads.count() == 2
    read = reads.first()
    assert (read.user, read.patient, read.clinic, read.page) == (
        clinician,
        photo.visit.patient,
        photo.visit.patient.clinic,
        "visits:file",
    )


def test_a_page_that_asks_for_the_small_picture_often_is_one_look(as_clinician, as_reviewer, photo):
    address = reverse("visits:thumbnail", args=[photo.pk])
    for _ in range(3):
        as_clinician.get(address)
    as_reviewer.get(address)
    assert ReadEvent.objects.filter(photo=photo).count() == 2
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=11)):
        as_clinician.get(address)
    assert ReadEvent.objects.filter(photo=photo).count() == 3


def test_a_refused_look_is_not_recorded_as_one(as_stranger, photo):
    as_stranger.get(reverse("visits:file", args=[photo.pk]))
    assert not ReadEvent.objects.filter(photo=photo).exists()


@BOTH
def test_a_file_that_is_lost_is_not_found(name, as_clinician, photo, photo_folder):
    for path in photo_folder.rglob("*.jpg"):
        path.unlink()
    assert as_clinician.get(reverse(name, args=[photo.pk])).status_code == 404


def test_a_removed_photo_can_still_be_seen_by_its_clinic(as_clinician, as_stranger, photo):
    services.archive_photo(user=photo.uploaded_by, photo=photo)
    assert as_clinician.get(reverse("visits:file", args=[photo.pk])).status_code == 200
    assert as_stranger.get(reverse("visits:file", args=[photo.pk])).status_code == 404


def test_an_identifier_that_names_nothing(as_clinician, db):
    missing = factories.PhotoFactory.build().pk
    assert as_clinician.get(reverse("visits:file", args=[missing])).status_code == 404

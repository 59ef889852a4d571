"""Every page of visits and photos answers, whatever there is to show and whoever looks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit.models import Access, ReadEvent

from .. import factories
from ..conftest import logged_in
from .scenes import in_each_state

PATIENT_PAGES = ("patients:visits", "patients:photos")
VISIT_PAGES = ("visits:detail", "visits:board")
PHOTO_PAGES = ("visits:photo", "visits:photo_card", "visits:photo_result")


def ok(client, name, pk, query=""):
    answer = client.get(reverse(name, args=[pk]) + query)
    assert answer.status_code == 200, f"{name}: {answer.status_code}"
    return answer.content.decode()


@pytest.mark.parametrize("role", ["clinician", "administrator", "reviewer"])
def test_every_page_answers_to_every_reader(role, clinic, visit, request):
    photos = in_each_state(visit)
    client = logged_in(request.getfixturevalue(role))
    for name in PATIENT_PAGES:
        ok(client, name, visit.patient_id)
    for name in VISIT_PAGES:
        ok(client, name, visit.pk)
    for photo in photos.values():
        for name in PHOTO_PAGES:
            ok(client, name, photo.pk)
    assert client.get(reverse("visits:review")).status_code == 200


def test_pages_without_any_photo_say_what_to_do_next(as_clinician, visit):
    assert "No photos yet" in ok(as_clinician, "patients:photos", visit.patient_id)
    page = ok(as_clinician, "visits:detail", visit.pk)
    assert "Smile with the lips closed." in page
    assert "Nothing to review" in as_clinician.get(reverse("visits:review")).content.decode()


def test_a_patient_without_visits_or_episode_is_led_on(as_clinician, patient):
    assert "No visits yet" in ok(as_clinician, "patients:visits", patient.pk)
    page = ok(as_clinician, "visits:new", patient.pk)
    assert reverse("patients:episode_new", args=[patient.pk]) in page


def test_an_archived_patient_is_read_and_not_added_to(as_clinician, visit):
    photos = in_each_state(visit)
    patient = visit.patient
    patient.archived_at = timezone.now()
    patient.save()
    for name in PATIENT_PAGES:
        assert reverse("visits:new", args=[patient.pk]) not in ok(as_clinician, name, patient.pk)
    assert reverse("visits:edit", args=[visit.pk]) not in ok(as_clinician, "visits:detail", visit.pk)
    for photo in photos.values():
        assert reverse("visits:confirm", args=[photo.pk]) not in ok(as_clinician, "visits:photo", photo.pk)
    assert as_clinician.get(reverse("visits:new", args=[patient.pk])).status_code == 403


def test_an_archived_visit_and_a_removed_photo_can_be_brought_back(as_clinician, visit):
    photo = in_each_state(visit)["succeeded"]
    photo.archived_at = timezone.now()
    photo.save()
    assert reverse("visits:photo_restore", args=[photo.pk]) in ok(as_clinician, "visits:photo", photo.pk)
    visit.archived_at = timezone.now()
    visit.save()
    assert reverse("visits:restore", args=[visit.pk]) in ok(as_clinician, "visits:detail", visit.pk)
    assert reverse("visits:photo_restore", args=[photo.pk]) not in ok(as_clinician, "visits:photo", photo.pk)


def test_a_reviewer_is_offered_nothing_that_would_be_refused(as_reviewer, visit):
    photos = in_each_state(visit)
    page = ok(as_reviewer, "visits:detail", visit.pk) + "".join(
        ok(as_reviewer, "visits:photo", photo.pk) for photo in photos.values()
    )
    page += "".join(ok(as_reviewer, name, visit.patient_id) for name in PATIENT_PAGES)
    page += as_reviewer.get(reverse("visits:review")).content.decode()
    for name in ("upload", "edit", "archive", "capture"):
        assert reverse(f"visits:{name}", args=[visit.pk]) not in page, name
    for photo in photos.values():
        for name in ("photo_exercise", "photo_archive", "photo_retry", "confirm"):
            assert reverse(f"visits:{name}", args=[photo.pk]) not in page, name


def test_a_stranger_finds_nothing(as_stranger, visit):
    photos = in_each_state(visit)
    for name in PATIENT_PAGES:
        assert as_stranger.get(reverse(name, args=[visit.patient_id])).status_code == 404
    for name in (*VISIT_PAGES, "visits:capture"):
        assert as_stranger.get(reverse(name, args=[visit.pk])).status_code == 404
    for photo in photos.values():
        for name in (*PHOTO_PAGES, "visits:file", "visits:thumbnail"):
            assert as_stranger.get(reverse(name, args=[photo.pk])).status_code == 404
    queue = as_stranger.get(reverse("visits:review")).content.decode()
    assert str(photos["succeeded"].pk) not in queue


def test_nobody_sees_anything_without_logging_in(client, visit):
    photo = in_each_state(visit)["succeeded"]
    for name, pk in (("visits:detail", visit.pk), ("visits:photo", photo.pk), ("visits:file", photo.pk)):
        answer = client.get(reverse(name, args=[pk]))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("accounts:login"))


def test_opening_a_page_is_recorded_as_a_read(as_clinician, clinician, visit):
    photo = in_each_state(visit)["succeeded"]
    ok(as_clinician, "visits:detail", visit.pk)
    ok(as_clinician, "visits:photo", photo.pk)
    reads = ReadEvent.objects.filter(user=clinician, patient=visit.patient, kind=Access.RECORD)
    assert set(reads.values_list("page", flat=True)) == {"visits:detail", "visits:photo"}


def test_the_number_of_queries_does_not_grow_with_the_photos(
    as_clinician, visit, django_assert_max_num_queries
):
    in_each_state(visit)
    pages = [reverse("visits:detail", args=[visit.pk]), reverse("patients:photos", args=[visit.patient_id])]
    for path in pages:
        as_clinician.get(path)
    for week in range(6):
        other = factories.VisitFactory(
            episode=visit.episode, clinician=visit.clinician, at=visit.at - dt.timedelta(weeks=week + 1)
        )
        in_each_state(other)
    in_each_state(visit)
    for path in [*pages, reverse("patients:visits", args=[visit.patient_id])]:
        as_clinician.get(path)  # which release is in use is looked up every few seconds
        with django_assert_max_num_queries(25):
            as_clinician.get(path)

"""Photos on their way in: one file a request from the page's script, several from the plain form."""

from __future__ import annotations

import logging

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.visits.models import Photo
from clinic.visits.refusals import SENTENCES
from inference.pipeline.codes import VIEWS

from .. import factories
from ..conftest import logged_in
from .pictures import encoded, picture


def address(visit):
    return reverse("visits:upload", args=[visit.pk])


def file(data=None, name="photo.jpg"):
    return SimpleUploadedFile(name, encoded() if data is None else data)


def send(client, visit, data=None, name="photo.jpg", **fields):
    fields = {"exercise": "smile", **fields}
    return client.post(
        address(visit), {"photo": file(data, name), **fields}, headers={"accept": "application/json"}
    )


def test_the_script_s_answer_names_the_photo_and_its_card(as_clinician, visit):
    answer = send(as_clinician, visit, exercise="sneer:right")
    photo = Photo.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(photo.pk),
        "exercise": "sneer",
        "side": "right",
        "card": reverse("visits:photo_card", args=[photo.pk]),
        "check": reverse("visits:photo_check", args=[photo.pk]),
    }


def test_the_script_s_refusal_has_a_code_and_a_sentence(as_clinician, visit):
    answer = send(as_clinician, visit, b"text")
    assert answer.status_code == 422
    assert answer.json() == {"code": "not_a_photo", "detail": str(SENTENCES["not_a_photo"])}


def test_without_an_exercise_it_is_taken_for_the_first_that_is_missing(as_clinician, visit):
    for shade, expected in enumerate(["rest", "brow_raise", "gentle_eye_closure"]):
        answer = send(as_clinician, visit, encoded(image=picture(shade=shade)), exercise="")
        assert answer.json()["exercise"] == expected


def test_with_none_missing_the_exercise_must_be_said(as_clinician, visit):
    for exercise in VIEWS:
        factories.PhotoFactory(visit=visit, exercise=exercise)
    assert send(as_clinician, visit, exercise="").json()["code"] == "unknown_exercise"


def test_without_a_file(as_clinician, visit):
    answer = as_clinician.post(address(visit), {}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_file")


@pytest.mark.parametrize(
    ("role", "status"),
    [("clinician", 201), ("administrator", 201), ("integration", 403), ("reviewer", 403), ("stranger", 404)],
)
def test_who_may_add_photos(role, status, visit, request):
    assert send(logged_in(request.getfixturevalue(role)), visit).status_code == status
    assert Photo.objects.count() == (1 if status == 201 else 0)


def test_nothing_is_added_to_what_is_archived(as_clinician, visit):
    visit.archived_at = timezone.now()
    visit.save()
    assert send(as_clinician, visit).status_code == 403


def test_a_forged_request_is_refused(clinician, visit):
    client = Client(enforce_csrf_checks=True)
    client.force_login(clinician)
    assert send(client, visit).status_code == 403
    assert not Photo.objects.exists()


def test_the_plain_form_stores_the_good_files_and_names_the_others(as_clinician, visit):
    files = [
        file(encoded(), "one.jpg"),
        file(b"text", "notes.jpg"),
        file(b"", "nothing.jpg"),
        file(encoded("PNG", picture(shade=1)), "two.png"),
        file(encoded(), "one again.jpg"),
        file(encoded(image=picture(shade=2))[:3000], "cut.jpg"),
        file(encoded("HEIF", picture(shade=3)), "three.heic"),
    ]
    answer = as_clinician.post(address(visit), {"photos": files, "exercise": ""})
    assert answer.status_code == 422
    assert list(Photo.objects.values_list("exercise", flat=True).order_by("created_at")) == [
        "rest",
        "brow_raise",
        "gentle_eye_closure",
    ]
    page = answer.content.decode()
    assert "4 files were not stored" in page
    assert "3 photos stored." in page
    for name, code in (
        ("notes.jpg", "not_a_photo"),
        ("nothing.jpg", "empty"),
        ("one again.jpg", "same_in_visit"),
        ("cut.jpg", "damaged"),
    ):
        assert f"<strong>{name}</strong>: {SENTENCES[code]}" in page


def test_the_plain_form_goes_back_to_the_visit_when_all_is_well(as_clinician, visit):
    answer = as_clinician.post(address(visit), {"photos": [file()], "exercise": "rest"}, follow=True)
    assert answer.redirect_chain == [(reverse("visits:detail", args=[visit.pk]), 302)]
    assert "1 photo stored." in answer.content.decode()


def test_a_page_that_refuses_files_shows_what_was_typed_before(as_clinician, visit):
    visit.impression = "Eye closes with effort"
    visit.save()
    page = as_clinician.post(address(visit), {"photos": [file(b"text")]}).content.decode()
    assert "Eye closes with effort" in page


def test_no_name_of_a_file_reaches_log_answer_or_address(as_clinician, visit, caplog):
    secret = "jane-doe-1980"
    with caplog.at_level(logging.DEBUG):
        stored = send(as_clinician, visit, name=f"{secret}.jpg")
        refused = send(as_clinician, visit, b"text", name=f"{secret}.jpg")
        as_clinician.post(address(visit), {"photos": [file(b"text", f"{secret}.jpg")]})
    assert secret not in caplog.text
    for answer in (stored, refused):
        assert secret not in answer.content.decode()
    photo = Photo.objects.get()
    assert secret not in photo.image.name + photo.thumbnail.name
    kept = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    assert secret not in str(kept.headers)


def test_a_photo_is_refused_in_the_reader_s_language(as_clinician, visit):
    from django.utils import translation

    in_english = str(SENTENCES["empty"])
    assert send(as_clinician, visit, b"").json()["detail"] == in_english
    with translation.override("id"):
        in_indonesian = str(SENTENCES["empty"])
    as_clinician.cookies.load({"django_language": "id"})
    assert send(as_clinician, visit, b"").json()["detail"] == in_indonesian != in_english

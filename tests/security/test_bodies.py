"""No byte of a body is read before its sender is known, none that is too large at all, and no file lies on a disk."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
from django.core.files import uploadedfile, uploadhandler
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client
from django.test.client import FakePayload
from django.urls import reverse

from clinic.accounts.services import create_token
from clinic.visits import receiving
from clinic.visits.models import Photo
from tests import factories
from tests.conftest import logged_in
from tests.fuzz.malformed import BOUNDARY, body, part
from tests.visits.pictures import encoded, picture, upload

from .doors import path_of, patterns

pytestmark = pytest.mark.django_db
FORM = f"multipart/form-data; boundary={BOUNDARY}"
SCRIPT, PERSON = {"accept": "application/json"}, {"accept": "text/html"}


class Watched(FakePayload):
    """A body that remembers how much of it was asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked = 0

    def read(self, size: int | None = None) -> bytes:
        content: bytes = super().read(size)
        self.asked += len(content)
        return content


def send(
    client: Client,
    path: str,
    content: bytes,
    length: int | None = None,
    content_type: str = FORM,
    **headers: str,
) -> tuple[Any, int]:
    """The answer to a POST, and how many bytes of its body were read."""
    watched = Watched(content)
    answer = client.request(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(content) if length is None else length),
            "CONTENT_TYPE": content_type,
            "wsgi.input": watched,
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
    )
    return answer, watched.asked


def strict(user: Any = None) -> tuple[Client, str]:
    """A client that is checked for forged requests as a browser is, and its token."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    secret = _get_new_csrf_string()
    client.cookies["csrftoken"] = secret
    return client, secret


def form(*photos: bytes, **fields: str) -> bytes:
    files = [part("photos", one, filename="a.jpg") for one in photos]
    return body([*(part(name, value.encode()) for name, value in fields.items()), *files])


def every_path() -> list[str]:
    return sorted({path_of(route, {}) for route, _pattern in patterns()})


def test_a_large_body_is_read_nowhere_but_where_photos_come_in(settings, clinician):
    """Every address there is, with and without a login."""
    settings.RATES = {}
    large = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    photos = {"/quick-check/", "/api/v1/photos/"}
    read = []
    clients = (strict()[0], strict(clinician)[0])
    for path in [*every_path(), "/nothing/here/", "/api/v9/"]:
        for client in clients:
            # Where photos come in, only a form with files may be large.
            content_type = "application/x-www-form-urlencoded" if path in photos else FORM
            answer, asked = send(client, path, b"x" * 100, large, content_type)
            if asked or answer.status_code < 300 or answer.status_code >= 500:
                read.append((path, answer.status_code, asked))
    assert read == []


def test_of_a_body_over_two_megabytes_somebody_is_told_so(as_clinician, settings):
    large = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    for headers, said in ((PERSON, b"2"), (SCRIPT, b"too_large")):
        answer, asked = send(as_clinician, reverse("patients:new"), b"x", large, **headers)
        assert (answer.status_code, asked) == (413, 0) and said in answer.content
    answer, asked = send(as_clinician, "/api/v1/patients/", b"{}", large, "application/json")
    assert (answer.status_code, asked, answer.json()["code"]) == (413, 0, "too_large")


def test_more_than_a_forms_photos_is_refused_where_they_come_in(as_clinician, settings, visit):
    large = settings.LARGEST_UPLOAD + 1
    small = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    for path in (reverse("visits:upload", args=[visit.pk]), reverse("visits:quick_check"), "/api/v1/photos/"):
        answer, asked = send(as_clinician, path, b"x", small, "application/x-www-form-urlencoded")
        assert (answer.status_code, asked) == (413, 0), path
        for headers in (SCRIPT, PERSON):
            answer, asked = send(as_clinician, path, b"x", large, **headers)
            assert (answer.status_code, asked) == (413, 0), path
            assert b"25 MB" in answer.content or b"too_large" in answer.content


@pytest.mark.parametrize("headers", [SCRIPT, PERSON], ids=["script", "person"])
def test_nobodys_photo_is_answered_unread(headers, visit):
    content = form(encoded(), exercise="smile")
    client, token = strict()
    for path in (reverse("visits:upload", args=[visit.pk]), reverse("visits:quick_check")):
        for more in ({}, {"x_csrftoken": token}):
            answer, asked = send(client, path, content, **headers, **more)
            assert (answer.status_code, asked) == (401 if headers is SCRIPT else 302, 0), path
    answer, asked = send(client, "/api/v1/photos/", content, **SCRIPT, authorization="Bearer " + "0" * 64)
    assert (answer.status_code, asked) == (401, 0)


def test_who_may_not_add_a_photo_is_answered_unread(visit, reviewer, stranger, clinic):
    content, path = form(encoded(), exercise="smile"), reverse("visits:upload", args=[visit.pk])
    for user, status in ((reviewer, 403), (stranger, 404)):
        for headers in (SCRIPT, PERSON):
            client, token = strict(user)
            answer, asked = send(client, path, content, **headers, x_csrftoken=token)
            assert (answer.status_code, asked) == (status, 0)
            answer, asked = send(client, path, content, **headers)
            assert (answer.status_code, asked) == (status, 0), "with the token in the form too"
    _label, text = create_token(user=factories.member(clinic), name="reads", days=1, scopes=["patients.read"])
    answer, asked = send(Client(), "/api/v1/photos/", content, authorization=f"Bearer {text}")
    assert (answer.status_code, asked) == (403, 0)


def test_a_script_without_its_token_or_with_another_is_answered_unread(visit, clinician):
    content = form(encoded(), exercise="smile")
    client, _token = strict(clinician)
    path = reverse("visits:upload", args=[visit.pk])
    answer, asked = send(client, path, content, **SCRIPT, x_csrftoken=_get_new_csrf_string())
    assert (answer.status_code, asked) == (403, 0)
    for more in ({}, {"x_csrftoken": _get_new_csrf_string()}):
        answer, asked = send(client, "/api/v1/photos/", content, **SCRIPT, **more)
        assert (answer.status_code, asked, answer.json()["code"]) == (403, 0, "csrf_failed")
    assert not Photo.objects.exists()


def test_with_the_token_in_the_header_or_in_the_form_photos_come_in(visit, clinician):
    path = reverse("visits:upload", args=[visit.pk])
    client, token = strict(clinician)
    by_script = body([part("photo", encoded(), filename="a.jpg"), part("exercise", b"smile")])
    answer, _asked = send(client, path, by_script, **SCRIPT, x_csrftoken=token)
    assert answer.status_code == 201
    plain = form(encoded(image=picture(shade=9)), csrfmiddlewaretoken=token, exercise="rest")
    answer, _asked = send(client, path, plain, **PERSON)
    assert answer.status_code == 302
    forged = form(
        encoded(image=picture(shade=5)), csrfmiddlewaretoken=_get_new_csrf_string(), exercise="rest"
    )
    answer, _asked = send(client, path, forged, **PERSON)
    assert answer.status_code == 403
    assert Photo.objects.count() == 2


@pytest.mark.parametrize("headers", [SCRIPT, PERSON], ids=["script", "person"])
def test_a_forms_fields_stay_small_beside_its_photos(visit, clinician, headers, settings):
    client, token = strict(clinician)
    large = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    content = form(encoded(), exercise="smile", side=large, csrfmiddlewaretoken=token)
    answer, _asked = send(client, reverse("visits:upload", args=[visit.pk]), content, **headers)
    assert answer.status_code == 400 and not Photo.objects.exists()
    answer, _asked = send(client, "/api/v1/photos/", content, **SCRIPT, x_csrftoken=token)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_who_uploads_too_often_is_answered_unread(visit, as_clinician, settings):
    settings.RATES = {"upload": "1/min"}
    path = reverse("visits:upload", args=[visit.pk])
    send(as_clinician, path, form(encoded(), exercise="smile"), **SCRIPT)
    answer, asked = send(as_clinician, path, form(encoded(), exercise="smile"), **SCRIPT)
    assert (answer.status_code, asked) == (429, 0) and int(answer["Retry-After"]) > 0


@pytest.fixture
def no_disk(monkeypatch, tmp_path):
    """Whoever makes a temporary file in this process is found out."""

    def found(*args: Any, **kwargs: Any) -> None:
        pytest.fail("a temporary file")

    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, found)
    for module in (uploadedfile, uploadhandler):
        monkeypatch.setattr(module, "TemporaryUploadedFile", found, raising=False)
    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", found)


def large_photo(shade: int, megabytes: int) -> bytes:
    """A whole photo with EXIF and so many megabytes behind its end, as a motion photo has."""
    return encoded(image=picture(shade=shade), exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0") + b"\0" * (
        megabytes * 1024**2
    )


def test_several_photos_of_a_plain_form_lie_in_memory_alone(visit, as_clinician, no_disk, settings):
    """More together than one photo may have, and one that is too large: which holds up no other."""
    settings.PHOTO_MAX_BYTES = 8 * 1024**2
    photos = [large_photo(shade, 7) for shade in range(0, 60, 20)]
    content = form(photos[0], photos[1], large_photo(90, 9), photos[2], exercise="smile")
    answer, _asked = send(as_clinician, reverse("visits:upload", args=[visit.pk]), content, **PERSON)
    assert answer.status_code == 422 and b"larger than 8 MB" in answer.content
    assert Photo.objects.count() == 3


@pytest.mark.parametrize("place", ["script", "api", "quick"])
def test_a_photo_lies_in_memory_alone(place, visit, as_clinician, no_disk, monkeypatch):
    photo = large_photo(0, 20)
    if place == "script":
        answer = as_clinician.post(
            reverse("visits:upload", args=[visit.pk]),
            {"photo": upload(photo), "exercise": "rest"},
            headers=SCRIPT,
        )
        assert answer.status_code == 201
    elif place == "api":
        answer = as_clinician.post(
            "/api/v1/photos/",
            {"image": upload(photo), "exercise": "rest", "visit": str(visit.pk)},
            format="multipart",
        )
        assert answer.status_code == 202
    else:
        answer = as_clinician.post(reverse("visits:quick_check"), {"photo": upload(photo)})
        assert answer.status_code == 503, "nobody answers in the suite"


def test_a_form_cannot_bring_a_file_to_the_disk_anywhere(as_clinician, no_disk):
    """At an address that expects no file, and is given one of almost two megabytes."""
    content = form(b"x" * (2 * 1024**2 - 1000))
    for path in (reverse("accounts:login"), reverse("patients:new")):
        answer, asked = send(as_clinician, path, content, **PERSON)
        assert answer.status_code < 500 and asked <= len(content)


def test_only_so_many_come_in_at_once_and_the_rest_is_told_when_to_try_again(
    visit, clinician, settings, monkeypatch
):
    """Places and bytes are given back, whatever became of the photo."""
    settings.UPLOADS_AT_ONCE = 1
    own = receiving.Room()
    monkeypatch.setattr(receiving, "room", own)
    content, page = form(encoded(), exercise="smile"), reverse("visits:upload", args=[visit.pk])
    client = logged_in(clinician)
    assert own.take(10)
    for path, headers in (
        (page, SCRIPT),
        (page, PERSON),
        ("/api/v1/photos/", SCRIPT),
        ("/quick-check/", PERSON),
    ):
        answer, asked = send(client, path, content, **headers)
        assert (answer.status_code, asked, answer["Retry-After"]) == (503, 0, "5"), path
        if headers is SCRIPT:
            assert answer.json()["code"] == "busy"
    assert client.get(reverse("visits:detail", args=[visit.pk])).status_code == 200, "pages go on"
    own.leave(10)
    for sent in (content, form(b"no photo"), b"", content):
        answer, _asked = send(client, page, sent, **SCRIPT)
        assert answer.status_code in (201, 422) and (own.bodies, own.bytes) == (0, 0)
    settings.UPLOADS_AT_ONCE, settings.UPLOADS_MEMORY = 5, len(content) - 1
    answer, asked = send(client, page, content, **SCRIPT)
    assert (answer.status_code, asked) == (503, 0)


def test_the_limits_agree(settings):
    assert settings.LARGEST_UPLOAD > 2 * settings.PHOTO_MAX_BYTES, "several photos, and one that is too large"
    assert settings.UPLOADS_MEMORY >= settings.LARGEST_UPLOAD
    assert settings.FILE_UPLOAD_HANDLERS == ["clinic.common.bodies.PhotosInMemory"]

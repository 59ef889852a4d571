"""Photos by API: taken in with 202, refused with a code each, sent only to those who may see them."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from clinic.audit.models import Access, ReadEvent
from clinic.visits.models import Photo
from inference.jobs.states import Status
from inference.models import Analysis
from tests import factories
from tests.visits.test_filing import dropped

from .conftest import client_of
from .test_problems import problem

URL = "/api/v1/photos/"


@pytest.fixture
def send(api, visit, upload):
    """Uploads a photo of a smile, with what the test changes; None leaves a field out."""

    def post(client=api, **changes):
        body = {"visit": visit.pk, "exercise": "smile", "image": upload(), **changes}
        return client.post(URL, {k: v for k, v in body.items() if v is not None}, format="multipart")

    return post


def test_an_upload_is_taken_in_and_says_what_to_follow(send, api, clinician):
    answer = send()
    assert answer.status_code == 202, answer.content
    body = answer.json()
    assert answer["Location"] == body["analysis"]["url"]
    assert answer["Retry-After"] == "1"
    assert body["analysis"]["status"] == "queued"
    followed = api.get(answer["Location"])
    assert followed.json()["photo"] == body["id"]
    photo = Photo.objects.get(pk=body["id"])
    assert (photo.exercise, photo.side, photo.uploaded_by) == ("smile", "", clinician)
    assert (body["width"], body["height"]) == (320, 400)


def test_a_sided_exercise_and_a_time_of_its_own(send):
    body = send(exercise="sneer", side="right", taken_at="2026-02-01T03:00:00Z").json()
    assert (body["exercise"], body["side"], body["taken_at"]) == ("sneer", "right", "2026-02-01T03:00:00Z")


def test_a_form_that_leaves_the_side_empty(send):
    assert send(side="").json()["side"] is None


def as_bytes(kind: str, size=(320, 400), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (90, 90, 90)).save(out, kind, **options)
    return out.getvalue()


def animation() -> bytes:
    frames = [Image.new("RGB", (320, 320), (shade, 0, 0)) for shade in (10, 90, 200)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


REFUSALS = {
    "empty": (422, "photo.jpg", lambda: b""),
    "not_a_photo": (415, "photo.jpg", lambda: b"These are words, not light. " * 20),
    "unsupported_type": (415, "photo.gif", lambda: as_bytes("GIF")),
    "damaged": (422, "photo.jpg", lambda: as_bytes("JPEG")[:900]),
    "animated": (422, "photo.webp", animation),
    "too_small": (422, "photo.jpg", lambda: as_bytes("JPEG", (150, 900))),
    "too_narrow": (422, "photo.png", lambda: as_bytes("PNG", (30_000, 210))),
    "too_many_pixels": (422, "photo.png", lambda: as_bytes("PNG", (8000, 8200))),
    "too_large": (413, "photo.jpg", lambda: as_bytes("JPEG") + b"\0" * (25 * 1024**2)),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refused_photo_leaves_nothing_behind(code, send, photo_folder):
    status, name, content = REFUSALS[code]
    found = problem(send(image=SimpleUploadedFile(name, content(), "image/jpeg")), status, code)
    assert name not in found["detail"]
    assert not Photo.objects.exists()
    assert not Analysis.objects.exists()
    assert not [path for path in photo_folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image": None}, "image"),
        ({"image": "a word"}, "image"),
        ({"visit": None}, "visit"),
        ({"visit": "1"}, "visit"),
        ({"exercise": "laugh"}, "exercise"),
        ({"side": "both"}, "side"),
        ({"taken_at": "noon"}, "taken_at"),
        ({"patient": "x"}, "patient"),
    ],
)
def test_fields_of_an_upload_that_are_wrong(changes, field, send):
    found = problem(send(**changes), 400, "validation_failed")
    assert [error["field"] for error in found["errors"]] == [field]
    assert not Photo.objects.exists()


def test_a_repeated_upload_is_told_which_photo_it_was(send, api, upload):
    first = send().json()
    found = problem(send(), 409, "same_in_visit")
    assert found["photo"] == {"id": first["id"], "url": first["url"]}
    assert api.get(found["photo"]["url"]).json()["original_sha256"] == first["original_sha256"]
    assert Photo.objects.count() == Analysis.objects.count() == 1


def test_the_same_photo_in_another_visit_of_the_patient(send, visit, clinician):
    first = send().json()
    later = factories.VisitFactory(episode=visit.episode, clinician=clinician)
    found = problem(send(visit=later.pk), 409, "same_in_patient")
    assert found["photo"]["id"] == first["id"]


def test_the_same_photo_of_another_patient_is_another_photo(send, clinic, clinician):
    assert send().status_code == 202
    other = factories.VisitFactory(episode__patient__clinic=clinic, clinician=clinician)
    assert send(visit=other.pk).status_code == 202


def test_a_photo_that_was_uploaded_again_meanwhile_is_not_restored(send, api):
    first = send().json()
    assert api.post(f"{first['url']}archive/").status_code == 200
    second = send().json()
    found = problem(api.post(f"{first['url']}restore/"), 409, "same_in_visit")
    assert found["photo"]["id"] == second["id"]


def test_a_photo_as_json_is_of_the_wrong_type(api, visit):
    body = {"visit": str(visit.pk), "exercise": "smile", "image": "aGVsbG8="}
    problem(api.post(URL, body, format="json"), 415, "unsupported_media")


def test_a_broken_multipart_body(api, visit):
    content_type = "multipart/form-data; boundary="
    problem(api.post(URL, b"--x\r\n", content_type=content_type), 400, "malformed")


def test_a_body_beyond_all_photos_is_refused_unread(send, settings):
    settings.PHOTO_MAX_BYTES = 100
    problem(send(), 413, "too_large")


def test_uploads_have_a_limit_of_their_own(send, settings):
    settings.RATES = {"upload": "1/min"}
    assert send().status_code == 202
    problem(send(), 429, "throttled")


def test_a_photo_is_sent_and_the_read_recorded(send, api, clinician):
    photo = send().json()
    answer = api.get(photo["image"])
    content = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "image/jpeg"
    assert hashlib.sha256(content).hexdigest() == photo["sha256"]
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("private, no-store", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    event = ReadEvent.objects.get(photo_id=photo["id"])
    assert (event.user, event.access, event.page) == (clinician, Access.PHOTO, "api:photo-image")


def test_a_thumbnail_is_not_sent_twice(send, api):
    photo = send().json()
    first = api.get(photo["thumbnail"])
    assert first.status_code == 200
    assert api.get(photo["thumbnail"], HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


def test_a_photo_is_sent_for_a_token_and_refused_to_a_stranger(send, stranger, clinician):
    from clinic.accounts.services import create_token

    from .test_tokens import bearing

    photo = send().json()
    _label, text = create_token(user=clinician, name="test", days=1)
    assert bearing(text).get(photo["image"]).status_code == 200
    _label, text = create_token(user=stranger, name="test", days=1)
    for address in ("image", "thumbnail", "url"):
        problem(bearing(text).get(photo[address]), 404, "not_found")
    assert not ReadEvent.objects.filter(user=stranger).exists()


def test_a_failed_analysis_is_tried_again(api, visit):
    photo = factories.PhotoFactory(visit=visit)
    analysis = factories.failed(photo, "timed_out")
    answer = api.post(reverse("api:photo-retry", args=[photo.pk]))
    assert answer.status_code == 202
    assert answer["Location"].endswith(f"/api/v1/analyses/{analysis.pk}/")
    analysis.refresh_from_db()
    assert analysis.status == Status.QUEUED


def test_a_photo_without_any_analysis_cannot_be_tried_again(api, visit):
    photo = factories.PhotoFactory(visit=visit)
    problem(api.post(reverse("api:photo-retry", args=[photo.pk])), 409, "retry_not_possible")


def test_another_exercise(api, records):
    url = reverse("api:photo-detail", args=[records.photo.pk])
    changed = api.patch(url, {"exercise": "sneer", "side": "left"}, format="json").json()
    assert (changed["exercise"], changed["side"]) == ("sneer", "left")
    assert changed["analysis"]["result"]["exercise_as_asked"] is False
    # A side belongs to an exercise of one side.
    changed = api.patch(url, {"exercise": "rest"}, format="json").json()
    assert (changed["exercise"], changed["side"]) == ("rest", None)


def test_a_session_uploads_with_its_csrf_token_only(clinician, visit, upload):
    client = client_of(clinician, enforce_csrf_checks=True)
    body = {"visit": visit.pk, "exercise": "smile", "image": upload()}
    problem(client.post(URL, body, format="multipart"), 403, "csrf_failed")
    client.get(reverse("accounts:profile"))
    token = client.cookies["csrftoken"].value
    body["image"].seek(0)
    assert client.post(URL, body, format="multipart", HTTP_X_CSRFTOKEN=token).status_code == 202


# --- what nobody named, and when it was taken ---


def test_a_photo_without_an_exercise_is_filed_by_its_name_or_by_its_place(send, upload):
    first = send(exercise=None, image=upload(name="eyes tightly closed.jpg")).json()
    second = send(exercise=None, image=upload(colour=(9, 9, 9))).json()
    assert [(one["exercise"], one["exercise_named"]) for one in (first, second)] == [
        ("tight_eye_closure", True),
        ("rest", False),
    ]


def test_the_proposal_for_such_photos_is_read_and_taken_photo_by_photo(api, visit):
    views = ["pucker", "rest"]
    photos = dropped(visit, views)
    url = reverse("api:visit-filing", args=[visit.pk])
    found = api.get(url).json()
    assert [(one["exercise"], one["proposed_exercise"], one["sure"]) for one in found["photos"]] == [
        ("brow_raise", "rest", True),
        ("rest", "pucker", True),
    ]
    assert found["release"] == "test-release"
    for one in found["photos"]:
        answer = api.patch(
            f"{URL}{one['photo']}/",
            {"exercise": one["proposed_exercise"]},
            headers={"if-match": f'"{one["photo"]}.{one["version"]}"'},
        )
        assert answer.status_code == 200, answer.content
        assert answer.json()["exercise_named"]
    for photo, view in zip(photos, views, strict=True):
        photo.refresh_from_db()
        assert photo.exercise == view
    assert api.get(url).json() == {"release": None, "photos": []}


def test_when_a_photo_was_taken_is_corrected(send, api):
    body = send().json()
    url, moment = f"{URL}{body['id']}/", "2026-02-01T03:00:00Z"
    answer = api.patch(url, {"taken_at": moment, "exercise": "pucker"})
    assert answer.status_code == 200, answer.content
    changed = answer.json()
    assert (changed["taken_at"], changed["taken_from"], changed["exercise"]) == (moment, "given", "pucker")
    assert api.patch(url, {"taken_at": moment}, headers={"if-match": '"1"'}).status_code == 412


@pytest.mark.parametrize(
    "moment", ["2098-01-01T10:00:00Z", "1900-06-01T10:00:00Z", "2026-02-01T10:00:00", "soon"]
)
def test_a_moment_that_can_t_be_is_refused(moment, send, api):
    body = send().json()
    answer = api.patch(f"{URL}{body['id']}/", {"taken_at": moment})
    assert problem(answer, 400, "validation_failed")["errors"][0]["field"] == "taken_at"

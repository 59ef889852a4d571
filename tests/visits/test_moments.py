"""A moment that no time zone can show is taken neither for a visit nor for a photo: it would break its pages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from tests.conftest import logged_in
from tests.visits.pictures import encoded

pytestmark = pytest.mark.django_db
IMPOSSIBLE = ["9999-12-31T23:59:59Z", "2400-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1899-12-31T00:00:00Z"]


@pytest.mark.parametrize("moment", IMPOSSIBLE)
def test_a_photo_and_a_visit_by_the_api(moment, clinician, visit):
    client = logged_in(clinician)
    file = factories.ContentFile(encoded(), name="photo.jpg")
    sent = {"visit": str(visit.pk), "exercise": "smile", "taken_at": moment, "image": file}
    answers = [
        client.post(reverse("api:photo-list"), sent),
        client.post(
            reverse("api:visit-list"), {"patient": str(visit.patient_id), "at": moment}, "application/json"
        ),
        client.patch(
            reverse("api:visit-detail", args=[visit.pk]),
            {"at": moment},
            "application/json",
            headers={"if-match": "*"},
        ),
    ]
    for answer, field in zip(answers, ("taken_at", "at", "at"), strict=True):
        assert answer.status_code == 400, answer.content
        assert answer.json()["errors"][0]["field"] == field
    for page in ("visits:detail", "visits:board"):
        assert client.get(reverse(page, args=[visit.pk])).status_code == 200


@pytest.mark.parametrize("typed", ["9999-12-31T23:59", "0001-01-01T00:00", "1850-01-01T10:00"])
def test_a_visit_by_the_page(typed, clinician, visit):
    client = logged_in(clinician)
    answer = client.post(
        reverse("visits:new", args=[visit.patient_id]), {"at": typed, "episode": visit.episode_id}
    )
    assert answer.status_code == 422
    assert (
        client.post(reverse("visits:edit", args=[visit.pk]), {"part": "when", "at": typed}).status_code < 500
    )
    visit.refresh_from_db()
    assert 2000 < visit.at.year < 2100


def test_a_page_refuses_a_body_beyond_all_limits_unread(clinician, visit):
    answer = logged_in(clinician).generic(
        "POST", reverse("visits:upload", args=[visit.pk]), b"--x", headers={"content-length": "99999999999"}
    )
    assert answer.status_code == 413

"""What belongs to another clinic is not there: every address, every body, every list."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.api.urls import router
from clinic.audit.models import ReadEvent
from clinic.patients.models import Consent, Episode, Patient, Treatment
from clinic.visits.models import Confirmation, Photo, Visit
from tests import factories

NOT_A_RECORD = {"release"}
PATTERNS = [
    (pattern.name, method)
    for pattern in router.urls
    if "pk" in pattern.pattern.converters
    for method in pattern.callback.actions
    if method != "head"
]
RESOURCES = [basename for _prefix, _viewset, basename in router.registry]
LISTS = sorted(
    pattern.name
    for pattern in router.urls
    if not pattern.pattern.converters and "get" in pattern.callback.actions and pattern.name != "release-list"
)
MODELS = (Patient, Episode, Treatment, Consent, Visit, Photo, Confirmation)


@pytest.mark.parametrize(("name", "method"), PATTERNS, ids=lambda value: value)
def test_another_clinics_record_is_not_found(name, method, records, api_stranger, api):
    resource = max((one for one in RESOURCES if name.startswith(f"{one}-")), key=len)
    url = reverse(f"api:{name}", args=[getattr(records, resource.replace("-", "_")).pk])
    response = getattr(api_stranger, method)(url, {}, format="json")
    assert response.status_code == 404, response.content
    assert response.json()["code"] == "not_found"
    assert not ReadEvent.objects.exists()
    if method == "get":
        # The same address answers those who may see it, or the test above proves nothing.
        assert api.get(url).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_lists_hold_nothing_of_another_clinic(name, records, api_stranger, api):
    url = reverse(f"api:{name}")
    mine = str(getattr(records, name.removesuffix("-list").replace("-", "_")).pk)
    assert mine in {row["id"] for row in api.get(url).json()["results"]}
    assert mine not in {row["id"] for row in api_stranger.get(url).json()["results"]}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("patient", {"clinic": "clinic", "record_number": "1", "name": "A"}),
        (
            "episode",
            {"patient": "patient", "cause": "stroke", "weak_side": "left", "onset_date": "2026-01-01"},
        ),
        ("treatment", {"episode": "episode", "kind": "steroids", "date": "2026-01-01"}),
        ("consent", {"patient": "patient", "use": "teaching", "given_on": "2026-01-01"}),
        ("visit", {"patient": "patient"}),
        ("confirmation", {"analysis": "analysis", "exercise": "smile", "palsy": False}),
    ],
)
def test_a_body_cannot_name_another_clinics_record(name, body, records, api_stranger):
    before = [model.objects.count() for model in MODELS]
    filled = {key: str(getattr(records, key).pk) if value == key else value for key, value in body.items()}
    response = api_stranger.post(reverse(f"api:{name}-list"), filled, format="json")
    assert response.status_code == 404, response.content
    assert response.json()["errors"][0]["code"] == "not_found"
    assert [model.objects.count() for model in MODELS] == before


def test_a_photo_cannot_go_into_another_clinics_visit(records, api_stranger, upload):
    response = api_stranger.post(
        reverse("api:photo-list"),
        {"visit": records.visit.pk, "exercise": "smile", "image": upload()},
        format="multipart",
    )
    assert response.status_code == 404
    assert response.json()["errors"][0]["field"] == "visit"
    assert Photo.objects.count() == 1


def test_a_visit_cannot_take_another_patients_episode(records, api, clinic):
    other = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=clinic))
    body = {"patient": records.patient.pk, "episode": other.pk}
    response = api.post(reverse("api:visit-list"), body, format="json")
    assert response.status_code == 404
    assert response.json()["errors"][0]["field"] == "episode"


def test_a_filter_by_another_clinics_patient_finds_nothing(records, api_stranger):
    for name in ("episode", "treatment", "consent", "visit", "photo", "analysis", "confirmation"):
        answer = api_stranger.get(reverse(f"api:{name}-list"), {"patient": records.patient.pk})
        assert answer.json()["results"] == [], name


def test_a_search_stays_in_the_clinics_of_the_user(records, api, api_stranger):
    url = reverse("api:patient-search")
    assert api.post(url, {"text": records.patient.name}, format="json").json()["results"]
    assert not api_stranger.post(url, {"text": records.patient.name}, format="json").json()["results"]
    other = {"text": records.patient.name, "clinic": records.clinic.pk}
    assert api_stranger.post(url, other, format="json").status_code == 404


def test_a_member_who_was_taken_out_sees_nothing_any_more(records, api, clinician):
    clinician.memberships.update(is_active=False)
    assert api.get(reverse("api:patient-detail", args=[records.patient.pk])).status_code == 404
    assert api.get(reverse("api:patient-list")).json()["results"] == []

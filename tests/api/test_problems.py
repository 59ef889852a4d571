"""Every error is a problem with a code of the catalogue, and the documentation has each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError
from django.urls import reverse

from clinic.api.catalogue import CATALOGUE
from clinic.patients import services
from clinic.visits.refusals import SENTENCES
from tests import factories
from tests.logged import lines

from .conftest import client_of
from .contract import Client

MEMBERS = {"type", "title", "status", "code", "detail", "instance"}
DOCS = Path(settings.BASE_DIR) / "docs" / "api.md"


def problem(response, status: int, code: str) -> dict:
    """The problem in that answer, once its shape is checked."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) >= MEMBERS
    assert (body["code"], body["status"]) == (code, status)
    assert body["title"] and body["detail"]
    assert body["type"].endswith(f"/api/v1/problems/{code}/")
    return body


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/patients/1/", "/api/v2/patients/", "/api/v1/patients"],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_an_unknown_address(path, method):
    body = problem(getattr(Client(), method)(f"{path}?page=2"), 404, "not_found")
    assert body["instance"] == path


def test_a_wrong_method(api, records):
    response = api.delete(reverse("api:patient-detail", args=[records.patient.pk]))
    problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda client, url: client.post(url), 405, "method_not_allowed"),
        (lambda client, url: client.get(url, HTTP_ACCEPT="image/png"), 406, "not_acceptable"),
    ],
)
def test_the_document_answers_wrong_requests_with_problems_too(ask, status, code, db):
    problem(ask(Client(), reverse("api:schema")), status, code)


def test_fields_that_are_wrong(api, clinic):
    response = api.post(
        reverse("api:patient-list"), {"name": "", "sex": "x", "birth_date": "2026-13-01"}, format="json"
    )
    errors = {
        error["field"]: error["code"] for error in problem(response, 400, "validation_failed")["errors"]
    }
    assert errors == {
        "record_number": "required",
        "name": "blank",
        "sex": "invalid_choice",
        "birth_date": "invalid",
    }


def test_fields_that_a_service_refuses(api, clinic):
    body = {"record_number": "1", "name": "A", "birth_date": "2999-01-01"}
    response = api.post(reverse("api:patient-list"), body, format="json")
    errors = problem(response, 400, "validation_failed")["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [("birth_date", "future")]


def test_a_body_that_is_no_object(api):
    response = api.post(reverse("api:patient-list"), [1], format="json")
    errors = problem(response, 400, "validation_failed")["errors"]
    assert errors[0]["field"] == ""


def test_a_body_that_is_no_json(api):
    response = api.post(reverse("api:patient-list"), "{", content_type="application/json")
    problem(response, 400, "malformed")


def test_a_body_of_another_type(api):
    response = api.post(reverse("api:patient-list"), "a=b", content_type="application/x-www-form-urlencoded")
    problem(response, 415, "unsupported_media")


def test_a_body_that_is_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = api.post(reverse("api:patient-list"), {"name": "x" * 200}, format="json")
    problem(response, 413, "too_large")


def test_an_answer_that_we_cannot_give(api):
    problem(api.get(reverse("api:patient-list"), HTTP_ACCEPT="text/html"), 406, "not_acceptable")


def test_a_session_needs_its_csrf_token(clinician):
    client = Client(enforce_csrf_checks=True)
    client.force_login(clinician)
    response = client.post(reverse("api:patient-list"), {"record_number": "1", "name": "A"}, format="json")
    problem(response, 403, "csrf_failed")


def test_a_record_number_that_is_taken(api, patient):
    body = {"record_number": patient.record_number, "name": "Somebody Else"}
    found = problem(api.post(reverse("api:patient-list"), body, format="json"), 409, "conflict")
    assert found["errors"][0]["field"] == "record_number"
    assert patient.name not in found["detail"]


def test_a_consent_in_force(api, records):
    body = {"patient": records.patient.pk, "use": "record", "given_on": "2026-01-01"}
    problem(api.post(reverse("api:consent-list"), body, format="json"), 409, "conflict")
    url = reverse("api:consent-revoke", args=[records.consent.pk])
    assert api.post(url).status_code == 200
    problem(api.post(url), 409, "conflict")


@pytest.mark.parametrize(
    ("method", "name", "argument", "body"),
    [
        ("patch", "patient-detail", "patient", {"phone": "1"}),
        ("patch", "episode-detail", "episode", {"notes": "1"}),
        ("patch", "treatment-detail", "treatment", {"note": "1"}),
        ("post", "visit-list", None, {"patient": "patient"}),
    ],
)
def test_an_archived_patient(method, name, argument, body, api, records, clinician):
    services.archive_patient(user=clinician, patient=records.patient)
    url = reverse(f"api:{name}", args=[getattr(records, argument).pk] if argument else [])
    filled = {key: str(records.patient.pk) if value == "patient" else value for key, value in body.items()}
    problem(getattr(api, method)(url, filled, format="json"), 409, "archived")


def test_an_archived_visit(api, records, upload):
    assert api.post(reverse("api:visit-archive", args=[records.visit.pk])).status_code == 200
    url = reverse("api:visit-detail", args=[records.visit.pk])
    problem(api.patch(url, {"impression": "x"}, format="json"), 409, "archived")
    body = {"visit": records.visit.pk, "exercise": "smile", "image": upload()}
    problem(api.post(reverse("api:photo-list"), body, format="multipart"), 409, "archived")
    word = {"analysis": records.analysis.pk, "exercise": "smile", "palsy": False}
    problem(api.post(reverse("api:confirmation-list"), word, format="json"), 409, "archived")


def test_a_photo_without_a_result_is_not_confirmed(api, visit):
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True)
    body = {"analysis": analysis.pk, "exercise": "smile", "palsy": False}
    problem(api.post(reverse("api:confirmation-list"), body, format="json"), 409, "no_result")


def test_an_analysis_that_another_try_cannot_help(api, records, visit):
    problem(api.post(reverse("api:photo-retry", args=[records.photo.pk])), 409, "retry_not_possible")
    photo = factories.PhotoFactory(visit=visit)
    factories.failed(photo, "unreadable_image")
    problem(api.post(reverse("api:photo-retry", args=[photo.pk])), 409, "retry_not_possible")


def test_too_many_requests(clinician, settings):
    settings.RATES = {"api": "2/min"}
    client = client_of(clinician)
    url = reverse("api:clinic-list")
    assert [client.get(url).status_code for _ in range(2)] == [200, 200]
    response = client.get(url)
    problem(response, 429, "throttled")
    assert 1 <= int(response["Retry-After"]) <= 61


def test_two_writers_at_once(api, clinic, monkeypatch):
    def collide(**kwargs):
        raise IntegrityError("duplicate key: Name Of Somebody")

    monkeypatch.setattr(services, "create_patient", collide)
    found = problem(
        api.post(reverse("api:patient-list"), {"record_number": "1", "name": "A"}, format="json"),
        409,
        "conflict",
    )
    assert "Somebody" not in str(found)


def test_what_nobody_foresaw(clinician, clinic, monkeypatch):
    somebody = " ".join(["Name", "Of", "Somebody"])

    def break_down(**kwargs):
        raise RuntimeError(f"while writing {somebody}")

    monkeypatch.setattr(services, "create_patient", break_down)
    client = Client(raise_request_exception=False)
    client.force_login(clinician)
    with lines() as said:
        answer = client.post(reverse("api:patient-list"), {"record_number": "1", "name": "A"}, format="json")
    found = problem(answer, 500, "server_error")
    assert "Somebody" not in str(found)
    (told,) = [event for event in said.events if event["event"] == "API error"]
    assert (told["route"], told["error"]["type"]) == ("api/v1/patients/", "RuntimeError")
    assert "Somebody" not in said.getvalue()


def test_every_code_of_intake_is_in_the_catalogue():
    assert set(SENTENCES) <= set(CATALOGUE)


@pytest.mark.django_db
def test_the_catalogue_can_be_read(client):
    rows = client.get(reverse("api:problems")).json()
    assert {row["code"] for row in rows} == set(CATALOGUE)
    for code, kind in CATALOGUE.items():
        assert client.get(reverse("api:problem", args=[code])).json() == {
            "code": code,
            "status": kind.status,
            "title": str(kind.title),
        }
    problem(client.get(reverse("api:problem", args=["unheard_of"])), 404, "not_found")


@pytest.mark.django_db
def test_titles_speak_the_readers_language_and_codes_do_not(client):
    answer = client.get(reverse("api:problem", args=["not_found"]), HTTP_ACCEPT_LANGUAGE="id").json()
    assert answer["code"] == "not_found"


def test_the_documentation_has_each_code_with_its_status():
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {code: int(status) for code, status in rows} == {
        code: kind.status for code, kind in CATALOGUE.items()
    }

"""A POST whose answer got lost is sent again under its key, and makes its record once."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clinic.api import repeats, tasks
from clinic.api.models import RepeatableRequest
from clinic.examination.models import Assessment
from clinic.home.models import HomeProgramme
from clinic.patients.models import Consent, Episode, Patient, Treatment
from clinic.patients.rules import clinic_today
from clinic.rights import services as rights
from clinic.visits.models import Confirmation, Photo, Visit, VisitConfirmation
from tests import factories
from tests.home.scenes import DOSES

from .contract import document
from .test_problems import problem


def bodies(records, upload):
    """For each resource a body that makes one, and its model."""
    return {
        "patient": (Patient, {"record_number": "N-1", "name": "New Person"}),
        "episode": (
            Episode,
            {
                "patient": str(records.patient.pk),
                "cause": "stroke",
                "weak_side": "left",
                "onset_date": "2026-01-05",
            },
        ),
        "treatment": (
            Treatment,
            {"episode": str(records.episode.pk), "kind": "surgery", "date": "2026-10-01"},
        ),
        "consent": (
            Consent,
            {"patient": str(records.patient.pk), "use": "teaching", "given_on": "2026-10-01"},
        ),
        "visit": (Visit, {"patient": str(records.patient.pk), "impression": "Once"}),
        "photo": (Photo, {"visit": str(records.visit.pk), "exercise": "pucker", "image": upload}),
        "confirmation": (
            Confirmation,
            {"analysis": str(records.analysis.pk), "exercise": "smile", "palsy": True, "weak_side": "left"},
        ),
        "assessment": (
            Assessment,
            {"visit": str(records.visit.pk), "scale": "saq", "scale_version": "2007", "answers": {}},
        ),
        "home-programme": (
            HomeProgramme,
            {
                "episode": str(records.episode.pk),
                "starts_on": clinic_today(records.patient).isoformat(),
                "doses": DOSES,
            },
        ),
    }


RESOURCES = (
    *("patient", "episode", "treatment", "consent", "visit", "photo", "confirmation", "assessment"),
    "home-programme",
)


def send(api, name, body, key, **headers):
    filled = {field: value() if callable(value) else value for field, value in body.items()}
    how = "multipart" if name == "photo" else "json"
    return api.post(reverse(f"api:{name}-list"), filled, format=how, HTTP_IDEMPOTENCY_KEY=key, **headers)


def test_these_are_all_posts_that_make_a_record():
    takes = {
        path
        for path, operations in document()["paths"].items()
        for parameter in operations.get("post", {}).get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }
    makes = {
        path
        for path, operations in document()["paths"].items()
        if {"201", "202"} & operations.get("post", {}).get("responses", {}).keys()
        and not path.endswith("/retry/")
    }
    # A token's text is stored nowhere, so that nothing could show it again.
    assert (
        takes
        == makes - {"/api/v1/tokens/"}
        == {
            *(f"/api/v1/{name}s/" for name in RESOURCES),
            "/api/v1/visits/{id}/confirm/",
            "/api/v1/episodes/{id}/red-flags/",
            "/api/v1/patient-links/",  # whose secret is not told again: test_links
            "/api/v1/analyses/{id}/points/",
        }
    )


def test_a_visit_is_confirmed_once_under_a_key(api, records):
    def say(key, visit=records.visit, **more):
        body = {"palsy": True, "weak_side": "left", "grade": 3, **more}
        url = reverse("api:visit-confirm", args=[visit.pk])
        return api.post(url, body, format="json", HTTP_IDEMPOTENCY_KEY=key)

    before = VisitConfirmation.objects.count()
    first, again = say("a-key"), say("a-key")
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert (first.status_code, "Idempotency-Replayed" in first) == (201, False)
    assert again["Idempotency-Replayed"] == "true"
    problem(say("a-key", grade=4), 422, "key_reused")
    problem(say("a-key", visit=factories.VisitFactory(episode=records.episode)), 422, "key_reused")
    assert VisitConfirmation.objects.count() == before + 1
    assert say("another-key").json()["id"] != first.json()["id"], "a second thought is a second word"


@pytest.mark.parametrize("name", RESOURCES)
def test_the_same_request_again_is_answered_alike_and_makes_nothing(api, records, upload, name):
    model, body = bodies(records, upload)[name]
    before, key = model.objects.count(), str(uuid.uuid4())
    first = send(api, name, body, key)
    again = send(api, name, dict(reversed(body.items())), f'"{key}"')
    assert (first.status_code, first.json(), first["Location"], first.get("ETag")) == (
        again.status_code,
        again.json(),
        again["Location"],
        again.get("ETag"),
    )
    assert first.status_code in (201, 202)
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert model.objects.count() == before + 1


@pytest.mark.parametrize("name", RESOURCES)
def test_another_body_under_the_same_key_is_refused(api, records, upload, name):
    model, body = bodies(records, upload)[name]
    send(api, name, body, "a-key")
    made = model.objects.count()
    another_photo = {"image": lambda: upload(factories.jpeg(320, 400, (1, 2, 3)))}
    other = {**body, **(another_photo if name == "photo" else {"comment": "another"})}
    problem(send(api, name, other, "a-key"), 422, "key_reused")
    elsewhere = {"patient": str(records.patient.pk), "impression": "Another"}
    problem(send(api, "visit", elsewhere, "a-key"), 422, "key_reused")
    assert model.objects.count() == made


def test_keys_are_each_user_s_own_and_last_a_day(api, api_integration, records, clinician):
    body = {"patient": str(records.patient.pk)}
    first = send(api, "visit", body, "k")
    assert send(api_integration, "visit", body, "k").json()["id"] != first.json()["id"]
    for hours, same in ((23, True), (25, False)):
        with time_machine.travel(timezone.now() + dt.timedelta(hours=hours), tick=False):
            api.force_login(clinician)
            answer = send(api, "visit", body, "k")
            assert (answer.json()["id"] == first.json()["id"]) is same


def test_a_request_that_was_refused_can_be_mended_under_its_key(api, records):
    problem(
        send(api, "visit", {"patient": str(records.patient.pk), "grade": 9}, "k"), 400, "validation_failed"
    )
    assert send(api, "visit", {"patient": str(records.patient.pk), "grade": 3}, "k").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, '"half', "with blank", "nö"])
def test_a_key_that_is_none(api, records, key):
    problem(send(api, "visit", {"patient": str(records.patient.pk)}, key), 400, "malformed_key")


def test_nothing_of_key_body_or_answer_is_kept_and_what_is_kept_goes_at_night(api, records):
    send(api, "patient", {"record_number": "SECRET-7", "name": "Secret Name"}, "secret-key")
    row = RepeatableRequest.objects.get()
    kept = " ".join(str(getattr(row, field.attname)) for field in row._meta.concrete_fields).lower()
    assert "secret" not in kept
    tasks.forget_keys()
    assert RepeatableRequest.objects.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert repeats.forget_old() == 1


def test_a_record_that_is_closed_by_now_is_not_shown_again(api, administrator, records):
    send(api, "visit", {"patient": str(records.patient.pk)}, "k")
    rights.restrict(user=administrator, patient=records.patient, ground="disputed", reason="asked")
    assert send(api, "visit", {"patient": str(records.patient.pk)}, "k").status_code in (403, 404)


@pytest.mark.django_db(transaction=True)
def test_doubles_that_come_at_once_make_one_record(clinician, visit):
    """Ten of the same at once: each is answered with the one record, or told that it is at work."""
    from .conftest import client_of

    clients, start, answers = [client_of(clinician) for _ in range(10)], threading.Barrier(10), []
    before = Visit.objects.count()

    def post(client):
        try:
            start.wait(timeout=30)
            body = {"patient": str(visit.patient_id), "impression": "Once"}
            answers.append(send(client, "visit", body, "k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Visit.objects.count() == before + 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert made == {str(Visit.objects.get(impression="Once").pk)}
    waits = [answer for answer in answers if answer.status_code == 409]
    assert all(answer.json()["code"] == "in_progress" and answer["Retry-After"] == "1" for answer in waits)

"""Links for patients by the API: made once with their secret, read without it, taken back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.patients.models import PatientLink
from tests.examination.wordings import pasted

from .test_problems import problem

pytestmark = pytest.mark.django_db
LIST = reverse("api:patient-link-list")


def body(records, **more):
    return {"episode": str(records.episode.pk), "scale": "saq", "language": "en", **more}


def test_the_secret_is_told_where_the_link_is_made_and_nowhere_else(api, records):
    made = api.post(LIST, body(records, days=3), format="json")
    assert made.status_code == 201, made.content
    told = made.json()
    page, _hash, secret = told["address"].partition("#")
    assert page.endswith(reverse("answering:open")) and len(secret) == 26
    assert told["state"] == "open" and told["wording"]
    assert Client().post(reverse("answering:open"), {"secret": secret}).status_code == 302
    assert api.get(told["url"]).json() == {**told, "address": None}
    assert all(one["address"] is None for one in api.get(LIST).json()["results"])


def test_a_repeated_request_makes_no_second_link_and_tells_no_secret(api, records):
    key = {"HTTP_IDEMPOTENCY_KEY": "link-1"}
    first = api.post(LIST, body(records), format="json", **key)
    again = api.post(LIST, body(records), format="json", **key)
    assert again.json() == {**first.json(), "address": None}
    assert again["Idempotency-Replayed"] == "true"


def test_a_link_is_taken_back_by_its_version(api, records):
    made = api.post(LIST, body(records), format="json")
    url = f"{made.json()['url']}revoke/"
    problem(api.post(url, HTTP_IF_MATCH=""), 428, "precondition_required")
    done = api.post(url, HTTP_IF_MATCH=made["ETag"])
    assert done.status_code == 200 and done.json()["state"] == "revoked" and done.json()["revoked_at"]


def test_without_the_clinics_text_in_that_language_no_link_is_made(api, records):
    before = PatientLink.objects.count()
    for wrong in ({"language": "id"}, {"scale": "fdi"}):
        found = problem(api.post(LIST, body(records) | wrong, format="json"), 404, "not_found")
        assert found["errors"][0]["field"] == "language"
    assert PatientLink.objects.count() == before


def test_the_newest_text_asks(api, records, clinician):
    newest = pasted(clinician, records.clinic, mark=" again")
    assert api.post(LIST, body(records), format="json").json()["wording"] == str(newest.pk)


@pytest.mark.parametrize("days", [0, 31, "x"])
def test_a_link_lasts_a_month_at_most(api, records, days):
    refused = api.post(LIST, body(records, days=days), format="json")
    assert problem(refused, 400, "validation_failed")["errors"][0]["field"] == "days"


def test_nobody_is_sent_one_before_the_red_flags_are_answered(api, records):
    type(records.episode).objects.filter(pk=records.episode.pk).update(red_flags="unasked")
    refused = api.post(LIST, body(records), format="json")
    assert {one["code"] for one in problem(refused, 400, "validation_failed")["errors"]} == {"red_flags"}

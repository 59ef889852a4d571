"""Red flags over the API: what is asked, who may answer, and what is answered before that."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.examination import red_flags
from clinic.examination.models import RedFlagScreening
from tests import factories

pytestmark = pytest.mark.django_db
NONE = {one.code: "no" for one in red_flags.questions(cause="bells_palsy")}


@pytest.fixture
def address(patient):
    episode = factories.EpisodeFactory(patient=patient, red_flags="unasked")
    return reverse("api:episode-red-flags", args=[episode.pk])


def test_what_is_asked_and_what_was_answered(api, address):
    before = api.get(address).json()
    assert before["state"] == "unasked" and not before["shows_findings"] and before["screenings"] == []
    assert {one["code"] for one in before["questions"]} == NONE.keys()
    made = api.post(address, {"answers": NONE | {"ear": "yes"}, "note": "Seen at home"}, format="json")
    assert made.status_code == 201
    assert [place["code"] for place in made.json()["sent_to"]] == ["ear"]
    after = api.get(address).json()
    assert after["state"] == "answered" and after["shows_findings"]
    assert after["screenings"] == [made.json()]


def test_a_question_that_is_left_out_is_no_answer(api, address):
    answer = api.post(address, {"answers": {"ear": "no"}}, format="json")
    assert answer.status_code == 400 and not RedFlagScreening.objects.exists()
    assert {one["field"] for one in answer.json()["errors"]} == NONE.keys() - {"ear"}


def test_answers_are_given_once_under_a_key(api, address):
    key = {"HTTP_IDEMPOTENCY_KEY": "red-flags-1"}
    first = api.post(address, {"answers": NONE}, format="json", **key)
    again = api.post(address, {"answers": NONE}, format="json", **key)
    assert (
        again.status_code == 201 and again.json() == first.json() and again["Idempotency-Replayed"] == "true"
    )
    assert RedFlagScreening.objects.count() == 1

"""Clinical scales by the API: answered, finished, corrected and read, with the rules of the pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from clinic.accounts.scopes import Scope
from clinic.accounts.services import create_token
from clinic.examination.models import Assessment
from clinic.examination.scales import BY_CODE, SCALES
from tests import factories
from tests.examination.answers import answers_for

from .contract import document
from .test_problems import problem

pytestmark = pytest.mark.django_db
LIST = reverse("api:assessment-list")


def body(visit, scale="fngs", answers=None, **more):
    version = BY_CODE[scale].version
    return {
        "visit": str(visit.pk),
        "scale": scale,
        "scale_version": version,
        "answers": answers or {},
        **more,
    }


def answers_of(scale, *values):
    return dict(zip(BY_CODE[scale].by_code, values, strict=True))


GOLDEN = [
    # The same published cases as of the arithmetic itself: see tests/examination/scales/test_figures.py.
    (
        "sunnybrook",
        {
            "rest_eye": "surgery", "rest_cheek": "more", "rest_mouth": "pulled",
            "forehead_movement": 3, "closure_movement": 3, "smile_movement": 4, "snarl_movement": 2,
            "pucker_movement": 3, "forehead_synkinesis": 1, "closure_synkinesis": 2, "smile_synkinesis": 1,
            "snarl_synkinesis": 0, "pucker_synkinesis": 2,
        },
        {"resting": 15, "voluntary": 60, "synkinesis": 6},
        39,
    ),
    ("fngs", {"brow": 3, "eye": 3, "fold": 3, "oral": 3, "secondary": 2}, {"regions": 12, "secondary": 2}, 14),
    ("yanagihara", dict.fromkeys(BY_CODE["yanagihara"].by_code, 4), None, 40),
    ("saq", dict.fromkeys(BY_CODE["saq"].by_code, 5), {"synkinesis": 100}, 100),
    ("face", dict.fromkeys(BY_CODE["face"].by_code, 3), None, 50),
    (
        "fdi",
        {
            "eating": 4, "drinking": 5, "speaking": 3, "tearing": 2, "rinsing": 5,
            "calm": 6, "isolation": 5, "irritability": 4, "sleep": 3, "outings": 6,
        },
        # (19 - 5) / 5 x 25 and (24 - 5) / 5 x 20, VanSwearingen and Brach 1996.
        {"physical": 70, "social": 76},
        None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("scale", "answers", "subs", "total"), GOLDEN, ids=[one[0] for one in GOLDEN])
def test_golden_scores_go_in_and_come_out(api, records, visit_of_another_day, scale, answers, subs, total):
    visit = visit_of_another_day
    made = api.post(LIST, body(visit, scale, answers, finish=True), format="json")
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["total"] == total and told["missing"] == [] and told["finished_at"]
    assert told["answers"] == answers and told["scale_version"] == BY_CODE[scale].version
    if subs is not None:
        assert told["sub_scores"] == subs
    assert told["by"]["kind"] == "person" and told["rated_by"] == BY_CODE[scale].rater.value
    assert made["Location"] == told["url"] and api.get(told["url"]).json() == told
    in_visit = api.get(reverse("api:visit-detail", args=[visit.pk])).json()["assessments"]
    assert in_visit == [told]
    history = api.get(reverse("api:episode-history", args=[visit.episode_id])).json()["scores"]
    (score,) = [one for one in history if one["assessment"] == told["id"]]
    assert (score["total"], score["sub_scores"]) == (total, told["sub_scores"])


@pytest.fixture
def visit_of_another_day(records):
    return factories.VisitFactory(episode=records.episode, clinician=records.visit.clinician)


@pytest.mark.parametrize("scale", SCALES, ids=lambda one: one.code)
def test_every_scale_can_be_written(api, visit_of_another_day, scale):
    given = body(visit_of_another_day, scale.code, answers_for(scale), finish=True)
    assert api.post(LIST, given, format="json").status_code == 201


def test_partial_answers_have_no_total_and_can_be_gone_on_with(api, visit_of_another_day):
    made = api.post(LIST, body(visit_of_another_day, answers={"brow": 3}), format="json")
    told = made.json()
    assert told["total"] is None and told["missing"] == ["eye", "fold", "oral", "secondary"]
    more = {"answers": {"eye": 2, "fold": 3, "oral": 3, "secondary": 1}}
    changed = api.patch(told["url"], more, format="json", HTTP_IF_MATCH=made["ETag"])
    assert changed.status_code == 200 and changed.json()["total"] == 12
    late = api.patch(told["url"], {"answers": {"eye": 6}}, format="json", HTTP_IF_MATCH=made["ETag"])
    problem(late, 412, "precondition_failed")
    back = api.patch(told["url"], {"answers": {"eye": None}}, format="json", HTTP_IF_MATCH=changed["ETag"])
    assert back.json()["total"] is None and back.json()["missing"] == ["eye"]


def test_a_finished_one_is_opened_before_it_is_corrected(api, visit_of_another_day):
    given = body(visit_of_another_day, answers=answers_for(BY_CODE["fngs"]), finish=True)
    made = api.post(LIST, given, format="json")
    url, tag = made.json()["url"], made["ETag"]
    closed = api.patch(url, {"answers": {"brow": 2}}, format="json", HTTP_IF_MATCH=tag)
    assert {one["code"] for one in problem(closed, 409, "conflict")["errors"]} == {"finished"}
    opened = api.post(f"{url}reopen/", HTTP_IF_MATCH=tag)
    assert opened.status_code == 200 and opened.json()["finished_at"] is None
    changed = api.patch(url, {"answers": {"brow": 2}}, format="json", HTTP_IF_MATCH=opened["ETag"])
    done = api.post(f"{url}finish/", HTTP_IF_MATCH=changed["ETag"])
    assert done.status_code == 200 and done.json()["answers"]["brow"] == 2 and done.json()["finished_at"]


def test_one_with_a_missing_item_is_not_finished(api, visit_of_another_day):
    refused = api.post(LIST, body(visit_of_another_day, answers={"brow": 3}, finish=True), format="json")
    assert {one["code"] for one in problem(refused, 409, "conflict")["errors"]} == {"incomplete"}
    assert not Assessment.objects.filter(visit=visit_of_another_day).exists()


def test_none_is_finished_while_the_red_flags_are_unanswered(api, visit_of_another_day):
    episode = visit_of_another_day.episode
    type(episode).objects.filter(pk=episode.pk).update(red_flags="unasked")
    given = body(visit_of_another_day, answers=answers_for(BY_CODE["fngs"]), finish=True)
    refused = api.post(LIST, given, format="json")
    assert {one["code"] for one in problem(refused, 400, "validation_failed")["errors"]} == {"red_flags"}


def test_a_second_one_of_the_same_visit_is_refused_and_a_repeated_request_is_not(api, visit_of_another_day):
    given = body(visit_of_another_day, answers={"brow": 3})
    key = {"HTTP_IDEMPOTENCY_KEY": "scale-1"}
    first = api.post(LIST, given, format="json", **key)
    again = api.post(LIST, given, format="json", **key)
    assert again.status_code == 201 and again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert {
        one["code"] for one in problem(api.post(LIST, given, format="json"), 409, "conflict")["errors"]
    } == {"taken"}
    assert Assessment.objects.filter(visit=visit_of_another_day).count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"answers": {"brow": 9}}, "answers.brow"),
        ({"answers": {"ear": 1}}, "answers.ear"),
        ({"answers": {"brow": True}}, "answers.brow"),
        ({"scale_version": "1.0"}, "scale_version"),
        ({"scale": "made_up"}, "scale"),
        ({"answers": {"brow": {"a": 1}}}, "answers.brow"),
    ],
)
def test_what_the_scale_does_not_know_is_a_fields_error(api, visit_of_another_day, wrong, field):
    refused = api.post(LIST, body(visit_of_another_day) | wrong, format="json")
    assert [one["field"] for one in problem(refused, 400, "validation_failed")["errors"]] == [field]
    assert not Assessment.objects.filter(visit=visit_of_another_day).exists()


def test_an_archived_visit_takes_none(api, visit_of_another_day, clinician):
    visit = visit_of_another_day
    made = api.post(LIST, body(visit, answers={"brow": 3}), format="json")
    type(visit).objects.filter(pk=visit.pk).update(archived_at="2026-11-01T00:00:00Z")
    problem(api.post(LIST, body(visit, "saq"), format="json"), 409, "archived")
    late = api.patch(made.json()["url"], {"answers": {}}, format="json", HTTP_IF_MATCH=made["ETag"])
    problem(late, 409, "archived")


def test_a_token_that_may_not_read_results_is_told_nothing_of_them_in_a_visit(clinician, records):
    for scope, told in ((Scope.PATIENTS_READ, False), (Scope.RESULTS_READ, True)):
        scopes = {Scope.PATIENTS_READ, scope}
        _label, text = create_token(user=clinician, name=scope, days=1, scopes=scopes)
        answer = Client().get(
            reverse("api:visit-detail", args=[records.visit.pk]), HTTP_AUTHORIZATION=f"Bearer {text}"
        )
        assert (answer.json()["assessments"] is not None) == told


def test_the_document_lists_the_scales_of_the_one_list():
    whole = document()
    shape = whole["components"]["schemas"]["AssessmentInput"]["properties"]["scale"]
    name = shape.get("$ref", "").rpartition("/")[2] or shape["allOf"][0]["$ref"].rpartition("/")[2]
    assert set(whole["components"]["schemas"][name]["enum"]) == {one.code for one in SCALES}
    said = whole["paths"]["/api/v1/assessments/"]["get"]["description"]
    assert all(one.name in said for one in SCALES)

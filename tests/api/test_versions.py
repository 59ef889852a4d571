"""A change by program names the version that it is meant for: from an old copy nothing is overwritten."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.api.etags import asks_for_match
from clinic.examination import services_scales
from clinic.home.services import update_programme
from clinic.patients import services
from clinic.visits import services as visits

from .conftest import client_of
from .contract import document
from .test_problems import problem

CHANGES = [
    ("patient", {"phone": "1"}),
    ("episode", {"notes": "x"}),
    ("treatment", {"note": "x"}),
    ("visit", {"impression": "x"}),
    ("photo", {"exercise": "pucker"}),
    ("assessment", {"answers": {"brow": 4}}),
    ("home-programme", {"message": "x"}),
]
STEPS = [
    ("patient", "archive"),
    ("patient", "restore"),
    ("treatment", "archive"),
    ("consent", "revoke"),
    ("visit", "archive"),
    ("visit", "restore"),
    ("photo", "archive"),
    ("photo", "restore"),
    ("task", "close"),
    ("assessment", "finish"),
    ("assessment", "reopen"),
    ("patient-link", "revoke"),
    ("home-programme", "end"),
]
BODIES = {"close": {"outcome": "treated"}}
OPERATIONS = [
    *((name, None, body) for name, body in CHANGES),
    *((name, step, BODIES.get(step, {})) for name, step in STEPS),
]


def address(records, name, step=None):
    return reverse(f"api:{name}-{step or 'detail'}", args=[getattr(records, name.replace("-", "_")).pk])


def call(api, records, name, step, body, **headers):
    method = api.post if step else api.patch
    return method(address(records, name, step), body, format="json", **headers)


def test_these_are_all_operations_that_change_a_record():
    listed = {(f"/api/v1/{name}s/{{id}}/" + (f"{step}/" if step else "")) for name, step, _body in OPERATIONS}
    found = {
        path
        for path, operations in document()["paths"].items()
        for method in operations
        if asks_for_match(method.upper(), path)
    }
    # What is added to points names those it was added to, by a tag of its own: tests/api/test_landmarks.py.
    assert found == listed | {"/api/v1/analyses/{id}/points/"}


@pytest.mark.parametrize(("name", "step", "body"), OPERATIONS)
def test_without_a_version_it_is_asked_for_and_with_another_one_refused(api, records, name, step, body):
    tag = f'"{getattr(records, name.replace("-", "_")).pk}.1"'
    assert api.get(address(records, name))["ETag"] == tag
    asked = problem(call(api, records, name, step, body, HTTP_IF_MATCH=""), 428, "precondition_required")
    assert "etag" not in asked
    for other in (
        f'"{records.clinic.pk}.1"',
        tag.replace(".1", ".2"),
        f"W/{tag}",
        "nonsense",
        f'{tag[:-3]}"',
    ):
        refused = call(api, records, name, step, body, HTTP_IF_MATCH=other)
        assert problem(refused, 412, "precondition_failed")["etag"] == tag == refused["ETag"]
    before = api.get(address(records, name)).json()
    answer = call(api, records, name, step, body, HTTP_IF_MATCH=f'"other", {tag}')
    assert answer.status_code == 200
    version = answer.json()["version"]
    assert answer["ETag"] == f'"{before["id"]}.{version}"'
    assert version == (1 if step in ("restore", "reopen") else 2), "what changes nothing is no version"


def test_the_second_of_two_who_read_the_same_is_told(api, administrator, records):
    tag, url = api.get(address(records, "visit"))["ETag"], address(records, "visit")
    assert api.patch(url, {"grade": 2}, format="json", HTTP_IF_MATCH=tag).status_code == 200
    second = client_of(administrator)
    late = second.patch(url, {"impression": "x"}, format="json", HTTP_IF_MATCH=tag)
    assert problem(late, 412, "precondition_failed")["etag"] == api.get(url)["ETag"]
    records.visit.refresh_from_db()
    assert (records.visit.grade, records.visit.impression) == (2, "")


def test_whoever_changes_it_on_the_page_changes_its_tag(api, records, clinician):
    before = {name: api.get(address(records, name))["ETag"] for name, _body in CHANGES}
    services.update_patient(user=clinician, patient=records.patient, phone="2")
    services.update_episode(user=clinician, episode=records.episode, notes="2")
    services.update_treatment(user=clinician, treatment=records.treatment, note="2")
    visits.update_visit(user=clinician, visit=records.visit, impression="2")
    visits.change_exercise(user=clinician, photo=records.photo, exercise="brow_raise")
    scale = records.assessment.definition
    services_scales.answer(user=clinician, visit=records.visit, scale=scale, answers={"brow": 4})
    update_programme(user=clinician, programme=records.home_programme, message="2")
    assert all(api.get(address(records, name))["ETag"] != tag for name, tag in before.items())


@pytest.mark.parametrize("name", ["episode", "treatment"])
def test_what_has_not_changed_is_not_sent_again(api, records, name):
    tag = api.get(address(records, name))["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = api.get(address(records, name), HTTP_IF_NONE_MATCH=known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    call(api, records, name, None, dict(CHANGES)[name])
    assert api.get(address(records, name), HTTP_IF_NONE_MATCH=tag).status_code == 200


@pytest.mark.parametrize("name", ["patient", "photo", "visit"])
def test_what_shows_more_than_its_own_version_is_always_sent(api, records, name):
    tag = api.get(address(records, name))["ETag"]
    assert api.get(address(records, name), HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_a_new_record_and_a_list_tell_what_the_tag_is_made_of(api, records):
    made = api.post(reverse("api:visit-list"), {"patient": str(records.patient.pk)}, format="json")
    assert made["ETag"] == f'"{made.json()["id"]}.1"'
    item = api.get(reverse("api:visit-list")).json()["results"][0]
    assert api.get(item["url"])["ETag"] == f'"{item["id"]}.{item["version"]}"'

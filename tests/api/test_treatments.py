"""Treatments with what is told of each kind, by the API: the same rules as the form, null where nothing is told."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.patients.models import Treatment
from clinic.patients.treatments import DETAILS, FIELDS_OF, TreatmentKind

from ..patients.test_treatments import TOLD, ago
from .test_problems import problem

pytestmark = pytest.mark.django_db
LIST = reverse("api:treatment-list")
EMPTY = {
    name: [] if name == "injections" else "" if name in ("drug", "therapy") else None for name in DETAILS
}


def body(records, kind, **more):  # type: ignore[no-untyped-def]
    return {"episode": str(records.episode.pk), "kind": kind, "date": ago(weeks=2).isoformat(), **more}


@pytest.mark.parametrize("kind", TreatmentKind.values)
def test_what_is_told_of_a_kind_goes_in_and_comes_out(api, records, kind):
    told = {name: TOLD[name] for name in FIELDS_OF[kind]}
    made = api.post(LIST, body(records, kind, **told), format="json")
    assert made.status_code == 201, made.content
    answer = made.json()
    for name, value in (EMPTY | told).items():
        if name == "injections":
            assert sorted(map(str, map(sorted, answer[name]))) == sorted(map(str, map(sorted, value)))
        else:
            assert answer[name] == value
    assert answer["units"] == (12.5 if kind == "botulinum_toxin" else None)


def test_kind_and_date_alone_are_enough_and_nothing_that_was_not_told_is_0(api, records):
    answer = api.post(LIST, body(records, "botulinum_toxin"), format="json").json()
    assert {name: answer[name] for name in DETAILS} == EMPTY
    assert answer["units"] is None


def test_null_says_that_nothing_is_told(api, records):
    empty = {name: value for name, value in EMPTY.items() if value is None}
    answer = api.post(LIST, body(records, "other", **empty), format="json")
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in DETAILS} == EMPTY


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        ("steroids", {"dose_mg": 0}, "dose_mg"),
        ("steroids", {"dose_mg": "much"}, "dose_mg"),
        ("steroids", {"days": -1}, "days"),
        ("steroids", {"product": "onabotulinumtoxin_a"}, "product"),
        ("lid_weight", {"weight_g": 500}, "weight_g"),
        ("surgery", {"operation": "face"}, "operation"),
        ("surgery", {"side": "middle"}, "side"),
        ("botulinum_toxin", {"product": "water"}, "product"),
        (
            "botulinum_toxin",
            {"injections": [{"muscle": "mentalis", "side": "left", "units": 4000}]},
            "injections",
        ),
        (
            "botulinum_toxin",
            {"injections": [{"muscle": "mentalis", "side": "left", "units": 0}]},
            "injections",
        ),
        (
            "botulinum_toxin",
            {"injections": [{"muscle": "mentalis", "side": "left", "units": 2}] * 2},
            "injections",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_by_field(api, records, kind, wrong, field):
    before = Treatment.objects.count()
    error = problem(api.post(LIST, body(records, kind, **wrong), format="json"), 400, "validation_failed")
    assert {one["field"].partition(".")[0].partition("[")[0] for one in error["errors"]} == {field}
    assert Treatment.objects.count() == before


def test_a_change_replaces_all_injections_or_none(api, records):
    made = api.post(
        LIST, body(records, "botulinum_toxin", injections=TOLD["injections"]), format="json"
    ).json()
    kept = api.patch(made["url"], {"note": "x"}, format="json").json()
    assert kept["injections"] == made["injections"]
    one = [{"muscle": "platysma", "side": "right", "units": 5.0}]
    assert api.patch(made["url"], {"injections": one}, format="json").json()["units"] == 5.0
    none = api.patch(made["url"], {"injections": []}, format="json").json()
    assert (none["injections"], none["units"], none["version"]) == ([], None, 4)


def test_a_kind_that_others_details_belong_to_is_refused_until_they_are_taken_out(api, records):
    made = api.post(LIST, body(records, "steroids", dose_mg=60, days=10), format="json").json()
    refused = api.patch(made["url"], {"kind": "botulinum_toxin"}, format="json")
    assert {one["field"] for one in problem(refused, 400, "validation_failed")["errors"]} == {
        "dose_mg",
        "days",
    }
    sent = {"kind": "botulinum_toxin", "dose_mg": None, "days": None}
    assert api.patch(made["url"], sent, format="json").status_code == 200


def test_the_course_tells_a_treatment_s_units_and_product(api, records):
    told = {"injections": TOLD["injections"], "product": "abobotulinumtoxin_a"}
    api.post(LIST, body(records, "botulinum_toxin", **told), format="json")
    marks = api.get(reverse("api:episode-history", args=[records.episode.pk])).json()["treatments"]
    toxin = [one for one in marks if one["kind"] == "botulinum_toxin"]
    assert [(one["units"], one["product"]) for one in toxin] == [(12.5, "abobotulinumtoxin_a")]
    assert "mentalis left=2" in toxin[0]["details"]
    assert [one["units"] for one in marks if one["kind"] != "botulinum_toxin"] == [None] * (len(marks) - 1)

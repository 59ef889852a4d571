"""No list answers with everybody because a filter was not understood: each list, each filter, each kind of nonsense."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories

from .contract import document
from .shared_records import clinic, clinician, db, made, patient, records, visit
from .test_problems import problem

__all__ = ["clinic", "clinician", "db", "made", "patient", "records", "visit"]

NOW = "2026-01-14T03:00:00Z"


def parameters_of(operation: dict) -> dict[str, dict]:
    return {entry["name"]: entry for entry in operation.get("parameters", []) if entry["in"] == "query"}


# Every address that lists something, whether it can be narrowed or not; none names a record.
LISTS = {
    path: parameters_of(methods["get"])
    for path, methods in document()["paths"].items()
    if "get" in methods and "{" not in path
}
each_list = pytest.mark.parametrize("path", [path for path, known in LISTS.items() if known])
NONSENSE = {
    "string": ["\x00"],
    "uuid": ["x", "null", "1", "\x00", "é"],
    "date-time": [
        "yesterday",
        "2026-01-14",
        "2026-01-14T10:00:00",
        "2026-01-14T10:00:00 07:00",
        "1768357200",
        "\x00",
    ],
    "boolean": ["TRUE", "True", "yes", "1", "0", "null", "on", "truefalse", "\x00"],
    "integer": ["x", "0", "-1", "1.5", "١", "1e2", "9" * 30],
    "enum": ["nonsense", "null", "ANY", "\x00", "*"],
    "cursor": ["x", "AAAA", "\x00"],
}


def kind_of(name: str, schema: dict) -> str:
    if name == "cursor":
        return "cursor"
    schema = schema.get("items", schema)
    # The exercises grow: the document names none of them here.
    if "enum" in schema or "$ref" in schema or name == "exercise":
        return "enum"
    return str(schema.get("format") or schema["type"])


def valid_value(name: str, schema: dict) -> str:
    """One that the filter understands."""
    schema = schema.get("items", schema)
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        return str(schema["enum"][0])
    if name == "exercise":
        return "rest"
    known = {"uuid": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "date-time": NOW}
    return known.get(
        schema.get("format", ""), {"boolean": "true", "integer": "5"}.get(schema["type"], "anything")
    )


def refused(api, path: str, query: str | dict, name: str) -> str:
    found = problem(
        api.get(path, query) if isinstance(query, dict) else api.get(f"{path}?{query}"),
        400,
        "validation_failed",
    )
    assert [error["field"] for error in found["errors"]] == [name]
    assert found["errors"][0]["detail"]
    return str(found["errors"][0]["code"])


def test_every_list_with_filters_is_walked():
    assert {path for path, known in LISTS.items() if len(known) > 2} >= {
        f"/api/v1/{name}/"
        for name in (
            "patients",
            "episodes",
            "treatments",
            "consents",
            "visits",
            "photos",
            "analyses",
            "confirmations",
        )
    }
    assert sum(map(len, LISTS.values())) > 50


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "name", ["nonsense", "Patient", "patient[]", "patient__id", "format", "order_by", "limit", ""]
)
def test_a_parameter_that_is_not_there(path, name, api, records):
    assert refused(api, path, f"{name}=1", name) == "unknown"


@each_list
def test_a_parameter_without_a_value(path, api, records):
    for name in LISTS[path]:
        for written in ("=", "", "=%20", "=%09%0A"):
            assert refused(api, path, f"{name}{written}", name) == "blank"


@each_list
def test_a_parameter_given_twice(path, api, records):
    for name, entry in LISTS[path].items():
        value = valid_value(name, entry["schema"])
        for query in ({name: [value, value]}, {name: [value, ""]}, {name: ["", value]}):
            if entry["schema"].get("type") == "array" and "" not in query[name]:
                assert api.get(path, query).status_code == 200
            else:
                assert refused(api, path, query, name) in ("repeated", "blank")


@each_list
def test_a_value_that_is_not_understood(path, api, records):
    for name, entry in LISTS[path].items():
        schema = entry["schema"]
        for value in NONSENSE[kind_of(name, schema)]:
            refused(api, path, {name: value}, name)
            if schema.get("type") == "array":
                refused(api, path, {name: [valid_value(name, schema), value]}, name)


@each_list
def test_a_value_that_is_understood_and_fits_nothing(path, api, records):
    for name, entry in LISTS[path].items():
        if kind_of(name, entry["schema"]) in ("uuid", "string"):
            assert api.get(path, {name: valid_value(name, entry["schema"])}).json()["results"] == []


def test_several_faults_are_told_together(api, records):
    query = "?attention=yes&nonsense=1&cause=&page_size=2&page_size=3"
    found = problem(api.get("/api/v1/patients/" + query), 400, "validation_failed")
    assert {error["field"] for error in found["errors"]} >= {"nonsense", "cause", "page_size"}


def test_a_filter_by_truth_takes_both_words(api, records, clinician):
    taken_back = factories.ConsentFactory(
        patient=records.patient,
        use="teaching",
        revoked_at=timezone.now(),
        revoked_by=clinician,
        recorded_by=clinician,
    )
    url = reverse("api:consent-list")
    for word, consent in (("true", records.consent), ("false", taken_back)):
        assert [row["id"] for row in api.get(url, {"in_force": word}).json()["results"]] == [str(consent.pk)]


# --- moments without an offset ---


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-14T10:00:00",
        "2026-01-14 10:00",
        "2026-01-14",
        "2026-10-25T02:30:00",
        1768357200,
        None,
        True,
        "",
    ],
)
def test_a_moment_without_an_offset_is_nobodys(moment, api, records, upload):
    visit = api.post(
        reverse("api:visit-list"), {"patient": str(records.patient.pk), "at": moment}, format="json"
    )
    assert problem(visit, 400, "validation_failed")["errors"][0]["field"] == "at"
    changed = api.patch(reverse("api:visit-detail", args=[records.visit.pk]), {"at": moment}, format="json")
    assert problem(changed, 400, "validation_failed")["errors"][0]["field"] == "at"
    if isinstance(moment, str) and moment:
        body = {"visit": str(records.visit.pk), "exercise": "rest", "image": upload(), "taken_at": moment}
        photo = api.post(reverse("api:photo-list"), body, format="multipart")
        assert problem(photo, 400, "validation_failed")["errors"][0]["field"] == "taken_at"


@pytest.mark.parametrize("written", ["10:00:00+07:00", "03:00:00Z", "03:00:00.000+00:00", "10:00+0700"])
def test_a_moment_with_its_offset_is_stored_as_that_moment(written, api, records):
    day = timezone.now().date() - dt.timedelta(days=7)
    url = reverse("api:visit-detail", args=[records.visit.pk])
    changed = api.patch(url, {"at": f"{day}T{written}"}, format="json")
    assert changed.status_code == 200, changed.content
    records.visit.refresh_from_db()
    assert records.visit.at == dt.datetime.combine(day, dt.time(3), tzinfo=dt.UTC)

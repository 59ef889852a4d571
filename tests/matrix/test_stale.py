"""Every form that changes a record on file, sent from a page that is out of date: nobody's words are overwritten.

The rows of the table are all addresses that there are, so a new form is asked here without anybody thinking of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.urls import Resolver404, resolve

from clinic.common.forms import EditForm
from clinic.common.models import Versioned
from clinic.common.writing import save

from ..forms import forms_of
from .asking import address
from .rows import Row
from .table import ROWS
from .world import WHO, World

pytestmark = pytest.mark.django_db

# What a colleague saves while the page stands open, in each field that a form may change.
THEIRS: dict[str, dict[str, Any]] = {
    "patient": {
        "record_number": "THEIRS-1",
        "name": "Theirs",
        "birth_date": dt.date(1970, 1, 1),
        "birth_precision": "year",
        "sex": "other",
        "phone": "theirs",
        "email": "theirs@example.org",
        "languages": "theirs",
    },
    "episode": {
        "cause": "trauma",
        "weak_side": "both",
        "onset_date": dt.date(2026, 1, 1),
        "onset_precision": "month",
        "notes": "theirs",
    },
    "treatment": {
        "kind": "other",
        "date": dt.date(2026, 2, 2),
        "note": "theirs",
        "drug": "theirs",
        "dose_mg": 12.5,
        "days": 9,
        "therapy": "theirs",
        "per_week": 3,
        "weeks": 7,
        "product": "abobotulinumtoxin_a",
        "injections": [{"muscle": "mentalis", "side": "left", "units": 3.0}],
        "operation": "tarsorrhaphy",
        "weight_g": 1.4,
        "side": "both",
    },
    "visit": {"impression": "theirs", "grade": 6, "at": dt.datetime(2026, 3, 3, 10, tzinfo=dt.UTC)},
    "photo": {"exercise": "sneer", "side": "left", "taken_at": dt.datetime(2026, 3, 3, 10, tzinfo=dt.UTC)},
    "clinic": {
        "name": "Theirs",
        "time_zone": "Asia/Makassar",
        "language": "id",
        "require_second_factor": True,
        "idle_minutes": 60,
        "protocol": "sunnybrook-1",
    },
    "task": {"plan": "theirs", "next_check": dt.date(2026, 12, 31), "owner": None},
    "assessment": {"answers": {"brow": 6}},
    "homeprogramme": {"message": "theirs", "mirrored": False, "wants_photos": False},
    "membership": {"role": "administrator"},
    "user": {"full_name": "Theirs", "language": "id"},
}
# Their forms ask for a decision that is taken once, and refuse a second one.
DECIDED_ONCE = {"consent", "correction", "patientlink", "secondreading", "skippedexercise"}
# Their fields bear the names of the record's that they are sent to, and make another record.
MAKE_ANOTHER = {"visits:confirm", "visits:upload"}
# Addresses that change a record which they don't name.
UNNAMED = {
    "accounts:clinic": "clinic",
    "visits:protocols": "clinic",
    "accounts:profile": "administrator",
}


def edits() -> list[Row]:
    """The rows that send something to a record on file which has versions."""
    return [row for row in ROWS if row.method == "POST" and not row.is_api and model_of(row)]


def model_of(row: Row) -> str:
    on = UNNAMED.get(row.name) or row.on
    name = {"administrator": "user", "home": "homeprogramme"}.get(on, on.rpartition("_")[2])
    return name if name in THEIRS else ""


def record_of(row: Row, world: World) -> Any:
    return getattr(world.mine.records, UNNAMED.get(row.name) or row.on)


def all_forms(form: type[Any] = EditForm) -> Iterator[type[Any]]:
    for child in form.__subclasses__():
        yield child
        yield from all_forms(child)


def test_every_model_with_versions_is_asked_here():
    known = {model._meta.model_name for model in apps.get_models() if issubclass(model, Versioned)}
    assert known == THEIRS.keys() | DECIDED_ONCE


def test_whatever_has_a_history_has_versions():
    kept = [model for model in apps.get_models() if hasattr(model._meta, "simple_history_manager_attribute")]
    assert [model.__name__ for model in kept if not issubclass(model, Versioned)] == []


def test_every_field_of_a_form_that_changes_a_record_is_asked_here():
    fields = {name for values in THEIRS.values() for name in values}
    # Of forms that also make a new record: to whom it belongs, and what it says once.
    lacking = (
        {name for form in all_forms() for name in form.base_fields}
        - fields
        - {"episode", "starts_on", "doses"}
    )
    assert lacking == set()


@pytest.mark.parametrize("row", edits(), ids=str)
def test_an_outdated_form_overwrites_nothing(row: Row, world: World) -> None:
    record, theirs = record_of(row, world), THEIRS[model_of(row)]
    who = "administrator" if row.expected[WHO.index("administrator")] == "ok" else "clinician"
    with transaction.atomic():
        now = type(record)._base_manager.get(pk=record.pk)
        for name, value in theirs.items():
            setattr(now, name, value)
        save(now, user=world.users["clinician"])
        body = {"version": "1", **row.body(world.mine.records)}
        answer = world.client(who).post(address(row, world.mine), body)
        after = type(record)._base_manager.get(pk=record.pk)
        transaction.set_rollback(True)
    assert answer.status_code < 500
    assert {name: getattr(after, name) for name in theirs} == theirs


@pytest.mark.parametrize("page", [row for row in ROWS if row.method == "GET" and not row.is_api], ids=str)
def test_a_page_s_form_for_a_record_s_fields_says_which_version_it_shows(page: Row, world: World) -> None:
    if page.expected[WHO.index("administrator")] != "ok":
        pytest.skip("not for people of the clinic")
    named = {
        row.name for row in edits() if row.body(world.mine.records).keys() & THEIRS[model_of(row)].keys()
    }
    carrying = named - MAKE_ANOTHER
    assert {"patients:edit", "visits:edit", "visits:photo_exercise", "accounts:clinic"} <= carrying
    with transaction.atomic():
        response = world.client("administrator").get(address(page, world.mine))
        transaction.set_rollback(True)
    if "text/html" not in response.headers["Content-Type"]:
        return
    for form in forms_of(response):
        try:
            name = resolve(form.action.partition("?")[0]).view_name
        except Resolver404:
            continue
        if name in carrying:
            assert form.fields.get("version", "").isdigit(), f"the form of {name} on {page} says no version"

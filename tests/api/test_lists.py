"""Lists: pages by cursor, filters, refusals of what is not understood, and a bounded number of queries."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.api.urls import router
from clinic.examination.models import Task
from clinic.overview.listed import needs_attention
from clinic.patients import services
from clinic.patients.models import Patient
from clinic.recovery import standing
from clinic.recovery.services import refresh_summary
from clinic.visits import consenting
from clinic.visits import services as visits
from tests import factories

from .conftest import everything
from .test_problems import problem

PATIENTS = "/api/v1/patients/"
NOBODY = "1c6e0a52-4d0b-4d53-9b6f-2f1f6c1f7e08"
LISTS = [
    "clinic",
    "patient",
    "episode",
    "treatment",
    "consent",
    "visit",
    "photo",
    "analysis",
    "confirmation",
    "task",
    "assessment",
    "patient-link",
    "home-programme",
]


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def pages(client, url: str, *, between=lambda: None):
    """The identifiers of every page, following `next`."""
    found = []
    while url:
        response = client.get(url)
        found += ids(response)
        following = response.json()["next"]
        assert (response.get("Link") == f'<{following}>; rel="next"') if following else "Link" not in response
        url = following
        between()
    return found


def test_pages_skip_nothing_and_repeat_nothing(api, clinic):
    now = timezone.now()
    # Made in bulk: some share their very moment.
    rows = Patient.objects.bulk_create(
        Patient(clinic=clinic, record_number=str(n), name="A", created_at=now - dt.timedelta(seconds=n // 4))
        for n in range(23)
    )
    found = pages(
        api, f"{PATIENTS}?page_size=5", between=lambda: factories.PatientFactory(clinic=clinic, name="Later")
    )
    assert len(found) == len(set(found))
    assert set(found) == {str(row.pk) for row in rows}


def test_a_page_holds_fifty_unless_asked(api, clinic):
    Patient.objects.bulk_create(Patient(clinic=clinic, record_number=str(n), name="A") for n in range(51))
    assert len(ids(api.get(PATIENTS))) == 50
    assert len(ids(api.get(PATIENTS, {"page_size": 200}))) == 51


def test_the_next_page_keeps_the_filters(api, clinic):
    for _ in range(3):
        factories.EpisodeFactory(patient__clinic=clinic, cause="stroke")
        factories.EpisodeFactory(patient__clinic=clinic, cause="trauma")
    assert len(pages(api, f"{PATIENTS}?cause=stroke&page_size=2")) == 3


@pytest.mark.parametrize("size", ["0", "-1", "201", "x", "1.5", "", "9" * 40, "٣"])
def test_page_sizes_that_are_none(api, clinic, size):
    found = problem(api.get(PATIENTS, {"page_size": size}), 400, "validation_failed")
    assert found["errors"][0]["field"] == "page_size"


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        "x",
        "é",
        "%00",
        cursor(),
        cursor("2026-01-01", NOBODY),
        cursor("2026-01-01T00:00:00+00:00", "1"),
        cursor(1, 2),
        cursor("0001-01-01T00:00:00+14:00", NOBODY),
        cursor("9999-12-31T23:59:59-14:00", NOBODY),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
        base64.urlsafe_b64encode(b'{"a": 1, "b": 2}').decode(),
    ],
)
def test_cursors_that_are_none(api, clinic, value):
    found = problem(api.get(PATIENTS, {"cursor": value}), 400, "validation_failed")
    assert found["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    "params",
    [
        {"patients": "x"},
        {"format": "csv"},
        {"name": "A"},
        {"clinic": "not-a-uuid"},
        {"cause": "laughter"},
        {"archived": "perhaps"},
        {"created_since": "yesterday"},
        {"clinic": "\x00"},
    ],
)
def test_parameters_that_are_not_understood(api, clinic, params):
    found = problem(api.get(PATIENTS, params), 400, "validation_failed")
    assert found["errors"][0]["field"] == next(iter(params))


def test_a_record_takes_no_parameters(api, records):
    url = reverse("api:patient-detail", args=[records.patient.pk])
    problem(api.get(url, {"cursor": "x"}), 400, "validation_failed")


@pytest.fixture
def two(records, clinic, clinician):
    """The fixture's records, and as many of another patient of the same clinic."""
    episode = factories.EpisodeFactory(
        patient__clinic=clinic, cause="stroke", weak_side="right", onset_date=dt.date(2026, 1, 5)
    )
    visit = factories.VisitFactory(
        episode=episode, clinician=clinician, at=timezone.now() - dt.timedelta(days=90)
    )
    other = everything(visit, clinician)
    for patient in (records.patient, other.patient):
        refresh_summary(patient_id=patient.pk)
    return other


@pytest.mark.parametrize(
    ("resource", "params"),
    [
        ("patient", {"cause": "bells_palsy"}),
        ("patient", {"weak_side": "left"}),
        ("patient", {"last_visit_since": "month"}),
        ("episode", {"patient": "patient"}),
        ("episode", {"cause": "bells_palsy"}),
        ("episode", {"weak_side": "left"}),
        ("treatment", {"patient": "patient"}),
        ("treatment", {"episode": "episode"}),
        ("consent", {"patient": "patient"}),
        ("visit", {"patient": "patient"}),
        ("visit", {"episode": "episode"}),
        ("visit", {"at_since": "month"}),
        ("photo", {"patient": "patient"}),
        ("photo", {"episode": "episode"}),
        ("photo", {"visit": "visit"}),
        ("analysis", {"patient": "patient"}),
        ("analysis", {"visit": "visit"}),
        ("analysis", {"photo": "photo"}),
        ("confirmation", {"patient": "patient"}),
        ("confirmation", {"visit": "visit"}),
        ("confirmation", {"photo": "photo"}),
        ("confirmation", {"analysis": "analysis"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_filters_that_tell_one_patient_from_another(resource, params, api, records, two):
    month = (timezone.now() - dt.timedelta(days=30)).isoformat()
    filled = {
        name: month
        if value == "month"
        else str(getattr(records, value).pk)
        if hasattr(records, value)
        else value
        for name, value in params.items()
    }
    url = reverse(f"api:{resource}-list")
    assert set(ids(api.get(url))) == {
        str(getattr(records, resource.replace("-", "_")).pk),
        str(getattr(two, resource.replace("-", "_")).pk),
    }
    assert ids(api.get(url, filled)) == [str(getattr(records, resource.replace("-", "_")).pk)]


@pytest.mark.parametrize(
    ("resource", "hit", "miss"),
    [
        ("treatment", {"kind": "steroids"}, {"kind": "surgery"}),
        ("consent", {"use": "record"}, {"use": "teaching"}),
        ("consent", {"in_force": "true"}, {"in_force": "false"}),
        ("photo", {"exercise": "smile"}, {"exercise": "rest"}),
        ("analysis", {"status": ["queued", "succeeded"]}, {"status": ["queued", "failed"]}),
        ("analysis", {"release": "test-release"}, {"release": "another"}),
        ("confirmation", {"agrees": "true"}, {"agrees": "false"}),
        ("patient", {"archived": "any"}, {"archived": "true"}),
        ("patient", {"clinic": "own"}, {"clinic": "other"}),
        ("patient", {"last_visit_since": "past"}, {"last_visit_before": "past"}),
        ("visit", {"at_before": "future"}, {"at_before": "past"}),
        *[(resource, {"created_since": "past"}, {"created_since": "future"}) for resource in LISTS[1:]],
        *[(resource, {"updated_since": "past"}, {"updated_since": "future"}) for resource in LISTS[1:]],
    ],
)
def test_filters_that_find_or_miss(resource, hit, miss, api, records):
    refresh_summary(patient_id=records.patient.pk)
    words = {
        "past": (timezone.now() - dt.timedelta(days=1)).isoformat(),
        "future": (timezone.now() + dt.timedelta(days=1)).isoformat(),
        "own": str(records.clinic.pk),
        "other": str(uuid.uuid4()),
    }
    url = reverse(f"api:{resource}-list")

    def filled(params):
        return {
            name: words.get(value, value) if isinstance(value, str) else value
            for name, value in params.items()
        }

    assert ids(api.get(url, filled(hit))) == [str(getattr(records, resource.replace("-", "_")).pk)]
    assert ids(api.get(url, filled(miss))) == []


def test_needing_attention(api, records, two):
    factories.rejected(factories.PhotoFactory(visit=records.visit, exercise="rest"))
    refresh_summary(patient_id=records.patient.pk)
    new = factories.PatientFactory(clinic=records.clinic)
    # One has a photo to retake, the other was not seen for long.
    assert set(ids(api.get(PATIENTS, {"attention": "true"}))) == {
        str(records.patient.pk),
        str(two.patient.pk),
    }
    assert ids(api.get(PATIENTS, {"attention": "false"})) == [str(new.pk)]


@pytest.mark.parametrize("resource", ["visit", "photo", "treatment", "patient"])
def test_archived_records_come_when_asked_for(resource, api, records):
    assert (
        api.post(
            reverse(f"api:{resource}-archive", args=[getattr(records, resource.replace("-", "_")).pk])
        ).status_code
        == 200
    )
    url = reverse(f"api:{resource}-list")
    one = [str(getattr(records, resource.replace("-", "_")).pk)]
    assert ids(api.get(url)) == []
    assert ids(api.get(url, {"archived": "true"})) == one
    assert ids(api.get(url, {"archived": "any"})) == one


@pytest.mark.parametrize("resource", LISTS[1:])
def test_the_advice_for_looking_up_what_changed_holds_on_every_list(resource, api, records, clinician):
    long_ago = timezone.now() - dt.timedelta(days=400)
    url, one = reverse(f"api:{resource}-list"), [str(getattr(records, resource.replace("-", "_")).pk)]
    asked = {"updated_since": long_ago.isoformat(), "archived": "any"}
    assert ids(api.get(url, asked)) == one
    services.archive_patient(user=clinician, patient=records.patient)
    visits.archive_visit(user=clinician, visit=records.visit)
    assert ids(api.get(url, asked)) == one
    assert ids(api.get(url, {"archived": "true"})) == ([] if resource == "treatment" else one)
    assert ids(api.get(url, {"archived": "false"})) == (one if resource == "treatment" else [])


@pytest.mark.parametrize("what", ["analysis", "confirmation", "consent"])
def test_what_is_shown_within_another_record_counts_as_its_change(what, api, records, clinician):
    """A photo's result and the word on it, and a consent that was taken back."""
    moment = timezone.now() + dt.timedelta(minutes=1)
    listed = "consent" if what == "consent" else "photo"
    asked = {"updated_since": moment.isoformat(), "archived": "any"}
    assert ids(api.get(reverse(f"api:{listed}-list"), asked)) == []
    with time_machine.travel(moment + dt.timedelta(minutes=1)):
        if what == "consent":
            consenting.revoke_consent(user=clinician, consent=records.consent)
        elif what == "confirmation":
            factories.ConfirmationFactory(analysis=records.analysis, by=clinician)
        else:
            type(records.analysis).objects.update(finished_at=timezone.now())
    assert ids(api.get(reverse(f"api:{listed}-list"), asked)) == [
        str(getattr(records, listed.replace("-", "_")).pk)
    ]


def queries(client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert len(ids(client.get(url))) > 0
    return len(captured)


@pytest.mark.parametrize("resource", LISTS[1:])
def test_longer_lists_need_no_more_queries(resource, api, records, clinic, clinician):
    url = reverse(f"api:{resource}-list")
    few = queries(api, url)
    for _ in range(3):
        visit = factories.VisitFactory(episode__patient__clinic=clinic, clinician=clinician)
        everything(visit, clinician)
        refresh_summary(patient_id=visit.patient_id)
    assert len(ids(api.get(url))) == 4
    many = queries(api, url)
    assert many <= few
    # User, session, roles and clinics; the rows and what hangs on them; the note that they were read.
    assert many <= 12


@pytest.mark.parametrize("resource", LISTS)
def test_a_list_answers_to_head_and_options(resource, api, records):
    url = reverse(f"api:{resource}-list")
    assert (api.head(url).status_code, api.head(url).content) == (200, b"")
    assert api.options(url).status_code == 200


def test_every_list_is_tried_here():
    named = {pattern.name for pattern in router.urls if pattern.name.endswith("-list")}
    assert named == {f"{resource}-list" for resource in [*LISTS, "release"]}


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0704-11-14T15:02:31-22:39", 200),
        ("1150-02-12T09:15:52+21:04", 200),
        ("9999-12-31T23:59:59-23:00", 400),
        ("0001-01-01T00:00:00+23:00", 400),
    ],
)
@pytest.mark.parametrize("resource", ["visit", "episode", "confirmation", "patient"])
def test_a_moment_with_more_than_sixteen_hours_of_offset(api, records, resource, moment, status):
    """PostgreSQL takes no such offset, and would answer with an error of its own."""
    assert api.get(reverse(f"api:{resource}-list"), {"created_since": moment}).status_code == status


def test_needing_attention_is_read_from_what_is_kept(api, records, two):
    """Of a clinic whose patients all have their place, no record of another table is asked for it."""
    for patient in (records.patient, two.patient):
        refresh_summary(patient_id=patient.pk)
    Task.objects.update(next_check=timezone.localdate() + dt.timedelta(days=40))
    for patient in (records.patient, two.patient):
        standing.place(patient_id=patient.pk)
    with CaptureQueriesContext(connection) as captured:
        found = ids(api.get(PATIENTS, {"attention": "true"}))
    [listed] = [one["sql"] for one in captured.captured_queries if "urgency" in one["sql"]]
    assert "examination_task" not in listed
    assert set(found) == {str(one.pk) for one in Patient.objects.filter(needs_attention())}

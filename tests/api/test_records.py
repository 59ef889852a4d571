"""Each resource: what goes in comes out, what is wrong is named, what was read is on record."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.audit.models import Access, ReadEvent
from clinic.patients.models import Patient
from clinic.visits.confirming import confirm_visit
from clinic.visits.models import Visit
from tests import factories

from .test_problems import problem

# Within the episode of every record here.
RECENT = timezone.localdate() - dt.timedelta(weeks=2)
BODIES = {
    "patient": {
        "record_number": "N-77",
        "name": "Tala Contoh",
        "birth_date": "1990-02-28",
        "sex": "female",
        "phone": "021",
        "email": "tala@patient.example",
        "languages": "id, en",
    },
    "episode": {
        "patient": "patient",
        "cause": "stroke",
        "weak_side": None,
        "onset_date": "2026-01-01",
        "notes": "n",
    },
    "treatment": {"episode": "episode", "kind": "botulinum_toxin", "date": "2026-02-01", "note": "left"},
    "consent": {"patient": "patient", "use": "publication", "given_on": "2026-02-01"},
    "visit": {
        "patient": "patient",
        "episode": "episode",
        "at": f"{RECENT:%Y-%m-%d}T03:00:00Z",
        "impression": "Better",
        "grade": 4,
    },
    "confirmation": {
        "analysis": "analysis",
        "exercise": "rest",
        "palsy": True,
        "weak_side": "both",
        "grade": 6,
        "comment": "Quite another view",
    },
}
CHANGES = {
    "patient": {"name": "Tala Sample", "sex": "other", "email": ""},
    "episode": {"cause": "trauma", "weak_side": "right", "notes": ""},
    "treatment": {"kind": "other", "note": ""},
    "visit": {"at": f"{RECENT:%Y-%m-%d}T04:00:00Z", "impression": "", "grade": None},
}


def filled(body, records):
    return {key: str(getattr(records, key).pk) if value == key else value for key, value in body.items()}


@pytest.mark.parametrize("resource", BODIES)
def test_what_goes_in_comes_out(resource, api, records):
    body = filled(BODIES[resource], records)
    made = api.post(reverse(f"api:{resource}-list"), body, format="json")
    assert made.status_code == 201, made.content
    assert {key: made.json()[key] for key in body} == body
    assert made["Location"] == made.json()["url"]
    assert api.get(made["Location"]).json() == made.json()


@pytest.mark.parametrize("resource", CHANGES)
def test_a_change_changes_what_it_says_and_is_in_the_history(resource, api, records, clinician):
    record = getattr(records, resource)
    url = reverse(f"api:{resource}-detail", args=[record.pk])
    before, change = api.get(url).json(), CHANGES[resource]
    after = api.patch(url, change, format="json").json()
    # Another cause has other red flags.
    asked_anew = {"red_flags": "unasked"} if resource == "episode" else {}
    if resource == "visit":
        # They tell of the moment of their visit.
        before["assessments"] = [{**one, "at": change["at"]} for one in before["assessments"]]
    assert after == {**before, **change, **asked_anew, "version": 2}
    newest = record.history.first()
    assert (newest.history_type, newest.history_user) == ("~", clinician)


@pytest.mark.parametrize("resource", CHANGES)
def test_a_change_of_nothing_changes_nothing_and_is_a_read(resource, api, records):
    url = reverse(f"api:{resource}-detail", args=[getattr(records, resource).pk])
    before = api.get(url).json()
    assert api.patch(url, {}, format="json").json() == before
    assert [read.patient for read in ReadEvent.objects.all()] == [records.patient] * 2


@pytest.mark.parametrize("resource", BODIES)
@pytest.mark.parametrize("extra", ["id", "created_at", "archived_at", "nonsense", ""])
def test_fields_that_nobody_asked_for(resource, extra, api, records):
    body = {**filled(BODIES[resource], records), extra: "x"}
    found = problem(api.post(reverse(f"api:{resource}-list"), body, format="json"), 400, "validation_failed")
    assert found["errors"] == [{"field": extra, "code": "unknown", "detail": "There is no such field here."}]


@pytest.mark.parametrize("resource", CHANGES)
def test_a_record_stays_where_it_is(resource, api, records):
    url = reverse(f"api:{resource}-detail", args=[getattr(records, resource).pk])
    for owner in ("clinic", "patient", "episode"):
        problem(api.patch(url, {owner: str(records.patient.pk)}, format="json"), 400, "validation_failed")


@pytest.mark.parametrize("resource", BODIES)
def test_identifiers_that_are_none(resource, api, records):
    owner = next((key for key in BODIES[resource] if key in ("patient", "episode", "analysis")), "clinic")
    body = {**filled(BODIES[resource], records), owner: "1"}
    found = problem(api.post(reverse(f"api:{resource}-list"), body, format="json"), 400, "validation_failed")
    assert [error["field"] for error in found["errors"]] == [owner]


@pytest.mark.parametrize(
    ("resource", "change", "field"),
    [
        ("patient", {"name": "x\x00"}, "name"),
        ("patient", {"name": "x" * 121}, "name"),
        ("patient", {"name": None}, "name"),
        ("patient", {"name": ["x"]}, "name"),
        ("patient", {"email": "nobody"}, "email"),
        ("patient", {"birth_date": "1899-12-31"}, "birth_date"),
        ("episode", {"onset_date": "1979-01-01"}, "onset_date"),
        ("episode", {"onset_date": "2026-01-01T10:00"}, "onset_date"),
        ("episode", {"weak_side": ""}, "weak_side"),
        ("treatment", {"date": "2999-01-01"}, "date"),
        ("visit", {"at": "2999-01-01T00:00:00Z"}, "at"),
        ("visit", {"grade": 7}, "grade"),
        ("visit", {"grade": 10**40}, "grade"),
    ],
)
def test_values_that_cannot_be(resource, change, field, api, records):
    url = reverse(f"api:{resource}-detail", args=[getattr(records, resource).pk])
    # Written by hand: DRF's own renderer refuses half a character.
    answer = api.patch(url, json.dumps(change), content_type="application/json")
    found = problem(answer, 400, "validation_failed")
    assert [error["field"] for error in found["errors"]] == [field]


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ({"palsy": True}, "weak_side"),
        ({"palsy": False, "weak_side": "left"}, "weak_side"),
        ({"palsy": False, "grade": 3}, "grade"),
        ({"palsy": True, "weak_side": "left", "grade": 0}, "grade"),
        ({"palsy": "perhaps"}, "palsy"),
        ({"palsy": False, "exercise": "laugh"}, "exercise"),
    ],
)
def test_words_that_contradict_themselves(word, field, api, records):
    body = {"analysis": str(records.analysis.pk), "exercise": "smile", **word}
    found = problem(api.post(reverse("api:confirmation-list"), body, format="json"), 400, "validation_failed")
    assert [error["field"] for error in found["errors"]] == [field]


def test_a_visit_takes_the_current_episode_the_time_and_the_person(api, records, clinician):
    url = reverse("api:visit-list")
    made = api.post(url, {"patient": str(records.patient.pk)}, format="json").json()
    assert made["episode"] == str(records.episode.pk)
    assert made["clinician"] == {
        "id": str(clinician.public_id),
        "name": clinician.full_name,
        "kind": "person",
    }
    assert abs(dt.datetime.fromisoformat(made["at"]) - timezone.now()) < dt.timedelta(minutes=1)


def test_a_visit_needs_an_episode(api, clinic):
    patient = factories.PatientFactory(clinic=clinic)
    body = {"patient": str(patient.pk)}
    found = problem(api.post(reverse("api:visit-list"), body, format="json"), 400, "validation_failed")
    assert found["errors"][0]["detail"]
    assert not Visit.objects.exists()


def test_moments_are_utc_whoever_asks(api, records):
    url = reverse("api:visit-detail", args=[records.visit.pk])
    assert api.get(url).json()["at"].endswith("Z")
    sent = {"at": f"{RECENT:%Y-%m-%d}T10:00:00+07:00"}
    assert api.patch(url, sent, format="json").json()["at"] == f"{RECENT:%Y-%m-%d}T03:00:00Z"


def test_a_user_of_two_clinics_says_which(api, clinician, clinic):
    other = factories.MembershipFactory(user=clinician).clinic
    body = {"record_number": "1", "name": "Tala Contoh"}
    found = problem(api.post(reverse("api:patient-list"), body, format="json"), 400, "validation_failed")
    assert found["errors"][0]["field"] == "clinic"
    made = api.post(reverse("api:patient-list"), {**body, "clinic": str(other.pk)}, format="json")
    assert made.json()["clinic"] == str(other.pk)
    assert Patient.objects.get().clinic == other


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({"text": "tala"}, 2),
        ({"text": "r-4"}, 2),
        ({"record_number": "R-4"}, 1),
        ({"record_number": "R"}, 0),
        ({"record_number": "R-4", "text": "tala"}, 1),
        ({"record_number": "R-4", "text": "nobody"}, 0),
        ({"text": "tala", "archived": True}, 0),
    ],
)
def test_the_search(wish, found, api, clinic):
    for number in ("R-4", "R-42"):
        factories.PatientFactory(clinic=clinic, record_number=number, name=f"Tala {number}")
    answer = api.post(reverse("api:patient-search"), wish, format="json").json()
    assert (len(answer["results"]), answer["more"]) == (found, False)
    assert ReadEvent.objects.count() == found


def test_a_search_for_nothing_and_a_search_that_finds_too_many(api, clinic):
    url = reverse("api:patient-search")
    problem(api.post(url, {}, format="json"), 400, "validation_failed")
    problem(api.post(url, {"text": "  "}, format="json"), 400, "validation_failed")
    Patient.objects.bulk_create(Patient(clinic=clinic, record_number=str(n), name="A") for n in range(51))
    answer = api.post(url, {"text": "a"}, format="json").json()
    assert (len(answer["results"]), answer["more"]) == (50, True)


def test_reads_are_recorded_by_record_and_by_list(api, records, clinician):
    api.get(reverse("api:patient-detail", args=[records.patient.pk]), REMOTE_ADDR="10.1.2.3")
    event = ReadEvent.objects.get()
    assert (event.user, event.patient, event.access) == (clinician, records.patient, Access.RECORD)
    assert (event.page, event.address) == ("api:patient-detail", "10.1.2.3")
    api.get(reverse("api:visit-list"))
    assert ReadEvent.objects.filter(page="api:visit-list").count() == 1
    api.get(reverse("api:clinic-list"))
    assert ReadEvent.objects.count() == 2


def test_nobody_keeps_a_copy(api, records):
    for name in ("patient-detail", "visit-detail"):
        record = getattr(records, name.split("-")[0])
        assert api.get(reverse(f"api:{name}", args=[record.pk]))["Cache-Control"] == "no-store"
    assert api.get(reverse("api:patient-list"))["Cache-Control"] == "no-store"


def test_an_analysis_that_goes_on_says_when_to_come_back(api, visit):
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True)
    url = reverse("api:analysis-detail", args=[analysis.pk])
    answer = api.get(url)
    assert (answer.json()["status"], answer.json()["result"], answer["Retry-After"]) == ("queued", None, "1")
    assert not ReadEvent.objects.exists()
    problem(api.get(reverse("api:analysis-landmarks", args=[analysis.pk])), 404, "not_found")


def test_a_result_is_the_models_and_preliminary_until_a_clinician_spoke(api, records, visit):
    other = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    confirmed = api.get(reverse("api:analysis-detail", args=[records.analysis.pk])).json()["result"]
    fresh = api.get(reverse("api:analysis-detail", args=[other.pk])).json()["result"]
    assert (confirmed["source"], confirmed["preliminary"]) == ("model", False)
    assert (fresh["source"], fresh["preliminary"]) == ("model", True)
    assert "Not a diagnosis" in fresh["notice"]
    assert ReadEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("make", "kind", "retry"), [("rejected", "rejected", False), ("failed", "failed", True)]
)
def test_a_photo_without_a_result_says_why(make, kind, retry, api, visit):
    analysis = getattr(factories, make)(factories.PhotoFactory(visit=visit))
    found = api.get(reverse("api:analysis-detail", args=[analysis.pk])).json()
    assert found["result"] is None
    assert (found["reason"]["kind"], found["reason"]["retry"]) == (kind, retry)
    assert found["reason"]["sentence"] and found["reason"]["action"]


def test_the_points_of_the_face(api, records):
    found = api.get(reverse("api:analysis-landmarks", args=[records.analysis.pk])).json()
    assert len(found["landmarks"]) == 478


def test_the_history_of_an_episode_and_of_a_patient(api, records, clinician):
    url = reverse("api:episode-history", args=[records.episode.pk])
    confirm_visit(user=clinician, visit=records.visit, palsy=True, weak_side="left", grade=3)
    found = api.get(url).json()
    (visit,) = found["visits"]
    assert visit["visit"] == str(records.visit.pk)
    assert (visit["grade"], visit["grade_source"], visit["clinician"]["grade"]) == (3, "clinician", 3)
    (photo,) = visit["photos"]
    assert (photo["confirmed"]["palsy"], photo["confirmed"]["by"]) == (True, clinician.full_name)
    assert photo["results"][0]["release"] == "test-release"
    assert visit["model"]["grade"] is None, "one view is too few for it"
    assert [mark["treatment"] for mark in found["treatments"]] == [str(records.treatment.pk)]
    whole = api.get(reverse("api:patient-history", args=[records.patient.pk])).json()
    assert whole["episodes"] == [found]


def test_the_history_as_a_file_is_an_export(api, records):
    url = reverse("api:episode-history", args=[records.episode.pk])
    answer = api.get(url, HTTP_ACCEPT="text/csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="recovery-2')
    assert records.patient.record_number not in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["record"] for row in rows} == {"visit", "photo", "treatment"}
    assert ReadEvent.objects.get().access == Access.EXPORT


def test_an_error_on_the_way_to_a_file_is_a_problem(api, api_stranger, records):
    url = reverse("api:episode-history", args=[records.episode.pk])
    problem(api_stranger.get(url, HTTP_ACCEPT="text/csv"), 404, "not_found")
    problem(api.get(url, HTTP_ACCEPT="application/pdf"), 406, "not_acceptable")


def test_releases_exercises_and_who_may_read_them(api, clinic):
    codes = [row["code"] for row in api.get(reverse("api:exercises")).json()]
    assert codes[:2] == ["rest", "brow_raise"]
    found = api.get(reverse("api:release-list")).json()
    for release in found:
        assert api.get(release["url"]).json() == release
    problem(api.get(reverse("api:release-detail", args=["none-such"])), 404, "not_found")

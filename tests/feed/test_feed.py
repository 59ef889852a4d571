"""What the change feed tells of each kind of change, to whom, and what the holder of a copy is to do."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clinic.accounts.models import Role
from clinic.accounts.services import create_token
from clinic.feed.models import Change, Feed
from clinic.feed.services import renew
from clinic.operations.services import note_restore
from clinic.patients import services
from clinic.rights import erasure
from clinic.rights import services as rights
from clinic.visits import consenting
from clinic.visits import services as visits
from inference import services as inference
from tests import factories

from ..api.conftest import client_of
from ..api.contract import Client
from ..api.test_problems import problem

URL = "/api/v1/changes/"


def look(client, cursor: str | None = None, **query: object) -> tuple[list[dict], str]:
    answer = client.get(URL, {**query, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, answer.content
    return answer.json()["results"], answer.json()["cursor"]


def said(entries: list[dict]) -> list[tuple[str, str, str]]:
    return [(entry["kind"], entry["what"], entry["todo"]["code"]) for entry in entries]


@pytest.fixture
def api(clinician):
    return client_of(clinician)


def test_each_act_on_a_record_is_told(api, clinician, clinic, settings):
    _none, cursor = look(api, start="now")
    assert _none == []
    patient = services.create_patient(user=clinician, clinic=clinic, record_number="1", name="A")
    episode = services.open_episode(
        user=clinician, patient=patient, cause="stroke", weak_side="left", onset_date=dt.date(2026, 1, 1)
    )
    treatment = services.add_treatment(
        user=clinician, episode=episode, kind="surgery", date=dt.date(2026, 1, 2)
    )
    services.update_treatment(user=clinician, treatment=treatment, note="x")
    services.archive_treatment(user=clinician, treatment=treatment)
    consent = consenting.give_consent(
        user=clinician, patient=patient, use="record", given_on=dt.date(2026, 1, 2)
    )
    visit = visits.create_visit(user=clinician, patient=patient)
    visits.archive_visit(user=clinician, visit=visit)
    visits.restore_visit(user=clinician, visit=visit)
    consenting.revoke_consent(user=clinician, consent=consent)
    told, after = look(api, cursor)
    told = [entry for entry in told if entry["kind"] != "patient"]
    assert said(told) == [
        ("episode", "created", "fetch"),
        ("treatment", "created", "fetch"),
        ("treatment", "changed", "fetch"),
        ("treatment", "archived", "fetch"),
        ("consent", "created", "fetch"),
        ("visit", "created", "fetch"),
        ("visit", "archived", "fetch"),
        ("visit", "restored", "fetch"),
        ("consent", "revoked", "stop_use"),
    ]
    for entry in told:
        assert entry["patient"] == str(patient.pk) and entry["clinic"] == str(clinic.pk)
        assert api.get(entry["url"]).json()["id"] == entry["id"]
    versions = [entry["version"] for entry in told if entry["kind"] == "treatment"]
    assert versions == sorted(set(versions))
    assert look(api, after)[0] == []
    # A place that was lost is asked for again, and the same is told.
    assert [entry for entry in look(api, cursor)[0] if entry["kind"] != "patient"] == told


def test_a_result_that_comes_later_is_told_and_so_is_the_word_on_it(api, visit, clinician):
    photo = factories.PhotoFactory(visit=visit)
    _told, cursor = look(api, start="now")
    analysis = inference.queue_analysis(photo=photo)
    told, cursor = look(api, cursor, kind="analysis")
    assert said(told) == [("analysis", "created", "fetch")]
    claimed = inference.claim(analysis_id=analysis.pk)
    assert look(api, cursor, kind="analysis")[0] == []
    from ..inference.conftest import make_findings

    assert inference.finish(claim=claimed, findings=make_findings())
    told, cursor = look(api, cursor)
    assert ("analysis", "changed", "fetch") in said(told)
    assert ("patient", "changed", "fetch") in said(told), "the figures of the list changed with it"
    entry = next(entry for entry in told if entry["kind"] == "analysis")
    assert entry["photo"] == str(photo.pk) and api.get(entry["url"]).json()["status"] == "succeeded"
    analysis.refresh_from_db()
    visits.confirm(user=clinician, analysis=analysis, exercise="smile", palsy=True, weak_side="left", grade=3)
    told, cursor = look(api, cursor, kind="confirmation")
    assert said(told) == [("confirmation", "created", "fetch")] and told[0]["photo"] == str(photo.pk)


@pytest.mark.parametrize(
    "end",
    [
        lambda claimed, photo: inference.reject(claim=claimed, findings=_rejected()),
        lambda claimed, photo: inference.fail(claim=claimed, code="internal"),
        lambda claimed, photo: _give_up(claimed),
    ],
    ids=["rejected", "failed", "given up"],
)
def test_each_end_of_an_analysis_is_told(end, api, visit, settings):
    settings.ANALYSIS_MAX_ATTEMPTS = 1
    photo = factories.PhotoFactory(visit=visit)
    analysis = inference.queue_analysis(photo=photo)
    claimed = inference.claim(analysis_id=analysis.pk)
    _told, cursor = look(api, start="now")
    assert end(claimed, photo)
    assert ("analysis", "changed", "fetch") in said(look(api, cursor)[0])
    analysis.refresh_from_db()
    if analysis.status == "failed":
        _told, cursor = look(api, start="now")
        inference.retry(analysis=analysis)
        assert said(look(api, cursor, kind="analysis")[0]) == [("analysis", "changed", "fetch")]


def _rejected():
    from ..inference.conftest import make_findings

    return make_findings(reason="blurred")


def _give_up(claimed):
    return inference.requeue(analysis_id=claimed.analysis_id, attempt=claimed.attempt, code="lost")


def test_a_photo_taken_off_the_queue_is_told(api, visit, clinician):
    photo = factories.PhotoFactory(visit=visit)
    inference.queue_analysis(photo=photo)
    _told, cursor = look(api, start="now")
    visits.archive_photo(user=clinician, photo=photo)
    told = said(look(api, cursor)[0])
    assert ("photo", "archived", "fetch") in told and ("analysis", "changed", "fetch") in told


def test_a_restriction_closes_copies_and_says_nothing_more(api, visit, administrator):
    patient = visit.patient
    _told, cursor = look(api, start="now")
    services.update_patient(user=administrator, patient=patient, phone="1")
    rights.restrict(user=administrator, patient=patient, ground="disputed", reason="asked")
    told, after = look(api, cursor)
    assert said(told) == [("patient", "restricted", "close")]
    assert told[0]["url"] is None and told[0]["id"] == str(patient.pk)
    # Whoever begins anew isn't told of the closed record either, but for that it is closed.
    assert said([entry for entry in look(api)[0] if entry["patient"] == str(patient.pk)]) == [
        ("patient", "restricted", "close")
    ]
    patient.refresh_from_db()
    rights.lift_restriction(user=administrator, patient=patient, reason="settled")
    told, _after = look(api, after)
    assert ("patient", "restriction_lifted", "fetch_all") in said(told)


def test_an_erasure_reaches_copies_and_so_does_the_destruction(api, visit, administrator):
    patient = visit.patient
    consenting.give_consent(
        user=administrator, patient=patient, use="teaching", given_on=timezone.localdate()
    )
    _told, cursor = look(api, start="now")
    made = erasure.erase(user=administrator, patient=patient, reason="asked")
    told, cursor = look(api, cursor)
    assert ("consent", "revoked", "stop_use") in said(told)
    assert ("patient", "erased", "erase") in said(told)
    with time_machine.travel(dt.datetime(made.keep_until.year + 1, 1, 1, tzinfo=dt.UTC)):
        assert erasure.destroy(erasure=made)
    told, _cursor = look(api, cursor)
    assert said(told) == [("patient", "destroyed", "erase")]
    assert Change.objects.filter(patient=patient.pk).count() == 1, "nothing else is left of them"


def test_another_clinics_changes_are_nobodys(api, stranger, visit):
    elsewhere = factories.PatientFactory(clinic=stranger.memberships.get().clinic)
    mine = {entry["clinic"] for entry in look(api)[0]}
    assert mine == {str(visit.patient.clinic_id)}
    assert [entry["id"] for entry in look(client_of(stranger))[0]] == [str(elsewhere.pk)]


def test_results_are_told_to_whoever_may_read_them(visit, clinician):
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    client = Client()
    text = create_token(user=clinician, name="n", days=1, scopes=["patients.read"])[1]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert not {entry["kind"] for entry in look(client)[0]} & {"photo", "analysis", "confirmation"}
    problem(client.get(URL, {"kind": "photo"}), 403, "out_of_scope")


def test_a_cursor_is_for_one_reader_and_one_time(api, visit, clinician, stranger):
    _told, cursor = look(api)
    problem(client_of(stranger).get(URL, {"cursor": cursor}), 410, "cursor_expired")
    factories.MembershipFactory(user=clinician, clinic=stranger.memberships.get().clinic, role=Role.REVIEWER)
    problem(
        client_of(type(clinician).objects.get(pk=clinician.pk)).get(URL, {"cursor": cursor}),
        410,
        "cursor_expired",
    )


@pytest.mark.parametrize("restore", [renew, lambda: note_restore(name="a", rows=1, files=1)])
def test_a_restored_backup_ends_every_cursor(restore, api, visit):
    _told, cursor = look(api)
    restore()
    problem(api.get(URL, {"cursor": cursor}), 410, "cursor_expired")
    assert look(api)[0]


def test_a_cursor_ahead_of_the_data_is_refused(api, visit):
    _told, cursor = look(api)
    Feed.objects.update(last=1)
    Change.objects.filter(position__gt=1).delete()
    problem(api.get(URL, {"cursor": cursor}), 410, "cursor_expired")


@pytest.mark.parametrize("value", ["x", "é", "AAAA", "MQ", "\x00", "9" * 300, "LS0t"])
def test_cursors_that_are_none(value, api, visit):
    assert (
        problem(api.get(URL, {"cursor": value}), 400, "validation_failed")["errors"][0]["field"] == "cursor"
    )


def test_now_and_a_cursor_contradict_each_other(api, visit):
    _told, cursor = look(api)
    problem(api.get(URL, {"cursor": cursor, "start": "now"}), 400, "validation_failed")


def test_pages_follow_each_other(api, clinic):
    made = [str(factories.PatientFactory(clinic=clinic).pk) for _ in range(5)]
    told, url = [], f"{URL}?page_size=2&kind=patient&kind=visit"
    for more in (True, True, False):
        page = api.get(url).json()
        told += [entry["id"] for entry in page["results"]]
        assert page["more"] is more
        url = page["next"]
    assert told == made
    assert api.get(url).json()["results"] == []


def test_what_was_taken_back_was_never_told(api, clinic, clinician):
    from django.db import transaction

    _told, cursor = look(api, start="now")
    with transaction.atomic():
        services.create_patient(user=clinician, clinic=clinic, record_number="1", name="A")
        transaction.set_rollback(True)
    assert look(api, cursor)[0] == []


def test_an_entry_names_nobody(api, visit):
    for entry in look(api)[0]:
        text = str(entry)
        assert visit.patient.name not in text and visit.patient.record_number not in text.split()


def test_every_kind_has_its_address(api):
    from clinic.feed.models import RecordKind

    for kind in RecordKind.values:
        assert reverse(f"api:{kind}-detail", args=["00000000-0000-0000-0000-000000000000"])

"""The chain over the log: whatever is changed, taken out or put in between shows, and where."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from clinic.audit import chain, guards, statements
from clinic.audit.models import AuditEvent, Event, Seal
from clinic.audit.services import log_event
from clinic.patients import services
from clinic.patients.models import Patient

from .. import factories
from ..conftest import arrange_results


@contextmanager
def unguarded() -> Iterator[None]:
    """As somebody who owns the tables and takes the guards down."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in guards.tables():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        guards.install()
        guards.allow_truncate()
        arrange_results()


@pytest.fixture
def sealed(patient, clinician):
    """A dozen events, sealed in three batches."""
    for number in range(12):
        log_event(kind=Event.STEP_UP, user=clinician, patient=patient, detail={"number": number})
        if number % 5 == 4:
            chain.seal_all()
    chain.seal_all()
    return list(Seal.objects.select_related("event"))


def breaks() -> list[int]:
    return [found.position for found in chain.verify()]


def verify(*arguments: str) -> tuple[int, str]:
    """The exit status of the command and what it said."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("audit", "verify", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), err.getvalue()
    return 0, out.getvalue()


def test_a_chain_that_nobody_touched_is_whole(sealed) -> None:
    assert breaks() == []
    assert [seal.position for seal in sealed] == list(range(1, len(sealed) + 1))
    status, said = verify()
    assert status == 0 and sealed[-1].hash in said


@pytest.mark.parametrize(
    "field",
    [
        {"page": "patients:list"},
        {"address": "192.0.2.99"},
        {"kind": Event.LOGIN},
        {"noted_reason": "x"},
        {"detail": {"number": 99}},
        {"patient": None},
        {"user": None},
    ],
)
def test_an_event_that_was_changed_shows_where(sealed, field) -> None:
    with unguarded():
        AuditEvent.objects.filter(pk=sealed[4].event_id).update(**field)
    assert breaks() == [5]
    status, said = verify()
    assert status == 1 and f"position 5, event {sealed[4].event_id}" in said


def test_another_time_shows(sealed) -> None:
    with unguarded():
        AuditEvent.objects.filter(pk=sealed[2].event_id).update(at=sealed[3].event.at)
    assert breaks() == [3]


def test_an_event_that_was_taken_out_shows(sealed) -> None:
    with unguarded():
        gone = sealed[6].event_id
        Seal.objects.filter(position=7).delete()
        AuditEvent.objects.filter(pk=gone).delete()
    assert 7 in breaks()
    assert "missing" in verify()[1]


def test_closing_the_gap_by_moving_the_rest_up_shows(sealed) -> None:
    with unguarded():
        gone = sealed[6].event_id
        Seal.objects.filter(position=7).delete()
        AuditEvent.objects.filter(pk=gone).delete()
        for seal in Seal.objects.filter(position__gt=7):
            Seal.objects.filter(position=seal.position).update(position=seal.position - 1)
    assert breaks()[0] == 7


def test_two_events_that_changed_places_show(sealed) -> None:
    with unguarded(), connection.cursor() as cursor:
        one, other = sealed[1].event_id, sealed[2].event_id
        spare = AuditEvent.objects.create(kind=Event.LOGIN).pk
        for event, position in ((spare, 2), (one, 3), (other, 2)):
            cursor.execute("UPDATE audit_seal SET event_id = %s WHERE position = %s", [event, position])
    assert set(breaks()) >= {2, 3}


def test_a_chain_written_anew_without_the_key_shows(sealed, settings) -> None:
    right = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = ["what an intruder who has the database alone would have to guess"]
    with unguarded():
        Seal.objects.all().delete()
        AuditEvent.objects.filter(pk=sealed[4].event_id).update(page="forged")
        chain.seal_all()
    settings.AUDIT_KEYS = right
    assert len(breaks()) == Seal.objects.count()
    assert "which is not given" in verify()[1]


def test_an_end_that_was_cut_off_shows_against_a_head_written_down_outside(sealed) -> None:
    out = io.StringIO()
    call_command("audit", "head", stdout=out)
    with unguarded():
        Seal.objects.filter(position__gt=9).delete()
        AuditEvent.objects.filter(pk__gt=sealed[8].event_id).delete()
    assert breaks() == [], "the chain alone can't know what stood behind its end"
    assert "no line has number" in verify()[1], "the numbers that were given out do"
    status, said = verify("--head", out.getvalue())
    assert status == 1 and "cut" in said
    assert "cut" not in verify("--head", f"9:{sealed[8].hash}")[1]


def test_a_new_key_leaves_old_seals_valid(sealed, settings, clinician) -> None:
    settings.AUDIT_KEYS = ["a new one", settings.SECRET_KEY]
    log_event(kind=Event.KEY_ROTATED, user=clinician)
    chain.seal_all()
    assert breaks() == [] and len(set(Seal.objects.values_list("key", flat=True))) == 2
    settings.AUDIT_KEYS = ["a new one"]
    assert breaks() == list(range(1, len(sealed) + 1))


def test_a_history_that_was_changed_behind_the_log_shows(patient, clinician) -> None:
    services.update_patient(user=clinician, patient=patient, phone="081")
    chain.seal_all()
    with unguarded():
        patient.history.filter(phone="081").update(phone="082")
    event = AuditEvent.objects.filter(kind=Event.CHANGE).latest("pk")
    status, said = verify()
    assert status == 1 and f"event {event.pk}: the history" in said


def test_a_history_that_vanished_shows_unless_the_log_tells_of_its_erasure(patient, clinician) -> None:
    chain.seal_all()
    with guards.erasing():
        patient.history.all().delete()
    assert "is gone" in verify()[1]
    log_event(kind=Event.ERASURE, user=clinician, patient=patient, detail={"what": "copies"})
    chain.seal_all()
    assert list(chain.verify()), "an erasure of copies takes no history along"
    assert "it is not what its history says" in verify()[1], "the record is there all the same"
    log_event(kind=Event.ERASURE, user=clinician, patient=patient, detail={"what": "destroyed"})
    Patient.objects.filter(pk=patient.pk)._raw_delete(
        "default"
    )  # past Django's protection of the log's lines
    assert verify()[0] == 0, verify()


def test_a_transaction_that_took_longer_is_sealed_later_and_leaves_no_gap(
    transactional_db, django_db_blocker
) -> None:
    written, go = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                log_event(kind=Event.LOGIN, user=None)
                written.set()
                go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    later = log_event(kind=Event.LOGOUT, user=None)  # does not wait for the other's commit
    assert chain.seal() == 1
    go.set()
    thread.join()
    assert chain.seal() == 1
    assert list(Seal.objects.values_list("event__kind", flat=True)) == [Event.LOGOUT, Event.LOGIN]
    assert Seal.objects.get(position=1).event == later and breaks() == []


def test_two_that_seal_at_once_make_one_chain(transactional_db) -> None:
    for _ in range(30):
        log_event(kind=Event.LOGIN, user=None)
    found: list[int] = []

    def work() -> None:
        try:
            found.append(chain.seal(limit=7) + chain.seal(limit=7) + chain.seal(limit=7))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain.seal_all()
    assert Seal.objects.count() == 30 and breaks() == []


def test_what_waits_too_long_for_its_seal_is_a_fault(db) -> None:
    import datetime as dt

    from django.utils import timezone

    AuditEvent.objects.create(kind=Event.LOGIN, at=timezone.now() - dt.timedelta(minutes=20))
    status, said = verify()
    assert status == 1 and "are not sealed" in said
    call_command("audit", "seal", stdout=io.StringIO())
    assert verify()[0] == 0


def test_the_head_goes_to_the_log_of_the_process(db, caplog) -> None:
    log_event(kind=Event.LOGIN, user=None)
    with caplog.at_level("INFO", logger="clinic.audit.chain"):
        chain.seal_all()
    assert chain.state().head in caplog.text


def test_the_log_of_the_process_withholds_nothing_of_the_head(db) -> None:
    from clinic.common import scrub

    digest = "0123456789abcdef" * 4
    assert scrub.value(digest[:32]) == digest[:32] and scrub.value(digest[32:]) == digest[32:]


def test_rows_of_before_get_their_lines_once(visit) -> None:
    analysis = factories.AnalysisFactory(photo__visit=visit)
    factories.ConfirmationFactory(analysis=analysis)
    factories.VisitConfirmationFactory(visit=visit).visit.save()
    factories.ConsentFactory(patient=visit.patient)
    factories.rejected(factories.PhotoFactory(visit=visit))
    factories.AnalysisFactory(photo__visit=visit, queued=True)
    assert verify()[0] == 1
    assert statements.take_up() == 5 and verify()[0] == 0, verify()
    lines = AuditEvent.objects.filter(detail__how="noted")
    assert {line.patient_id for line in lines} == {visit.patient_id}

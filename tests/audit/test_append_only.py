"""The database itself refuses to change or remove a line of the log or of a history."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import psycopg2
import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from clinic.audit import chain, guards, statements
from clinic.audit.models import AuditEvent, Event, Seal
from clinic.audit.records import kept
from clinic.audit.services import log_event
from clinic.examination import services_scales
from clinic.examination.scales import BY_CODE
from clinic.examination.services import raise_task
from clinic.examination.services_questionnaires import send_questionnaire
from clinic.patients import services
from clinic.patients.models import Erasure, LegalHold, Restriction
from clinic.visits.models import Dismissal
from clinic.visits.services_series import skip_exercise
from inference.models import ModelRelease, ReleaseChange

from ..conftest import arrange_results
from ..examination.wordings import pasted
from ..home.scenes import programme_of

LOG = ["audit_auditevent", "audit_seal"]
STATEMENTS = [one.table._meta.db_table for one in statements.STATEMENTS]
HISTORIES = [model._meta.db_table for model in kept().values()]


@pytest.fixture
def filled(patient, visit, clinician):
    """A line in each guarded table, and all guards as the product puts them up."""
    guards.install()
    from .. import factories

    factories.PhotoFactory(visit=visit)
    factories.TreatmentFactory(episode=visit.episode)
    analysis = factories.AnalysisFactory(photo__visit=visit)
    factories.ConfirmationFactory(analysis=analysis)
    factories.VisitConfirmationFactory(visit=visit)
    factories.LandmarkCorrectionFactory(analysis=analysis)
    factories.RedFlagScreeningFactory(episode=visit.episode)
    factories.BlindReadingFactory(second__visit=visit)
    factories.ConsentFactory(patient=patient, revoked_at=timezone.now())
    Dismissal.objects.create(visit=visit, suggestion="mirrored", value="left", by=clinician)
    erasure = {"clinic": patient.clinic, "by": clinician, "keep_until": timezone.localdate()}
    Erasure.objects.create(patient=patient, destroyed_at=timezone.now(), **erasure)
    for table in (Restriction, LegalHold):
        table.objects.create(patient=patient, reason="Asked for", by=clinician, lifted_at=timezone.now())
    release = ModelRelease.objects.create(name="one", fingerprint="0")
    ReleaseChange.objects.create(release=release, after="registered", by="somebody")
    log_event(kind=Event.RECORD, user=clinician, patient=patient, reason="Typed")
    wording = pasted(clinician, patient.clinic)
    send_questionnaire(user=clinician, episode=visit.episode, wording=wording)
    services_scales.answer(user=clinician, visit=visit, scale=BY_CODE["yanagihara"], answers={"rest": 4})
    raise_task(user=clinician, episode=visit.episode, kind="follow_up", plan="Look again")
    skip_exercise(user=clinician, visit=visit, exercise="pucker", reason="pain")
    programme_of(visit.episode, clinician)
    chain.seal_all()


def test_the_log_its_chain_and_five_histories_are_guarded(db) -> None:
    assert set(guards.tables()) == {*LOG, *HISTORIES, *STATEMENTS, "audit_reason"} and len(HISTORIES) >= 5
    assert guards.missing() == []


@pytest.mark.parametrize("table", [*LOG, *HISTORIES, *STATEMENTS, "audit_reason"])
@pytest.mark.parametrize("action", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_postgresql_refuses(filled, table, action) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        before = cursor.fetchone()[0]
        column = connection.introspection.get_table_description(cursor, table)[0].name
        assert before > 0
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for one in guards.tables():
            cursor.execute(f"ALTER TABLE {one} ENABLE TRIGGER append_only_whole")
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            cursor.execute(action.format(table, column))
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == before


def test_django_is_refused_too(filled) -> None:
    for attempt in (
        lambda: AuditEvent.objects.update(kind=Event.LOGOUT),
        lambda: Seal.objects.all().delete(),
        lambda: AuditEvent.objects.filter(seal__isnull=True).delete(),
    ):
        log_event(kind=Event.LOGIN, user=None)
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_a_record_whose_retention_is_over_takes_its_history_along_and_nothing_of_the_log(
    patient, clinician
) -> None:
    services.update_patient(user=clinician, patient=patient, phone="081")
    events = AuditEvent.objects.count()
    with guards.erasing():
        patient.history.all().delete()
        with pytest.raises(DatabaseError), transaction.atomic():
            AuditEvent.objects.filter(patient=patient).delete()
        with pytest.raises(DatabaseError), transaction.atomic():
            kept()["visit"].objects.update(grade=1)
            patient.history.update(phone="")
            AuditEvent.objects.update(page="")
    assert not patient.history.exists() and AuditEvent.objects.count() == events
    services.update_patient(user=clinician, patient=patient, phone="082")
    with pytest.raises(DatabaseError), transaction.atomic():
        patient.history.all().delete()


def test_a_guard_that_was_taken_down_is_missed_and_put_back(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_seal DISABLE TRIGGER append_only")
        assert guards.missing() == ["audit_seal"]
        cursor.execute("DROP TRIGGER append_only ON audit_seal")
    assert guards.missing() == ["audit_seal"]
    call_command("migrate", verbosity=0)
    assert guards.missing() == []
    guards.allow_truncate()
    arrange_results()


@pytest.fixture
def writing(transactional_db):
    """Somebody who has begun to write to the tables that are given; the guards stand as the product puts them up."""
    guards.install()
    other = psycopg2.connect(**connection.get_connection_params())

    def begin(*tables: str) -> None:
        with other.cursor() as cursor:
            for table in tables:
                cursor.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")

    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
        yield begin
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
        guards.install()
        guards.allow_truncate()
        arrange_results()


def test_an_upgrade_waits_for_nobody_who_writes_to_what_is_guarded_already(writing) -> None:
    writing(*guards.tables())
    guards.install()


def test_guards_are_put_up_one_table_at_a_time(writing) -> None:
    """Who holds locks of several tables while writers hold others is a deadlock, some day."""
    first, *_, last = guards.tables()
    with connection.cursor() as cursor:
        for table in (first, last):
            cursor.execute(f"DROP TRIGGER append_only ON {table}")
    writing(last)
    with pytest.raises(OperationalError):
        guards.install()
    assert guards.missing() == [last]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE audit_seal DISABLE TRIGGER append_only_whole",
        "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE ON audit_seal FOR EACH ROW "
        f"EXECUTE FUNCTION {guards.FUNCTION}('log')",
    ],
)
def test_a_guard_that_was_changed_is_put_up_anew(writing, change) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    guards.install()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgenabled, pg_get_triggerdef(oid) FROM pg_trigger "
            "WHERE tgrelid = 'audit_seal'::regclass AND tgname LIKE 'append_only%' ORDER BY tgname"
        )
        (rows, by_row), (whole, _by_statement) = cursor.fetchall()
    assert (rows, whole) == ("O", "O") and "DELETE OR UPDATE" in by_row


def test_sqlite_refuses(tmp_path) -> None:
    """The demo's database, made by the demo's own `migrate`."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.demo",
        "RISORIUS_VAR_DIR": str(tmp_path),
        "RISORIUS_SECRET_KEY": "for-this-test-only",
    }
    env.pop("RISORIUS_DATABASE_URL", None)

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], env=env, capture_output=True, text=True, timeout=300
        )

    made = manage("migrate", "--verbosity", "0")
    assert made.returncode == 0, made.stderr
    sealed = manage("audit", "seal")
    assert sealed.returncode == 0, sealed.stderr
    with sqlite3.connect(tmp_path / "risorius.sqlite3") as database:
        database.execute("INSERT INTO audit_auditevent (at, kind, page) VALUES ('2026-01-01', 'login', '')")
        database.commit()
        for action in ("UPDATE audit_auditevent SET page = 'x'", "DELETE FROM audit_auditevent"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
                database.execute(action)
        triggers = {
            row[0] for row in database.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'")
        }
    assert triggers >= {*LOG, *HISTORIES, *STATEMENTS}
    verified = manage("audit", "verify")
    assert verified.returncode == 1 and "are not sealed" in verified.stderr, verified.stderr
    assert manage("audit", "seal").returncode == 0
    assert manage("audit", "verify").returncode == 0

"""The application's role in PostgreSQL: it does all that the product does, and can't rewrite what is only added to."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from clinic.audit import chain, guards, roles, statements
from clinic.audit.models import AuditEvent, Event
from clinic.audit.records import kept
from clinic.audit.services import log_event
from clinic.examination.services_red_flags import answer_red_flags
from clinic.operations.backup import make, restore
from clinic.operations.checks import database as checks_database
from clinic.patients import services as patients
from clinic.patients.models import Consent, Erasure, Patient
from clinic.rights import erasure
from clinic.rights import services as rights
from clinic.visits import confirming, consenting, services_mirroring
from clinic.visits import services as visits
from clinic.visits.models import Confirmation, VisitConfirmation
from inference import services as inference
from inference.jobs.states import Status
from inference.models import Analysis

from .. import factories
from ..conftest import arrange_results
from ..operations.archives import PASSPHRASE, elsewhere
from ..operations.conftest import quick, target  # noqa: F401
from ..operations.test_fsck import stored

ROLE = "risorius_app_of_a_test"
GUARDED = sorted(guards.tables())


@pytest.fixture
def application(db) -> Iterator[None]:
    """Everything that follows is done by the application's role; the role goes with the test's transaction."""
    guards.install()
    roles.make(role=ROLE)
    roles.grant(role=ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def story(clinic: Any, clinician: Any, administrator: Any) -> Patient:
    """From the first visit to the end of the retention, as far as the database hears of it."""
    today = timezone.localdate()
    patient = patients.create_patient(user=clinician, clinic=clinic, record_number="R-1", name="Rina Kusuma")
    episode = patients.open_episode(
        user=clinician, patient=patient, cause="stroke", weak_side="left", onset_date=today
    )
    answer_red_flags(user=clinician, episode=episode, answers={"worsening": "no", "eye": "unknown"})
    for use in ("record", "teaching"):
        consent = consenting.give_consent(user=clinician, patient=patient, use=use, given_on=today)
    consenting.revoke_consent(user=clinician, consent=consent)
    visit = visits.create_visit(user=clinician, patient=patient)
    photo = factories.PhotoFactory(visit=visit)
    queued = Analysis.objects.create(photo=photo, release="test-release")
    claim = inference.claim(analysis_id=queued.pk)
    assert claim is not None and inference.fail(claim=claim, code="timed_out")
    inference.retry(analysis=Analysis.objects.get(pk=queued.pk))
    claim = inference.claim(analysis_id=queued.pk)
    assert claim is not None
    columns = {"palsy_probability": 0.9, "findings": factories.findings(), "landmarks": factories.landmarks()}
    assert inference._close(claim, Status.SUCCEEDED, grade=3, weak_side="left", **columns)
    analysis = Analysis.objects.get(pk=queued.pk)
    visits.confirm(user=clinician, analysis=analysis, exercise="smile", palsy=True, weak_side="left", grade=3)
    confirming.confirm_visit(user=clinician, visit=visit, palsy=True, weak_side="left", grade=3)
    confirming.confirm_visit(user=clinician, visit=visit, palsy=True, weak_side="left", grade=2)
    services_mirroring.dismiss_suggestion(user=clinician, visit=visit, suggestion="mirrored", value="left")
    patients.update_patient(user=clinician, patient=patient, phone="081")
    restrict = {"user": administrator, "patient": patient, "reason": "Asked for"}
    rights.restrict(ground="disputed", **restrict)
    rights.lift_restriction(**restrict)
    rights.hold(**restrict)
    rights.lift_hold(**restrict)
    return patient


def tables_with(text: str) -> list[str]:
    """The tables of which any row holds the text in any column."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{text}%"])
            found += [table] if cursor.fetchone()[0] else []
    return found


def said_by_verify() -> str:
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command("audit", "verify", stdout=out, stderr=out)
    return out.getvalue()


def test_the_main_story_to_its_end(application, clinic, clinician, administrator) -> None:
    patient = story(clinic, clinician, administrator)
    chain.seal_all()
    assert "The log is whole" in said_by_verify()
    log_event(kind=Event.RECORD, user=administrator, patient=patient, reason="Her lawyer rang")
    erasure.erase(user=administrator, patient=patient, reason="Asked to be forgotten")
    with time_machine.travel(timezone.now() + dt.timedelta(days=26 * 366), tick=False):
        assert len(erasure.destroy_due()) == 1
        chain.seal_all()
    for model in (Patient, Consent, Confirmation, VisitConfirmation, Analysis, *kept().values()):
        assert not model.objects.exists(), model
    for text in ("Her lawyer rang", "Asked to be forgotten", "Asked for", "Rina"):
        assert tables_with(text) == [], f"what was typed outlives the record: {text}"
    done = Erasure.objects.get()
    assert (
        done.destroyed["visits.VisitConfirmation"] == 2 and done.destroyed["patients.HistoricalPatient"] > 1
    )
    assert "The log is whole" in said_by_verify()


def refused(sql: str, *params: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError:
        return True
    return False


@pytest.fixture
def filled(application, clinic, clinician, administrator) -> None:
    story(clinic, clinician, administrator)
    chain.seal_all()


def test_nothing_that_is_only_added_to_can_be_rewritten(filled) -> None:
    for table in GUARDED:
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, table)
        for column in columns:
            if (closed := _closed(table, column.name)) is not None:
                change = f'UPDATE "{table}" SET "{column.name}" = "{column.name}" WHERE {closed}'
                assert refused(change), (table, column.name)
        assert refused(f'DELETE FROM "{table}"') and refused(f'TRUNCATE "{table}" CASCADE'), table
        for way in ("DISABLE TRIGGER ALL", "DROP COLUMN id", "OWNER TO CURRENT_USER"):
            assert refused(f'ALTER TABLE "{table}" {way}'), table
        assert refused(f'DROP TRIGGER append_only ON "{table}"') and refused(f'DROP TABLE "{table}" CASCADE')


def _closed(table: str, column: str) -> str | None:
    """The rows in which that column is never to change; None where the story left no such row."""
    guard = guards.tables()[table]
    if guard.final:
        return "status IN ('succeeded', 'rejected')"
    if column in guard.closing:
        return f"{guard.closing[0]} IS NOT NULL" if table == "patients_consent" else None
    return "true"


def test_the_ways_around_are_closed(filled) -> None:
    assert refused("SET session_replication_role = replica")
    assert refused(
        f"CREATE OR REPLACE FUNCTION {guards.FUNCTION}() RETURNS trigger LANGUAGE sql AS 'SELECT 1'"
    )
    assert refused("CREATE TABLE mine (id int)")
    assert refused("COPY (SELECT 1) TO PROGRAM 'true'")
    assert refused("COPY (SELECT 1) TO '/tmp/nothing'")
    assert refused("CREATE ROLE another SUPERUSER") and refused(f"ALTER ROLE {ROLE} SUPERUSER")
    assert refused("DELETE FROM django_migrations")
    patient = Patient.objects.get()
    for table in ("visits_confirmation", "patients_historicalpatient"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, 'on', true)", [guards.ERASING])
        assert refused(f"DELETE FROM {table}")
        assert refused(f"SELECT {guards.DESTROY}(%s, %s)", table, patient.pk), "nobody asked for erasure"
    assert refused(f"SELECT {guards.DESTROY}(%s, %s)", "audit_auditevent", patient.pk)


def test_a_consent_is_revoked_once_and_nothing_else_of_it_changes(filled) -> None:
    revoked = Consent.objects.exclude(revoked_at=None).get()
    in_force = Consent.objects.get(revoked_at=None)
    for consent, change in (
        (revoked, {"revoked_at": None}),
        (revoked, {"version": 9}),
        (in_force, {"given_on": dt.date(2001, 1, 1)}),
        (in_force, {"use": "publication", "revoked_at": timezone.now()}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            Consent.objects.filter(pk=consent.pk).update(**change)


def test_the_command_can_be_run_again(db, settings) -> None:
    settings.APPLICATION_ROLE = ROLE
    for said in ("is made", "is there"):
        out = io.StringIO()
        call_command("database_roles", stdout=out)
        assert said in out.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname = %s", [ROLE])
        assert cursor.fetchone() == (False, False, True)
        cursor.execute(f"ALTER ROLE {ROLE} SUPERUSER")
        cursor.execute(f"GRANT DELETE ON audit_auditevent TO {ROLE}")
    call_command("database_roles", stdout=io.StringIO())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, has_table_privilege(%s, 'audit_auditevent', 'DELETE') FROM pg_roles "
            "WHERE rolname = %s",
            [ROLE, ROLE],
        )
        assert cursor.fetchone() == (False, False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
    with pytest.raises(CommandError, match="another one than the owner"):
        call_command("database_roles", application=owner)
    out = io.StringIO()
    call_command("database_roles", sql=True, stdout=out)
    assert 'REVOKE UPDATE, DELETE, TRUNCATE ON "audit_auditevent"' in out.getvalue()


def test_the_doctor_warns_of_a_superuser_and_of_an_owner(application, settings) -> None:
    settings.PRODUCTION = True
    assert checks_database.rights() == []
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert "is a superuser" in checks_database.rights()[0].msg and "database_roles" in str(
        checks_database.rights()[0].hint
    )
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT DELETE ON audit_seal TO {ROLE}")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        assert "audit_seal" in checks_database.rights()[0].msg
        cursor.execute("RESET ROLE")
        cursor.execute(f"ALTER TABLE audit_auditevent OWNER TO {ROLE}")
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    assert "owns the tables" in checks_database.rights()[0].msg
    settings.PRODUCTION = False
    assert checks_database.rights() == []


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_made_by_the_application_and_restored_by_the_owner(
    visit,
    quick,  # noqa: F811
    target,  # noqa: F811
    tmp_path,
    photo_folder,
    settings,
) -> None:
    settings.APPLICATION_ROLE = ROLE
    stored(visit)
    guards.install()
    roles.make(role=ROLE)
    roles.grant(role=ROLE)
    owner = connection.settings_dict["USER"]
    try:
        _as(ROLE)
        made = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE)
        assert made.record.state == "done"
        _as(owner)
        with elsewhere(target, photo_folder):
            restore.carry_out(restore.plan(path=made.path, passphrase=PASSPHRASE))
            guards.install()
            assert roles.grant_if_there()
            _as(ROLE)
            log_event(kind=Event.RESTORE, user=None)
            assert refused("DELETE FROM audit_auditevent")
            assert refused("UPDATE visits_historicalvisit SET grade = 1")
            _as(owner)
            with connection.cursor() as cursor:
                cursor.execute(f"DROP OWNED BY {ROLE}")
    finally:
        _as(owner)
        arrange_results()
        guards.allow_truncate()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {ROLE}")
            cursor.execute(f"DROP ROLE {ROLE}")


def _as(user: str) -> None:
    connections.close_all()
    connection.settings_dict["USER"] = user


def test_every_statement_of_the_product_is_among_those_tried() -> None:
    assert {one.table._meta.db_table for one in statements.STATEMENTS} <= set(GUARDED)
    assert AuditEvent._meta.db_table in GUARDED

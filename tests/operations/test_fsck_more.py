"""What a check finds beyond plain files and rows: seals, unreadable disks, a damaged database, a broken log."""

from __future__ import annotations

import datetime as dt
import sqlite3

import pytest
from django.db import connection

from clinic.audit import chain, statements
from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.common.summaries import summaries
from clinic.operations.fsck import audit, records, run
from clinic.operations.fsck import files as stage
from clinic.operations.models import CheckKind, IntegrityCheck
from clinic.patients.models import Erasure
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary, PatientTally
from clinic.recovery.services import refresh_summary
from clinic.store import files, keyring
from clinic.validation import tallies
from clinic.visits.models import Photo
from inference.models import ClinicTally
from tests.audit.test_chain import unguarded
from tests.operations.test_fsck import anyhow, found, look, path_of, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(settings, tmp_path, clinic):
    """An installation that seals its photos, with a key for the clinic."""
    master = tmp_path / "master"
    master.write_text(keyring.new_master())
    settings.KEYS_DIR, settings.MASTER_KEY_FILE = str(tmp_path / "keys"), str(master)
    keyring.add_key(clinic.pk, plain_allowed=False)
    return tmp_path / "keys"


def test_sealed_photos_are_opened_for_the_look(sealed, visit):
    photo = stored(visit)
    assert not path_of(photo.image.name).read_bytes().startswith(b"\xff\xd8")
    assert found(look()) == {}


def test_a_sealed_small_picture_is_made_anew_under_seal(sealed, visit):
    photo = stored(visit)
    path_of(photo.thumbnail.name).unlink()
    assert look(repairs=True).left == 0
    assert not path_of(photo.thumbnail.name).read_bytes().startswith(b"\xff\xd8")
    assert files.read(photo, thumbnail=True).startswith(b"\xff\xd8")


def test_a_sealed_photo_that_was_changed_and_one_without_its_key(sealed, visit):
    photo = stored(visit)
    path = path_of(photo.image.name)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    assert found(look()) == {"photo_altered": [str(photo.pk)]}
    for key in sealed.rglob("*.json"):
        key.unlink()
    assert found(look()) == {"key_missing": [str(photo.pk)]}


def test_a_disk_that_can_not_be_read(visit, monkeypatch):
    photo = stored(visit)

    def bad_sector(*_args, **_kwargs):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "read", bad_sector)
    monkeypatch.setattr(run, "STAGES", {"photos": stage.photos})
    assert set(found(look())) == {"photo_unreadable", "thumbnail_unreadable"}
    assert found(look())["photo_unreadable"] == [str(photo.pk)]


def test_a_damaged_demo_database(tmp_path, monkeypatch):
    """SQLite says itself where a row points at nothing."""
    database = sqlite3.connect(tmp_path / "demo.sqlite3")
    database.executescript(
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a (id));"
        "INSERT INTO b VALUES (7);"
    )

    class Cursor:
        def __enter__(self):
            return database.cursor()

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(records.connection, "vendor", "sqlite", raising=False)
    monkeypatch.setattr(records.connection, "cursor", Cursor, raising=False)
    batch = records.tables(IntegrityCheck(kind=CheckKind.WHOLE), "")
    monkeypatch.undo()
    assert [(one.code, one.subject) for one in batch.found] == [("database_damaged", "b")]
    assert connection.vendor == "postgresql"


def test_a_line_of_the_log_that_was_changed(visit, monkeypatch):
    for _ in range(5):
        log_event(kind=Event.BACKUP, user=None, detail={"rows": 1})
    refresh_summary(patient_id=visit.patient_id)
    chain.seal_all()
    monkeypatch.setattr(audit, "AT_ONCE", 2)
    assert found(look()) == {}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        position = chain.state().position - 1
        cursor.execute(
            "UPDATE audit_auditevent SET page = 'x' "
            "WHERE id = (SELECT event_id FROM audit_seal WHERE position = %s)",
            [position],
        )
    assert found(look()) == {"audit_chain_broken": [str(position)]}
    # A sample follows the newest lines alone.
    assert found(look(kind=CheckKind.SAMPLE, share=5))["audit_chain_broken"] == [str(position)]


def test_what_an_erasure_destroyed_is_not_missed_and_not_made_anew(visit):
    photo = stored(visit)
    patient = visit.patient
    Erasure.objects.create(
        patient=patient, clinic=patient.clinic, by=visit.clinician, keep_until=dt.date(2050, 1, 1)
    )
    statements.take_up(names=["erasure"])
    files.remove(photo.thumbnail.name)
    Photo.objects.update(thumbnail="")
    photo.analyses.all().delete()
    summaries().forget(patient_id=patient.pk)
    assert found(look(repairs=True)) == {}
    assert not Photo.objects.get().thumbnail
    assert not PatientSummary.objects.exists()
    # Without the erasure the same is a gap, and one that no repair can name a file for.
    with unguarded():
        Erasure.objects.all().delete()
    check = look(repairs=True)
    assert found(check)["thumbnail_missing"] == [str(photo.pk)]
    # The result that is gone makes the summary one of an altered record, which no repair makes anew.
    assert found(check)["summary_of_altered"] == [str(patient.pk)]
    assert check.left == 2


def test_a_record_that_is_not_what_its_history_says(visit):
    photo = stored(visit)
    anyhow(Photo, photo.pk, exercise="rest")
    assert found(look())["record_altered"] == [str(photo.pk)]
    assert found(look(repairs=True))["record_altered"] == [str(photo.pk)], "nobody knows which one is right"


def test_a_clinics_counts_are_made_those_of_its_visits(visit):
    clinic = visit.patient.clinic
    refresh_summary(patient_id=visit.patient_id)
    ClinicTally.objects.create(clinic=clinic, release="test-release", counts={"judged": 3})
    assert found(look()) == {"ledger_differs": [str(clinic.pk)]}
    assert look(repairs=True).left == 0
    assert not tallies.difference(clinic_id=clinic.pk)


def test_a_clinics_lists_count_its_patients(visit):
    clinic = visit.patient.clinic
    refresh_summary(patient_id=visit.patient_id)
    row = PatientTally.objects.get()
    PatientTally.objects.filter(pk=row.pk).update(patients=5, failed=2)
    assert found(look()) == {"list_counts_differ": [str(clinic.pk)]}
    assert look(repairs=True).left == 0
    [(kind, sums)] = standing.alike(clinic_id=clinic.pk).items()
    assert (kind.cause, sums) == (row.cause, (1, row.to_confirm, 0))

"""Backup and restore, row by row and byte by byte, whatever is written meanwhile."""

from __future__ import annotations

import hashlib
import threading

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from clinic.audit.models import AuditEvent
from clinic.audit.services import log_change
from clinic.operations.backup import make, restore
from clinic.operations.backup.envelope import Archive
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.models import Backup
from clinic.recovery.services import refresh_summary
from clinic.store import files, keyring
from tests import factories
from tests.operations.archives import KEYS_PASSPHRASE, PASSPHRASE, bytes_of, elsewhere, rows_of
from tests.operations.test_fsck import found, look, stored

pytestmark = pytest.mark.django_db(transaction=True)

# What the restored installation writes down of itself: the restore, the check that follows it, and that its feed
# begins another generation, so that no cursor given before is taken for one of its own.
ITS_OWN = {"audit_auditevent": 1, "operations_integritycheck": 1, "feed_feed": 1}


def assert_equal(before: dict[str, list[str]], after: dict[str, list[str]], own: dict[str, int]) -> None:
    assert after.keys() == before.keys()
    for table, rows in before.items():
        more = set(after[table]) - set(rows)
        assert set(rows) - set(after[table]) == set(), table
        assert len(more) == own.get(table, 0), (table, more)


def test_the_drill(visit, administrator, secret, target, tmp_path, photo_folder):
    """Records, photos and sessions out, and in again elsewhere: the same rows, the same bytes, and fit to work."""
    photos = [stored(visit) for _ in range(3)]
    word = factories.ConfirmationFactory(analysis=photos[0].analyses.get())
    log_change(record=word, user=word.by, how="given")
    photos[1].exercise = "rest"
    photos[1].save()
    refresh_summary(patient_id=visit.patient_id)
    call_command("backup", to=tmp_path / "backups", passphrase_file=secret)
    record = Backup.objects.get()
    before, files_before = rows_of(connection.settings_dict["NAME"]), bytes_of(photo_folder)
    assert (record.state, record.photos, record.error_code, record.missing) == ("done", 3, "", 0)
    assert record.verified_at is not None
    archive = tmp_path / "backups" / record.name
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == record.sha256
    assert AuditEvent.objects.filter(kind="backup").count() == 1
    for word in (visit.patient.name, "accounts_user", "PRIVATE"):
        assert word.encode() not in archive.read_bytes()

    run = target.manage("restore", archive, "--passphrase-file", secret)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "All is well." in run.stdout
    assert visit.patient.name not in run.stdout + run.stderr
    after = target.tables()
    # The record of the backup itself, and its line in the log, were written after its moment.
    for table in ("operations_backup", "audit_auditevent"):
        before[table] = [row for row in before[table] if row in after[table]]
    assert len(before["operations_backup"]) == 0
    assert_equal(before, after, ITS_OWN)
    assert len(before["visits_photo"]) == 3
    assert bytes_of(target.photos) == files_before
    assert oct(next(target.photos.rglob("*.jpg")).stat().st_mode & 0o777) == "0o600"

    # The log can still not be changed, and new rows get new numbers.
    again = target.manage("restore", archive, "--passphrase-file", secret)
    assert again.returncode == 2
    assert "The database is not empty; nothing was touched." in again.stderr


def test_while_writes_go_on(visit, quick, target, tmp_path, monkeypatch, photo_folder):
    """Photos come and one is erased while the archive is written: what comes back is one moment of it."""
    first = [stored(visit) for _ in range(4)]
    stop = threading.Event()
    clinic = visit.patient.clinic

    def write() -> None:
        try:
            while not stop.is_set():
                with transaction.atomic():  # as the product stores a photo and its analysis
                    stored(visit)
        finally:
            connections.close_all()

    raw, erased = files.raw, first[2]

    def erase_first(name: str) -> bytes:
        if erased.pk and name == erased.image.name:
            erased.analyses.all().delete()
            type(erased).objects.filter(pk=erased.pk)._raw_delete("default")
            files.remove(erased.image.name, erased.thumbnail.name)
        return raw(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(files, "raw", erase_first)
            made = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False)
    finally:
        stop.set()
        writer.join()
    assert clinic.pk
    counts = made.manifest["database"]["tables"]
    # One moment: each photo with its analysis, and nothing of what came later.
    assert counts["visits_photo"] == counts["inference_analysis"] == made.manifest["photos"]["rows"]
    assert made.manifest["photos"]["erased_meanwhile"] == 2
    assert made.manifest["photos"]["missing"] == 0

    with elsewhere(target, photo_folder):
        restore.carry_out(restore.plan(path=made.path, passphrase=PASSPHRASE))
        check = look()
        # The erased photo's row is still there; fsck says so, and nothing else is wrong.
        assert found(check) == {"photo_missing": [str(erased.pk)], "thumbnail_missing": [str(erased.pk)]}
    after = {table: len(rows) for table, rows in target.tables().items()}
    for table in ("operations_integritycheck", "operations_integrityfinding"):
        del after[table], counts[table]
    assert after == counts
    assert len(first) == 4


def test_sealed_photos_and_their_keys_apart(visit, clinic, quick, target, tmp_path, settings, photo_folder):
    master = tmp_path / "secrets" / "master"
    master.parent.mkdir()
    master.write_text(keyring.new_master())
    settings.KEYS_DIR, settings.MASTER_KEY_FILE = str(tmp_path / "keys"), str(master)
    keyring.add_key(clinic.pk, plain_allowed=False)
    photo = stored(visit)
    made = make.make(
        folder=tmp_path / "backups",
        passphrase=PASSPHRASE,
        keys_folder=tmp_path / "elsewhere",
        keys_passphrase=KEYS_PASSPHRASE,
        verify=False,
    )
    assert made.keys
    assert made.keys.parent != made.path.parent
    names: list[str] = []
    Archive(made.path, PASSPHRASE).members(lambda info, _stream: names.append(info.name))
    assert not [name for name in names if "key" in name or name == "master"]

    before = bytes_of(photo_folder), bytes_of(tmp_path / "keys"), master.read_text()
    with elsewhere(target, photo_folder):
        settings.KEYS_DIR, settings.MASTER_KEY_FILE = str(target.var / "keys"), str(target.var / "master")
        with pytest.raises(BackupProblem, match="their keys are not here"):
            restore.plan(path=made.path, passphrase=PASSPHRASE)
        asked = {"path": made.path, "passphrase": PASSPHRASE, "keys": made.keys}
        with pytest.raises(BackupProblem, match="does not open"):
            restore.plan(**asked)
        restore.carry_out(restore.plan(**asked, keys_passphrase=KEYS_PASSPHRASE))
        assert found(look()) == {}  # each photo was opened with its key
        assert files.read(photo)
        assert (
            bytes_of(photo_folder),
            bytes_of(target.var / "keys"),
            (target.var / "master").read_text(),
        ) == before

"""Backup and restore: row by row and byte by byte, whatever is written meanwhile; and every way in which it refuses."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pyrage
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from clinic.audit.models import AuditEvent
from clinic.operations.backup import envelope, make, manifest, restore
from clinic.operations.backup.envelope import Archive
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.models import Backup
from clinic.recovery.services import refresh_summary
from clinic.visits import files, keyring
from tests import factories
from tests.operations.test_fsck import found, look, path_of, stored

ROOT = Path(__file__).resolve().parents[2]
KEYS_PASSPHRASE = "another passphrase for the keys"
PASSPHRASE = "six words that nobody else would choose"
pytestmark = pytest.mark.django_db(transaction=True)


class Quick:
    """Stands for the library's passphrase, which takes a second on purpose: the drill uses the real one."""

    @staticmethod
    def encrypt(data: bytes, passphrase: str) -> bytes:
        return hashlib.sha256(passphrase.encode()).digest() + data

    @staticmethod
    def decrypt(data: bytes, passphrase: str) -> bytes:
        if data[:32] != hashlib.sha256(passphrase.encode()).digest():
            raise pyrage.DecryptError
        return data[32:]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(pyrage, "passphrase", Quick)


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return file


@pytest.fixture
def target(tmp_path):
    """An empty database beside the suite's, and an empty folder."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield Target(name, tmp_path / "restored")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Target:
    """Another installation, with a command line of its own."""

    def __init__(self, name: str, var: Path) -> None:
        self.name, self.var = name, var
        self.photos = var / "test-photos"
        self.env = {"RISORIUS_DATABASE_URL": self.url, "RISORIUS_VAR_DIR": str(var)}

    @property
    def url(self) -> str:
        parts = connection.settings_dict
        return f"postgres://{parts['USER']}@{parts['HOST']}:{parts['PORT']}/{self.name}"

    def manage(self, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        run = [sys.executable, "manage.py", *map(str, arguments)]
        more = {**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test", **self.env, **env}
        return subprocess.run(
            run, env=more, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )

    def tables(self) -> dict[str, list[str]]:
        return rows_of(self.name)


@contextlib.contextmanager
def elsewhere(target: Target, photo_folder: Path) -> Iterator[Path]:
    """This process as another installation: the new database, and an empty folder in the place of its photos."""
    aside = photo_folder.rename(photo_folder.with_name("their-photos"))
    own = connection.settings_dict["NAME"]
    connections.close_all()
    connection.settings_dict["NAME"] = target.name
    try:
        yield aside
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = own
        shutil.rmtree(photo_folder, ignore_errors=True)
        aside.rename(photo_folder)


def rows_of(name: str) -> dict[str, list[str]]:
    """Every row of every table, each as the database writes it."""
    parts = connection.settings_dict
    with psycopg2.connect(dbname=name, user=parts["USER"], host=parts["HOST"], port=parts["PORT"]) as held:
        cursor = held.cursor()
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            found[table] = [row[0] for row in cursor.fetchall()]
    held.close()
    return found


def bytes_of(folder: Path) -> dict[str, str]:
    """Each file below the folder and its SHA-256."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What the restored installation writes down of itself: the restore, and the check that follows it.
ITS_OWN = {"audit_readevent": 1, "operations_integritycheck": 1}


def assert_equal(before: dict[str, list[str]], after: dict[str, list[str]], own: dict[str, int]) -> None:
    assert after.keys() == before.keys()
    for table, rows in before.items():
        more = set(after[table]) - set(rows)
        assert set(rows) - set(after[table]) == set(), table
        assert len(more) == own.get(table, 0), (table, more)


def test_the_drill(visit, administrator, secret, target, tmp_path, photo_folder):
    """Records, photos and sessions out, and in again elsewhere: the same rows, the same bytes, and fit to work."""
    photos = [stored(visit) for _ in range(3)]
    factories.ConfirmationFactory(analysis=photos[0].analyses.get())
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
    for table in ("operations_backup", "audit_readevent"):
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


def test_a_restore_that_stops_leaves_nothing(small, target, photo_folder, monkeypatch):
    with elsewhere(target, photo_folder):
        planned = restore.plan(path=small, passphrase=PASSPHRASE)
        put, calls = files.put, []

        def full(name, data):
            calls.append(name)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return put(name, data)

        monkeypatch.setattr(files, "put", full)
        with pytest.raises(BackupProblem, match="The disk is full"):
            restore.carry_out(planned)
        assert len(calls) == 2
        assert list(photo_folder.iterdir()) == []
        assert target.tables() == {}


@pytest.fixture
def small(visit, quick, tmp_path):
    """A backup of one photo, made once for the refusals that need an archive."""
    stored(visit)
    return make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False).path


def test_wrong_passphrase_cut_off_and_changed_archives(small, tmp_path, visit):
    with pytest.raises(BackupProblem, match="does not open this archive"):
        Archive(small, "not the passphrase at all")
    data = small.read_bytes()
    cut = tmp_path / "cut.backup.tar"
    for left in (100, 3000, len(data) // 2, len(data) - 20_000):
        cut.write_bytes(data[:left])
        with pytest.raises(BackupProblem) as problem:
            manifest.verified(Archive(cut, PASSPHRASE))
        assert problem.value.code in ("damaged", "not_a_backup", "wrong_passphrase")
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    cut.write_bytes(flipped)
    with pytest.raises(BackupProblem, match="cut off or damaged"):
        manifest.verified(Archive(cut, PASSPHRASE))
    cut.write_text("something else")
    with pytest.raises(BackupProblem, match="no backup of Risorius"):
        Archive(cut, PASSPHRASE)
    assert manifest.verified(Archive(small, PASSPHRASE))["photos"]["rows"] == 1


def test_what_the_manifest_does_not_list_is_refused(quick, tmp_path):
    for tamper in ("extra", "changed", "path"):
        path = tmp_path / f"{tamper}.backup.tar"
        with envelope.writing(path, PASSPHRASE) as content:
            members = manifest.Members(content)
            members.add("../outside" if tamper == "path" else "photos/ab/c.jpg", b"one")
            if tamper == "extra":
                envelope.add(content, "photos/ab/d.jpg", b"two")
            if tamper == "changed":
                members._list.seek(0)
                members._list.write(b'{"name": "x')
                members._list.seek(0, os.SEEK_END)
            members.close({})
        with pytest.raises(BackupProblem, match="not what its manifest lists"):
            manifest.verified(Archive(path, PASSPHRASE))


def test_any_tool_that_knows_age_opens_it(tmp_path):
    """The form is written down in the archive itself: two layers of age in a plain tar."""
    small = tmp_path / "small.backup.tar"
    with envelope.writing(small, PASSPHRASE) as content:
        envelope.add(content, "photos/ab/c.jpg", b"x")
    with tarfile.open(small) as outer:
        assert [member.name for member in outer] == ["README.txt", "key.age", "content.tar.age"]
        outer.extractall(tmp_path / "out", filter="data")
    key = pyrage.passphrase.decrypt((tmp_path / "out" / "key.age").read_bytes(), PASSPHRASE).decode()
    content = (tmp_path / "out" / "content.tar.age").read_bytes()
    assert b"photos/" in pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(key)])


def test_a_full_disk_leaves_no_half_archive(visit, quick, tmp_path, monkeypatch):
    stored(visit)
    good = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False).path
    kept = good.read_bytes()
    write = envelope._Out.write

    def full(self, data):
        if self.stream.tell() > 150_000:
            self.error = OSError(28, "No space left on device")
            raise self.error
        return write(self, data)

    monkeypatch.setattr(envelope._Out, "write", full)
    with pytest.raises(BackupProblem, match="The disk is full") as problem:
        make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE)
    assert problem.value.code == "disk_full"
    assert sorted(path.name for path in (tmp_path / "backups").iterdir()) == [".lock", good.name]
    assert good.read_bytes() == kept
    assert Backup.objects.first().error_code == "disk_full"


def test_a_file_that_is_lost_is_said_and_the_rest_kept(visit, quick, secret, tmp_path):
    lost, kept = stored(visit), stored(visit)
    path_of(lost.image.name).unlink()
    with pytest.raises(CommandError, match="1 files that rows name are not in the store") as end:
        call_command("backup", to=tmp_path / "backups", passphrase_file=secret, unverified=True)
    assert end.value.returncode == 1
    assert Backup.objects.get().missing == 1
    told = manifest.verified(Archive(next((tmp_path / "backups").glob("*.tar")), PASSPHRASE))
    assert told["photos"]["lost"] == [str(lost.pk)]
    assert kept.pk


def test_the_newest_stay(quick, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"risorius-2026110{day}T020000Z.backup.tar").write_bytes(b"old")
    (folder / "letter.txt").write_text("not ours")
    (folder / ".risorius-20261101T000000Z.backup.tar.part").write_bytes(b"killed")
    made = make.make(folder=folder, passphrase=PASSPHRASE, keep=3, verify=False)
    assert made.removed == 3
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            ".lock",
            "letter.txt",
            "risorius-20261104T020000Z.backup.tar",
            "risorius-20261105T020000Z.backup.tar",
            made.path.name,
        ]
    )


def test_what_the_commands_refuse(visit, quick, secret, tmp_path, settings, monkeypatch):
    weak = tmp_path / "weak"
    weak.write_text("short")
    with pytest.raises(CommandError, match="shorter than 12"):
        call_command("backup", to=tmp_path, passphrase_file=weak)
    with pytest.raises(CommandError, match="no passphrase"):
        call_command("backup", to=tmp_path)
    with pytest.raises(CommandError, match="can't be read"):
        call_command("backup", to=tmp_path, passphrase_file=tmp_path / "none")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", tmp_path / "none", passphrase_file=secret)
    # Into this suite's own database, which is not empty.
    with pytest.raises(CommandError, match="not empty; nothing was touched"):
        call_command("restore", secret, passphrase_file=secret)
    settings.KEYS_DIR = str(tmp_path / "keys")
    with pytest.raises(CommandError, match="--keys-to"):
        call_command("backup", to=tmp_path, passphrase_file=secret)
    settings.KEYS_DIR = ""
    with (tmp_path / ".lock").open("a") as lock:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match="under way"):
            call_command("backup", to=tmp_path, passphrase_file=secret)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="pg_dump is not installed"):
        call_command("backup", to=tmp_path, passphrase_file=secret)
    assert list(tmp_path.glob("*.tar")) == []
    assert not django_settings.KEYS_DIR

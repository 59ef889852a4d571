"""Every way in which a backup or a restore is refused, stops, or is found wanting; nothing half-done stays."""

from __future__ import annotations

import os
import tarfile

import pyrage
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError

from clinic.operations.backup import envelope, make, manifest, restore
from clinic.operations.backup.envelope import Archive
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.models import Backup
from clinic.store import files
from tests.operations.archives import PASSPHRASE, elsewhere
from tests.operations.test_fsck import path_of, stored

pytestmark = pytest.mark.django_db(transaction=True)


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

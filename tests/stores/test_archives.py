"""Photos of a bucket go into the archive and come back, into another bucket or into folders."""

from __future__ import annotations

import contextlib

import pytest
from django.db import connection

from clinic.operations.backup import envelope, make, restore
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.models import Backup
from clinic.store import files

from ..operations.archives import PASSPHRASE, bytes_of, elsewhere, rows_of
from ..operations.test_fsck import found, look, stored
from ..servers import free_port
from .conftest import use

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_drill(bucket, new_bucket, visit, quick, target, tmp_path, settings, photo_folder, monkeypatch):
    """Out of one bucket, and in again into another one and an empty database: the same rows, the same bytes."""
    for _ in range(3):
        stored(visit)
    made = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE)
    record = Backup.objects.get()
    assert (record.state, record.photos, record.missing) == ("done", 3, 0)
    rows, other = rows_of(connection.settings_dict["NAME"])["visits_photo"], new_bucket()
    photo_folder.mkdir(parents=True, exist_ok=True)
    use(settings, photo_folder, monkeypatch, S3_BUCKET=other.name)
    with elsewhere(target, photo_folder):
        with monkeypatch.context() as stopped:
            stopped.setattr(restore.database, "loading", halted)
            with pytest.raises(BackupProblem, match="stopped here"):
                restore.carry_out(restore.plan(path=made.path, passphrase=PASSPHRASE))
        assert other.lying() == {}, "a restore that stops leaves nothing"
        done = restore.carry_out(restore.plan(path=made.path, passphrase=PASSPHRASE))
        assert done["photos"] == 6
        assert found(look()) == {}
    assert other.lying() == bucket.lying() and len(other.lying()) == 6
    assert target.tables()["visits_photo"] == rows
    assert bytes_of(photo_folder) == {}


@contextlib.contextmanager
def halted():
    """A database that gives up in the middle of the archive, once photos were put in their place."""
    seen = []

    def feed(data):
        seen.append(data)

    yield feed
    raise BackupProblem("damaged", "It was stopped here.")


def test_the_archive_knows_of_no_store(bucket, visit, quick, tmp_path, monkeypatch):
    """What was in a bucket may come back into folders: it lies in the archive under the names that the rows know."""
    stored(visit)
    made = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False)
    seen: dict[str, bytes] = {}
    archive = envelope.Archive(made.path, PASSPHRASE)
    archive.members(lambda info, stream: seen.update({info.name: stream.read()}))
    lying = {f"photos/{key}": content for key, content in bucket.lying().items()}
    assert {name: content for name, content in seen.items() if name.startswith("photos/")} == lying


def test_a_bucket_that_is_not_empty_is_refused(bucket, new_bucket, visit, quick, target, tmp_path):
    stored(visit)
    made = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(restore.database, "is_empty", lambda: True)
        with pytest.raises(BackupProblem, match="bucket of photos is not empty"):
            restore.plan(path=made.path, passphrase=PASSPHRASE)
    assert len(bucket.lying()) == 2


def test_a_backup_is_not_made_of_half_the_photos(bucket, visit, quick, tmp_path, settings):
    stored(visit)
    options = settings.STORAGES["photos"]["OPTIONS"]
    nowhere = {**options, "endpoint_url": f"http://127.0.0.1:{free_port()}"}
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {**settings.STORAGES["photos"], "OPTIONS": nowhere},
    }
    with pytest.raises(BackupProblem, match="does not answer") as problem:
        make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE)
    assert problem.value.code == "store_away"
    assert Backup.objects.get().error_code == "store_away"
    assert not list((tmp_path / "backups").glob("*.tar"))


def test_what_is_gone_is_told_and_the_rest_is_kept(bucket, visit, quick, tmp_path):
    stored(visit)
    lost = stored(visit)
    files.remove(lost.image.name)
    made = make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False)
    assert (made.record.missing, made.manifest["photos"]["lost"]) == (1, [str(lost.pk)])
    assert bytes_of(tmp_path / "backups")

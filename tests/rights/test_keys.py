"""`manage.py keys`: making, listing, rotating and destroying the keys of photos at rest."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinic.audit.models import AuditEvent
from clinic.operations.checks import installation as checks
from clinic.store import encryption, files, keyring
from clinic.store.keyring import KeyMissing
from clinic.visits import rekeying

from .. import factories
from .test_sealing import lying


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("keys", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_seals_and_lists(keys_folder, clinic, settings, take, photo_folder):
    settings.KEYS_DIR = ""
    photo = take()
    settings.KEYS_DIR = str(keys_folder)
    assert f"{clinic.name}\n" in run("list") and "is not there" in run("list")
    run("create", "--clinic", str(clinic.pk))
    assert "has a key already" in run("create", "--all")
    assert files.read(photo) == lying(photo_folder, photo), "plain files open while the sealing runs"
    assert "2 files sealed" in run("encrypt", "--all")
    assert encryption.is_encrypted(lying(photo_folder, photo)) and encryption.is_encrypted(
        lying(photo_folder, photo, True)
    )
    assert "in use, 2 files" in run("list")
    assert AuditEvent.objects.filter(kind="key_rotated", clinic=clinic).count() == 2


def test_rotation_seals_all_anew_and_destroys_the_older_key(sealed, clinic, take):
    photos = [take(1), take(2, "rest")]
    before = {photo.pk: files.read(photo) for photo in photos}
    old = keyring.state_of(clinic.pk).key_id
    assert "4 files sealed, 0 were already; 1 older keys destroyed" in run(
        "rotate", "--clinic", str(clinic.pk)
    )
    new = keyring.state_of(clinic.pk).key_id
    assert new != old and list(keyring.keys_of(clinic.pk)) == [new]
    assert {photo.pk: files.read(photo) for photo in photos} == before


def test_a_rotation_that_is_killed_goes_on_where_it_stopped(sealed, clinic, take, monkeypatch):
    photos = [take(1), take(2, "rest"), take(3, "sneer")]
    before = {photo.pk: files.read(photo) for photo in photos}
    put, written = files.put, []

    def killed(name, content):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(name)
        return put(name, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            rekeying.rotate(clinic=clinic)
    assert len(keyring.keys_of(clinic.pk)) == 2
    assert {photo.pk: files.read(photo) for photo in photos} == before, "all opens in between"
    outcome = rekeying.rotate(clinic=clinic)
    assert (outcome.sealed, outcome.already, outcome.retired) == (3, 3, 1), "and no third key is made"
    assert {photo.pk: files.read(photo) for photo in photos} == before


def test_an_older_key_stays_while_any_file_needs_it(sealed, clinic, take):
    take()
    waiting = files.write(b"\xff\xd8\xff an upload whose row comes next", clinic=clinic)
    outcome = rekeying.rotate(clinic=clinic)
    assert (outcome.retired, outcome.kept) == (0, 1)
    assert files.read_named(waiting).startswith(b"\xff\xd8\xff")


def test_rotation_waits_for_uploads_that_began_before_it(sealed, clinic, take, monkeypatch):
    take()
    monkeypatch.setattr(rekeying, "SETTLED", 60.0)
    keyring.add_key(clinic.pk, plain_allowed=False)
    waited: list[float] = []
    rekeying.seal_all(clinic=clinic, wait=waited.append)
    assert 50 < waited[0] <= 60


def test_a_plain_file_that_was_exchanged_gets_no_seal(keys_folder, clinic, settings, take, photo_folder):
    settings.KEYS_DIR = ""
    photo = take()
    (photo_folder / photo.image.name).write_bytes(factories.jpeg())
    settings.KEYS_DIR = str(keys_folder)
    rekeying.create(clinic=clinic)
    with pytest.raises(CommandError, match="Not every file"):
        run("encrypt", "--all")
    assert not encryption.is_encrypted(lying(photo_folder, photo))
    assert keyring.state_of(clinic.pk).plain_allowed


def test_keys_move_to_another_master_key(sealed, clinic, settings, take, tmp_path):
    photo = take()
    old = tmp_path / "secrets" / "master"
    run("master", "--out", str(tmp_path / "secrets" / "next"))
    settings.MASTER_KEY_FILE = str(tmp_path / "secrets" / "next")
    keyring._unwrapped.clear()
    with pytest.raises(KeyMissing):
        files.read(photo)
    for _ in range(2):  # a run that was stopped is run again
        assert "1 keys under the present master key" in run("rewrap", "--old", str(old))
    assert files.read(photo)


def test_destroying_a_clinics_keys_destroys_its_photos_wherever_they_lie(sealed, clinic, take, photo_folder):
    photo, stranger = take(), factories.ClinicFactory()
    rekeying.create(clinic=stranger)
    theirs = files.write(b"\xff\xd8\xff theirs", clinic=stranger)
    backup = lying(photo_folder, photo)
    with pytest.raises(CommandError, match="Nothing was destroyed"):
        run("destroy", "--clinic", str(clinic.pk), "--name", "Another")
    assert files.read(photo)
    run("destroy", "--clinic", str(clinic.pk), "--name", clinic.name)
    with pytest.raises(KeyMissing):
        encryption.decrypt(backup, name=photo.image.name)
    assert list(sealed.iterdir()) == []
    assert files.read_named(theirs) == b"\xff\xd8\xff theirs"


def test_a_master_key_is_written_once_and_for_its_owner(tmp_path, db):
    out = tmp_path / "master"
    run("master", "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert len(keyring.master_from(out.read_text())) == 32
    with pytest.raises(CommandError):
        run("master", "--out", str(out))


def test_a_note_that_was_lost_between_key_and_use_is_written_again(sealed, clinic):
    key_id = json.loads((sealed / "state.json").read_text())["key"]
    (sealed / "state.json").unlink()
    assert str(rekeying.create(clinic=clinic)) == key_id


def test_the_doctor_names_a_clinic_whose_photos_can_be_neither_stored_nor_shown(sealed, clinic, settings):
    assert checks.clinic_keys() == []
    new = factories.ClinicFactory()
    (fault,) = checks.clinic_keys()
    assert str(new.pk) in fault.msg and "keys create" in fault.hint
    run("create", "--clinic", str(new.pk))
    assert checks.clinic_keys() == []
    Path(settings.MASTER_KEY_FILE).write_text(keyring.new_master())
    keyring._unwrapped.clear()
    told = " ".join(fault.msg for fault in checks.clinic_keys())
    assert str(clinic.pk) in told and str(new.pk) in told and "another master key" in told
    settings.KEYS_DIR = ""
    assert checks.clinic_keys() == [], "photos are not sealed here"

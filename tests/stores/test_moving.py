"""Photos of this machine's folders are moved into the bucket while people go on working."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from clinic.operations.checks import store as checks_store
from clinic.operations.fsck import run
from clinic.operations.models import CheckKind
from clinic.store import files, keyring, places, relocating
from clinic.store.stores import StoreAway, photo_store
from clinic.visits import rekeying
from clinic.visits.models import Photo

from ..operations.archives import ROOT
from ..operations.test_fsck import found
from .test_two_levels import as_before, lying

pytestmark = pytest.mark.django_db


def names(photos) -> list[str]:
    return sorted(places.of(name)[0] for photo in photos for name in (photo.image.name, photo.thumbnail.name))


def test_all_goes_over_and_a_check_finds_nothing(take, photo_folder, switch, as_clinician, capsys):
    photos = [take(number) for number in range(3)]
    as_before(photo_folder, photos[0])
    contents = [files.read(photo) for photo in photos]
    bucket = switch()
    assert [files.read(photo) for photo in photos] == contents, "found where they lie"
    assert "risorius.W042" in {message.id for message in checks_store.store()}
    new = take(7)
    assert sorted(bucket.lying()) == names([new])
    call_command("move_photos", "--to", "s3", "--batch", "2")
    assert "6 files moved, 0 were in the bucket; none is left here." in capsys.readouterr().out
    assert lying(photo_folder) == []
    assert sorted(bucket.lying()) == names([*photos, new])
    assert [files.read(photo) for photo in photos] == contents
    answer = as_clinician.get(reverse("visits:file", args=[photos[0].pk]))
    assert b"".join(answer.streaming_content) == contents[0]
    assert "risorius.W042" not in {message.id for message in checks_store.store()}
    check = run.start(kind=CheckKind.WHOLE)
    assert run.work(check=check) and not {"photo_missing", "orphan_file"} & set(found(check))


def test_a_new_key_meanwhile(take, sealed, photo_folder, switch, clinic):
    photos = [take(number) for number in range(3)]
    contents = [files.read(photo) for photo in photos]
    bucket, store = switch(), photo_store()
    assert relocating._one(store, store.before, photos[0].image.name)
    done = rekeying.rotate(clinic=clinic)
    assert (done.sealed, done.retired) == (6, 1)
    assert [files.read(photo) for photo in photos] == contents
    assert lying(photo_folder) == [], "what is sealed anew goes into the bucket"
    assert sorted(bucket.lying()) == names(photos)


def test_a_key_is_kept_that_a_file_not_moved_yet_names(take, sealed, switch, clinic):
    nobodys = files.write(b"an upload on its way", clinic=clinic)
    switch()
    assert rekeying.rotate(clinic=clinic).kept == 1
    assert files.read_named(nobodys) == b"an upload on its way"
    assert len(keyring.keys_of(clinic.pk)) == 2


def test_what_was_stored_anew_in_the_bucket_is_not_overwritten(take, photo_folder, switch):
    photo = take()
    bucket, store = switch(), photo_store()
    bucket.put(photo.image.name, b"newer")
    assert relocating.to_bucket(bucket=store, folders=store.before).already == 1
    assert bucket.lying()[photo.image.name] == b"newer"
    assert (photo_folder / places.ASIDE / os.path.basename(photo.image.name)).is_file()


def test_the_condition_is_the_stores_own(take, switch):
    """Between the look and the sending somebody else may have put it there."""
    photo = take()
    bucket, store = switch(), photo_store()
    place, looks = photo.image.name, []
    real = type(store).get

    def not_yet(self, wanted, first=-1):
        if not looks:
            looks.append(wanted)
            raise FileNotFoundError
        return real(self, wanted, first)

    bucket.put(place, b"newer")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(store), "get", not_yet)
        assert store.send_new(place, b"older") is False
    assert bucket.lying()[place] == b"newer"


def test_what_is_erased_meanwhile_is_gone_from_both(take, photo_folder, switch):
    photo = take()
    bucket, store = switch(), photo_store()
    store.send_new(photo.image.name, files.raw(photo.image.name))
    files.destroy(photo.image.name, photo.thumbnail.name)
    assert lying(photo_folder) == [] and bucket.lying() == {}
    assert relocating.to_bucket(bucket=store, folders=store.before).moved == 0
    assert bucket.lying() == {}


def test_a_store_that_goes_away_meanwhile(take, photo_folder, switch, monkeypatch):
    photos = [take(number) for number in range(2)]
    contents = [files.read(photo) for photo in photos]
    switch()
    send, sent = type(photo_store()).send, []

    def away(self, place, content, **more):
        sent.append(place)
        if len(sent) == 3:
            raise StoreAway("unreachable", "The store of photos does not answer.")
        send(self, place, content, **more)

    with monkeypatch.context() as patched:
        patched.setattr(type(photo_store()), "send", away)
        with pytest.raises(CommandError, match="Nothing is lost"):
            call_command("move_photos", "--to", "s3")
    assert lying(photo_folder) != []
    assert [files.read(photo) for photo in photos] == contents
    call_command("move_photos", "--to", "s3", verbosity=0)
    assert lying(photo_folder) == []
    assert [files.read(photo) for photo in photos] == contents


KILLED = """
import os, django
django.setup()
from clinic.store.bucket import PhotoBucket
from clinic.store.folders import PhotoFolders
begun, done = [0], [0]
real = {where}
def counted(self, *arguments):
    # Of several at once the fourth dies with its work undone, and another with it done.
    begun[0] += 1
    if begun[0] == 4 and {undone}:
        os._exit(9)
    answer = real(self, *arguments)
    done[0] += 1
    if done[0] == 4:
        os._exit(9)
    return answer
{where} = counted
from django.core.management import call_command
call_command("move_photos", "--to", "s3")
"""


@pytest.mark.parametrize("where", ["PhotoBucket.send_new", "PhotoFolders.discard"])
def test_a_move_that_was_killed_goes_on_where_it_stopped(take, photo_folder, switch, where):
    photos = [take(number) for number in range(4)]
    contents = [files.read(photo) for photo in photos]
    bucket = switch()
    env = {**os.environ, **bucket.env(), "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test"}
    env["RISORIUS_VAR_DIR"] = str(photo_folder.parent)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(where=where, undone="discard" in where)],
        env=env,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert killed.returncode == 9
    assert len(bucket.lying()) >= 4 and lying(photo_folder)
    assert [files.read(photo) for photo in photos] == contents
    call_command("move_photos", "--to", "s3", verbosity=0)
    assert lying(photo_folder) == [] and sorted(bucket.lying()) == names(photos)
    assert [files.read(photo) for photo in photos] == contents
    assert Photo.objects.count() == 4


def test_the_command_says_where_photos_go(bucket, photo_folder, capsys):
    with pytest.raises(CommandError, match="--to s3"):
        call_command("move_photos")
    call_command("move_photos", "--to", "s3")
    assert "nothing to move" in capsys.readouterr().out

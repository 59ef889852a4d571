"""Files lie in folders of two levels; those of before are moved there beside people's work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone

from clinic.operations.fsck import run
from clinic.operations.models import CheckKind
from clinic.store import files, places, relocating
from clinic.visits import orphans, rekeying
from clinic.visits.models import Photo

from ..operations.archives import ROOT
from ..operations.test_fsck import found

pytestmark = pytest.mark.django_db
NAME = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(relocating, "PAUSE", 0.0)


def lying(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))


def flat(place: str) -> str:
    """The place of before."""
    return places.of(place)[1]


def as_before(folder: Path, photo: Photo) -> None:
    """Let a photo be one of an installation of before: row, seal and files by the names of one level."""
    for field in ("image", "thumbnail"):
        name = getattr(photo, field).name
        content, old = files.raw(name), flat(name)
        if files.encryption.is_encrypted(content):
            clinic = photo.visit.patient.clinic_id
            content = files.encryption.encrypt(
                files.encryption.decrypt(content, name=name), clinic_id=clinic, name=old
            )
        (folder / name).unlink()
        (folder / old).write_bytes(content)
        Photo.objects.filter(pk=photo.pk).update(**{field: old})
    photo.refresh_from_db()


def test_the_places_of_a_name():
    right, before = f"01/23/{NAME}.jpg", f"01/{NAME}.jpg"
    assert places.of(right) == places.of(before) == (right, before)
    assert places.is_right(right) and not places.is_right(before)
    for name in (f"ff/{NAME}.jpg", "incoming/1.part", f"orphans/{NAME}.jpg", "", f"01/23/45/{NAME}.jpg"):
        assert places.of(name) == (name,) and not places.is_photo(name)


def test_no_folder_is_open_to_others(photo_folder, take):
    take()
    for path in photo_folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_an_installation_of_before_works_without_a_move(photo_folder, take, as_clinician):
    photo = take()
    content = files.read(photo)
    as_before(photo_folder, photo)
    assert files.read(photo) == content
    answer = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    assert b"".join(answer.streaming_content) == content
    for path in photo_folder.rglob("*.jpg"):
        os.utime(path, (time.time() - 7200,) * 2)
    assert orphans.sweep() == orphans.Swept(looked_at=2)
    new = take(1)
    assert lying(photo_folder) == sorted(
        [photo.image.name, photo.thumbnail.name, new.image.name, new.thumbnail.name]
    )


def test_the_proxy_is_told_where_the_file_lies(photo_folder, take, as_clinician, settings):
    settings.PHOTOS_BY_PROXY = "/protected/"
    photo = take()
    as_before(photo_folder, photo)
    address = reverse("visits:file", args=[photo.pk])
    assert as_clinician.get(address)["X-Accel-Redirect"] == f"/protected/{photo.image.name}"
    call_command("move_photos", verbosity=0)
    place = places.of(photo.image.name)[0]
    assert as_clinician.get(address)["X-Accel-Redirect"] == f"/protected/{place}"
    assert (photo_folder / place).is_file()


def test_a_move_leaves_nothing_behind_and_a_check_finds_nothing(photo_folder, take, capsys):
    photos = [take(number) for number in range(4)]
    contents = [files.read(photo) for photo in photos]
    for photo in photos[:3]:
        as_before(photo_folder, photo)
    call_command("move_photos", "--batch", "4")
    assert "6 files moved; all lie in folders of two levels." in capsys.readouterr().out
    assert lying(photo_folder) == sorted(
        places.of(name)[0] for photo in photos for name in (photo.image.name, photo.thumbnail.name)
    )
    assert [files.read(photo) for photo in photos] == contents
    assert all(files.read(photo, thumbnail=True) for photo in photos)
    check = run.start(kind=CheckKind.WHOLE)
    assert run.work(check=check) and not {"photo_missing", "orphan_file", "file_of_two"} & set(found(check))
    call_command("move_photos")
    assert "0 files moved" in capsys.readouterr().out


def test_sealed_files_move_as_they_are_without_their_key(photo_folder, sealed, take, keys_folder):
    photo = take()
    content = files.read(photo)
    as_before(photo_folder, photo)
    aside = keys_folder.rename(keys_folder.with_name("elsewhere"))
    call_command("move_photos", verbosity=0)
    aside.rename(keys_folder)
    assert all(places.is_right(place) for place in lying(photo_folder))
    assert files.read(photo) == content
    assert rekeying.rotate(clinic=photo.visit.patient.clinic).sealed == 2
    assert files.read(photo) == content and len(lying(photo_folder)) == 2


def test_a_new_key_seals_what_lies_at_the_place_of_before(photo_folder, sealed, take):
    photo = take()
    content = files.read(photo)
    as_before(photo_folder, photo)
    assert rekeying.rotate(clinic=photo.visit.patient.clinic).retired == 1
    assert files.read(photo) == content
    assert [places.is_right(place) for place in lying(photo_folder)] == [True, True]


def test_what_is_deleted_is_deleted_at_both_places(photo_folder, take, folders):
    photo = take()
    as_before(photo_folder, photo)
    folders.move_up(photo.image.name)  # as if the move had just come by
    folders.move_up(photo.thumbnail.name)
    assert len(lying(photo_folder)) == 4
    files.destroy(photo.image.name, photo.thumbnail.name)
    assert lying(photo_folder) == []


def test_what_was_stored_anew_is_not_overwritten_by_a_move(photo_folder, folders, clinic):
    old = f"01/{NAME}.jpg"
    (photo_folder / "01").mkdir(parents=True)
    (photo_folder / old).write_bytes(b"older")
    right = photo_folder / places.of(old)[0]
    right.parent.mkdir()
    right.write_bytes(b"newer")
    assert relocating.to_two_levels(folders=folders).moved == 1
    assert files.raw(old) == b"newer"
    assert (photo_folder / places.ASIDE / f"{NAME}.jpg").read_bytes() == b"older"
    assert not (photo_folder / old).exists()


def test_a_file_system_without_links(photo_folder, folders, take, monkeypatch):
    def refused(*_paths):
        raise OSError(95, "Operation not supported")

    photo = take()
    content = files.read(photo)
    as_before(photo_folder, photo)
    monkeypatch.setattr("clinic.store.folders.os.link", refused)
    relocating.to_two_levels(folders=folders)
    assert files.read(photo) == content
    assert all(places.is_right(place) for place in lying(photo_folder))


def test_every_moment_of_a_move_has_every_file(photo_folder, folders, clinic):
    """Readers in a thread of their own, while all files move and while each is stored anew."""
    names = []
    for number in range(300):
        name = flat(places.new_name())
        (photo_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (photo_folder / name).write_bytes(str(number).encode())
        names.append(name)
    wrong: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for number, name in enumerate(names):
                try:
                    if folders.fetch(name) != str(number).encode():
                        wrong.append(f"{name} is another file")
                    if not folders.path(name):
                        wrong.append(name)
                except FileNotFoundError:
                    wrong.append(f"{name} was nowhere")

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    done = relocating.to_two_levels(folders=folders, batch=7, wait=lambda _seconds: None)
    over.set()
    for reader in readers:
        reader.join()
    assert (done.moved, wrong) == (300, [])


KILLED = """
import os, django
django.setup()
from clinic.store import relocating
from clinic.store.folders import PhotoFolders
count = [0]
real = PhotoFolders.{step}
def counted(self, place):
    count[0] += 1
    if count[0] == 4:
        os._exit(9)
    return real(self, place)
PhotoFolders.{step} = counted
relocating.PAUSE = 0
from django.core.management import call_command
call_command("move_photos", "--batch", "5")
"""


@pytest.mark.parametrize("step", ["move_up", "leave"])
def test_a_move_that_was_killed_goes_on_where_it_stopped(photo_folder, take, step):
    photos = [take(number) for number in range(4)]
    contents = [files.read(photo) for photo in photos]
    for photo in photos:
        as_before(photo_folder, photo)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test"}
    env["RISORIUS_VAR_DIR"] = str(photo_folder.parent)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(step=step)], env=env, cwd=ROOT, timeout=120, check=False
    )
    assert killed.returncode == 9
    assert not all(places.is_right(place) for place in lying(photo_folder))
    assert [files.read(photo) for photo in photos] == contents
    call_command("move_photos", verbosity=0)
    assert lying(photo_folder) == sorted(
        places.of(name)[0] for photo in photos for name in (photo.image.name, photo.thumbnail.name)
    )
    assert [files.read(photo) for photo in photos] == contents


def test_whose_many_files_are_is_asked_together(clinic, django_assert_max_num_queries, photo_folder):
    for _ in range(15):
        files.write(b"nobody's", clinic=clinic)
    for path in photo_folder.rglob("*.jpg"):
        os.utime(path, (time.time() - 7200,) * 2)
    with django_assert_max_num_queries(2):
        assert orphans.sweep(whole=True).put_aside == 15


def test_a_folder_in_which_nothing_came_or_went_for_days_is_not_read_through(photo_folder, folders, clinic):
    files.write(b"nobody's", clinic=clinic)
    yesterday = timezone.now() - timezone.timedelta(days=1)
    looked = [lying for top in folders.tops()[0] for lying in folders.lying(top, since=yesterday)]
    assert len(looked) == 1
    for path in photo_folder.glob("??/??"):
        os.utime(path, (time.time() - 3 * 86400,) * 2)
    assert not [lying for top in folders.tops()[0] for lying in folders.lying(top, since=yesterday)]
    assert [lying for top in folders.tops()[0] for lying in folders.lying(top)] == looked


def test_whose_a_file_is_is_found_by_an_index(clinic, django_assert_max_num_queries):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for field in ("image", "thumbnail"):
            rows = Photo.objects.filter(**{f"{field}__in": [f"01/{NAME}.jpg"] * 2}).order_by()
            assert f"photo_by_{field}" in rows.values_list(field).explain()


def test_the_command_says_what_it_can_not_do(folders):
    with pytest.raises(CommandError, match="RISORIUS_S3_BUCKET"):
        call_command("move_photos", "--to", "s3")
    with pytest.raises(CommandError, match="--batch"):
        call_command("move_photos", "--batch", "0")

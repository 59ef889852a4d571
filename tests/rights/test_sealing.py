"""Photos at rest: what lies in the store opens by its clinic's key and under its own name, or not at all."""

from __future__ import annotations

import hashlib
import stat
import uuid

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.store import encryption, files, keyring
from clinic.store.keyring import FileAltered, KeyMissing
from clinic.visits import rekeying, training_set
from clinic.visits.models import Photo
from clinic.visits.refusals import IntakeError
from inference import tasks
from inference.jobs.states import Status
from inference.models import Analysis

from .. import factories
from ..visits.pictures import encoded, upload

BOTH = pytest.mark.parametrize("small", [False, True])


def lying(folder, photo, small=False) -> bytes:
    """What lies on the disk."""
    return (folder / (photo.thumbnail if small else photo.image).name).read_bytes()


@BOTH
def test_nothing_of_a_face_lies_in_the_store(small, sealed, take, photo_folder):
    photo = take()
    stored = lying(photo_folder, photo, small)
    assert encryption.is_encrypted(stored)
    assert b"JFIF" not in stored
    assert files.read(photo, thumbnail=small).startswith(b"\xff\xd8\xff")
    assert len(stored) == len(files.read(photo, thumbnail=small)) + encryption.OVERHEAD


def test_the_hash_on_record_is_of_the_photo_and_not_of_its_seal(sealed, take):
    photo = take()
    assert hashlib.sha256(files.read(photo)).hexdigest() == photo.sha256
    assert len(files.read(photo)) == photo.size


def test_the_same_photo_twice_looks_different_in_the_store(sealed, clinic):
    one, other = (files.raw(files.write(b"\xff\xd8\xff same", clinic=clinic)) for _ in range(2))
    assert one != other


def test_without_a_folder_of_keys_photos_lie_as_they_are(take, photo_folder):
    photo = take()
    assert lying(photo_folder, photo) == files.read(photo)


def test_a_photo_is_sent_as_before(sealed, take, as_clinician):
    photo = take()
    answer = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    content = b"".join(answer.streaming_content)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert content == files.read(photo)
    assert int(answer["Content-Length"]) == len(content)
    assert answer["Cache-Control"] == "private, no-store"
    small = as_clinician.get(reverse("visits:thumbnail", args=[photo.pk]))
    assert int(small["Content-Length"]) == len(files.read(photo, thumbnail=True))
    again = as_clinician.get(
        reverse("visits:thumbnail", args=[photo.pk]), headers={"if-none-match": small["ETag"]}
    )
    assert again.status_code == 304


@given(st.binary(min_size=1, max_size=64), st.integers(min_value=0))
def test_no_byte_of_a_sealed_file_can_be_changed(content, place):
    clinic_id, key_id = uuid.uuid4(), uuid.uuid4()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyring, "state_of", lambda _: keyring.KeyState(key_id, False))
        patch.setattr(keyring, "key", lambda *_: b"k" * 32)
        stored = bytearray(encryption.encrypt(content, clinic_id=clinic_id, name="aa/a.jpg"))
        assert encryption.decrypt(bytes(stored), name="aa/a.jpg") == content
        stored[4 + place % (len(stored) - 4)] ^= 1
        with pytest.raises(FileAltered):
            encryption.decrypt(bytes(stored), name="aa/a.jpg")


@pytest.mark.parametrize("length", [0, 4, 48, 49, 60, -1])
def test_a_file_that_was_cut_short_does_not_open(length, sealed, clinic):
    stored = encryption.encrypt(b"\xff\xd8\xff photo", clinic_id=clinic.pk, name="aa/a.jpg")
    with pytest.raises(FileAltered):
        encryption.decrypt(stored[:length], name="aa/a.jpg")


@BOTH
def test_files_that_were_swapped_do_not_open(small, sealed, take, photo_folder):
    one, other = take(1), take(2, "rest")
    field = "thumbnail" if small else "image"
    paths = [photo_folder / getattr(photo, field).name for photo in (one, other)]
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, reversed(contents), strict=True):
        path.write_bytes(content)
    for photo in (one, other):
        with pytest.raises(FileAltered):
            files.read(photo, thumbnail=small)


def test_another_clinics_file_does_not_open_here(sealed, take):
    photo = take()
    stranger = factories.ClinicFactory()
    rekeying.create(clinic=stranger)
    name = files.write(b"\xff\xd8\xff another face", clinic=stranger)
    Photo.objects.filter(pk=photo.pk).update(image=name)
    photo.refresh_from_db()
    with pytest.raises(FileAltered):
        files.read(photo)


def test_once_all_is_sealed_a_plain_file_is_not_believed(sealed, clinic, take, photo_folder):
    photo = take()
    rekeying.seal_all(clinic=clinic)
    (photo_folder / photo.image.name).write_bytes(factories.jpeg())
    with pytest.raises(FileAltered):
        files.read(photo)


def test_keys_lie_where_only_their_owner_reads_them_and_wrapped(sealed, clinic):
    key_id = keyring.state_of(clinic.pk).key_id
    for path in sealed.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o700
    assert keyring.key(clinic.pk, key_id) not in (sealed / f"{key_id}.json").read_bytes()


def test_a_wrapped_key_opens_in_its_own_place_alone(sealed, clinic):
    key_id = keyring.state_of(clinic.pk).key_id
    stranger = factories.ClinicFactory()
    rekeying.create(clinic=stranger)
    (sealed.parent / str(stranger.pk) / f"{key_id}.json").write_bytes(
        (sealed / f"{key_id}.json").read_bytes()
    )
    with pytest.raises(KeyMissing):
        keyring.key(stranger.pk, key_id)


def lose_key(sealed, settings, clinic) -> None:
    for path in sealed.iterdir():
        path.unlink()


def wrong_master(sealed, settings, clinic) -> None:
    settings.MASTER_KEY_FILE, settings.MASTER_KEY = "", keyring.new_master()
    keyring._unwrapped.clear()


def no_folder(sealed, settings, clinic) -> None:
    settings.KEYS_DIR = ""


def no_master(sealed, settings, clinic) -> None:
    settings.MASTER_KEY_FILE = "/nowhere/master"
    keyring._unwrapped.clear()


LOST = pytest.mark.parametrize("lose", [lose_key, wrong_master, no_folder, no_master])


@LOST
def test_pages_and_api_name_a_missing_key(lose, sealed, settings, clinic, take, as_clinician):
    photo = take()
    lose(sealed, settings, clinic)
    for name in ("visits:file", "visits:thumbnail"):
        answer = as_clinician.get(reverse(name, args=[photo.pk]), headers={"accept": "text/html"})
        assert answer.status_code == 503
        assert "key of this clinic is not there" in answer.content.decode()
        picture = as_clinician.get(reverse(name, args=[photo.pk]), headers={"accept": "image/avif,*/*"})
        assert (picture.status_code, picture["Content-Type"]) == (503, "text/plain; charset=utf-8")
    answer = as_clinician.get(reverse("api:photo-image", args=[photo.pk]))
    assert (answer.status_code, answer.json()["code"]) == (503, "key_missing")
    page = as_clinician.get(reverse("visits:photo", args=[photo.pk]))
    assert page.status_code == 200


@pytest.mark.parametrize("lose", [lose_key, wrong_master, no_master])
def test_no_photo_is_stored_without_its_seal(lose, sealed, settings, clinic, visit, take, as_clinician):
    lose(sealed, settings, clinic)
    with pytest.raises(IntakeError) as refused:
        take()
    assert refused.value.code == "key_missing"
    assert not Photo.objects.exists()
    body = {"visit": visit.pk, "exercise": "smile", "image": upload(encoded())}
    answer = as_clinician.post(reverse("api:photo-list"), body, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (503, "key_missing")


def test_a_clinic_without_a_key_is_refused_and_not_stored_plain(keys_folder, take):
    with pytest.raises(IntakeError):
        take()


class Judge:
    """Stands in for the models: what it is shown, it keeps."""

    uses_reference = False

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.release = type("Release", (), {"name": "test-release"})()

    def analyse(self, photo: bytes):
        self.seen.append(photo)
        raise AssertionError("far enough")


@pytest.fixture
def judge(monkeypatch):
    judge = Judge()
    monkeypatch.setattr(tasks, "_analyser", lambda *_, **__: judge)
    return judge


def analysed(photo) -> Analysis:
    """The photo's analysis after as many turns of the worker as it asks for."""
    Analysis.objects.filter(photo=photo).update(release="test-release")
    analysis = Analysis.objects.get(photo=photo)
    for _ in range(5):
        tasks.analyse(str(analysis.pk))
    analysis.refresh_from_db()
    return analysis


def test_the_worker_judges_the_opened_photo(sealed, take, judge):
    photo = take()
    analysed(photo)
    assert judge.seen[0] == files.read(photo)


@LOST
def test_the_worker_names_a_missing_key_and_makes_nothing_up(lose, sealed, settings, clinic, take, judge):
    photo = take()
    lose(sealed, settings, clinic)
    analysis = analysed(photo)
    assert (analysis.status, analysis.error_code) == (Status.FAILED, "key_missing")
    assert (judge.seen, analysis.findings, analysis.palsy_probability) == ([], None, None)
    assert analysis.attempt == settings.ANALYSIS_MAX_ATTEMPTS, "a key may be put back meanwhile"


def test_the_worker_names_a_file_that_was_exchanged(sealed, take, judge, photo_folder):
    photo = take()
    (photo_folder / photo.image.name).write_bytes(lying(photo_folder, photo)[:-1])
    analysis = analysed(photo)
    assert (analysis.status, analysis.error_code, analysis.attempt) == (Status.FAILED, "file_altered", 1)
    assert judge.seen == []


def test_a_training_set_is_cut_from_opened_photos(sealed, clinic, take, administrator):
    photo = take()
    picture = training_set.picture_of(photo, factories.landmarks())
    assert picture.format is None and picture.width > 10

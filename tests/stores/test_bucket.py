"""Photos in an S3 bucket: stored, shown, judged, sealed, swept, checked and brought back as on a disk."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from clinic.audit.models import Access, ReadEvent
from clinic.operations.fsck import run
from clinic.operations.models import CheckKind, CheckState, IntegrityCheck
from clinic.operations.tasks import integrity
from clinic.rights import erasure
from clinic.store import encryption, files, keyring, places
from clinic.store.stores import StoreAway, photo_store
from clinic.visits import orphans, rekeying, services
from clinic.visits import tasks as visit_tasks
from clinic.visits.models import Photo
from inference import tasks
from inference.models import Analysis

from .. import factories
from ..operations.test_fsck import found, stored
from ..visits.pictures import encoded, picture, upload

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def on_disk(folder) -> list:
    return [path for path in folder.rglob("*") if path.is_file()]


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def looked_at(**options) -> dict[str, list[str]]:
    check = run.start(kind=CheckKind.WHOLE, **options)
    assert run.work(check=check)
    return found(check)


def test_a_photo_lies_in_the_bucket_alone(bucket, take, photo_folder):
    photo = take()
    lying = bucket.lying()
    assert set(lying) == {photo.image.name, photo.thumbnail.name}
    assert all(places.is_photo(key) and places.is_right(key) for key in lying)
    assert hashlib.sha256(lying[photo.image.name]).hexdigest() == photo.sha256
    assert lying[photo.thumbnail.name] == files.read(photo, thumbnail=True)
    assert on_disk(photo_folder) == []


def test_no_object_is_anybody_else_s(bucket, take):
    photo = take()
    grants = bucket.client.get_object_acl(Bucket=bucket.name, Key=photo.image.name)["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]
    with pytest.raises(ValueError, match="not accessible"):
        photo_store().url(photo.image.name)


def test_what_the_store_encrypts_by_is_told_with_each_object(bucket, settings, photo_folder, clinic):
    options = settings.STORAGES["photos"]["OPTIONS"]
    more = {"object_parameters": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "the-clinics"}}
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {**settings.STORAGES["photos"], "OPTIONS": {**options, **more}},
    }
    name = files.write(b"x", clinic=clinic)
    head = bucket.client.head_object(Bucket=bucket.name, Key=name)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "the-clinics")


def test_the_story_by_api_and_pages(bucket, as_clinician, visit, judge, photo_folder, settings):
    settings.PHOTOS_BY_PROXY = "/protected/"  # which finds nothing there
    answer = as_clinician.post(
        reverse("visits:upload", args=[visit.pk]),
        {"photo": upload(encoded()), "exercise": "smile"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 201, answer.content
    answer = as_clinician.post(
        "/api/v1/photos/",
        {"visit": visit.pk, "exercise": "rest", "image": upload(encoded(image=picture(shade=9)))},
    )
    assert answer.status_code == 202, answer.content
    first, second = Photo.objects.order_by("created_at")
    for photo in (first, second):
        assert body(as_clinician.get(reverse("visits:file", args=[photo.pk]))) == files.read(photo)
        small = as_clinician.get(reverse("visits:thumbnail", args=[photo.pk]))
        assert body(small) == files.read(photo, thumbnail=True)
        assert "X-Accel-Redirect" not in small
        api = as_clinician.get(f"/api/v1/photos/{photo.pk}/image/")
        assert body(api) == files.read(photo)
    assert ReadEvent.objects.filter(photo=first, kind=Access.PHOTO).count() == 2, (
        "the small one after it is one look"
    )
    Analysis.objects.update(release="test-release")
    for analysis in Analysis.objects.all():
        tasks.analyse(str(analysis.pk))
    assert {hashlib.sha256(seen).hexdigest() for seen in judge.seen} >= {first.sha256, second.sha256}
    assert on_disk(photo_folder) == []


def test_an_aligned_picture_and_a_mirror_image(bucket, visit, take):
    from clinic.visits.services_mirroring import turn_over

    photo = take()
    turned = turn_over(user=visit.clinician, visit=visit, photos=[photo])[0]
    assert files.read(turned) and len(bucket.lying()) == 4


def test_nothing_is_half_stored_where_the_second_file_is_refused(bucket, visit, monkeypatch):
    send, sent = type(photo_store()).send, []

    def once(self, place, content, **more):
        sent.append(place)
        if len(sent) == 2:
            raise StoreAway("unreachable", "The store of photos does not answer.")
        return send(self, place, content, **more)

    monkeypatch.setattr(type(photo_store()), "send", once)
    with pytest.raises(services.intake.IntakeError) as caught:
        services.store_photo(user=visit.clinician, visit=visit, upload=upload(encoded()), exercise="smile")
    assert caught.value.code == "store_away"
    assert bucket.lying() == {} and not Photo.objects.exists()


def test_sealed_photos_and_a_new_key(bucket, sealed, take, clinic):
    photo = take()
    before = bucket.lying()
    assert all(encryption.is_encrypted(content) for content in before.values())
    content = files.read(photo)
    done = rekeying.rotate(clinic=clinic)
    assert (done.sealed, done.retired) == (2, 1)
    after = bucket.lying()
    assert before.keys() == after.keys() and all(before[key] != after[key] for key in before)
    assert files.read(photo) == content
    key = keyring.state_of(clinic.pk).key_id
    assert {encryption.header_of(one).key_id for one in after.values()} == {key}


def test_no_key_is_destroyed_while_the_store_is_away(bucket, sealed, take, clinic, monkeypatch):
    take()
    known = set(keyring.keys_of(clinic.pk))
    real = files.raw

    def away(name, first=-1):
        if first > 0 and len(keyring.keys_of(clinic.pk)) == 2 and counted:
            raise StoreAway("unreachable", "The store of photos does not answer.")
        counted.append(name)
        return real(name, first)

    counted: list[str] = []
    monkeypatch.setattr(files, "raw", away)
    with pytest.raises(CommandError, match="No key was destroyed"):
        call_command("keys", "rotate", "--clinic", str(clinic.pk))
    assert known < set(keyring.keys_of(clinic.pk))


def test_lists_go_by_pages(bucket, monkeypatch):
    keys = [f"ab/{n % 7:02x}/ab{n % 7:02x}{n:028x}.jpg" for n in range(1010)]
    for key in keys:
        server = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
        server.put_object(bucket.name, key, b"x")
    assert [lying.place for lying in photo_store().lying("ab")] == sorted(keys)
    assert [lying.place for lying in photo_store().lying("ab", after=sorted(keys)[1003])] == sorted(keys)[
        1004:
    ]
    with time_machine.travel(timezone.now() + 2 * HOUR):
        assert orphans.sweep(whole=True) == orphans.Swept(looked_at=1010, refused=True)
        assert len(looked_at()["orphan_file"]) == 1010


def test_a_day_s_rounds_see_each_folder_once(bucket, clinic):
    for _ in range(20):
        files.write(b"nobody's", clinic=clinic)
    begin = timezone.now() + 2 * HOUR
    rounds = []
    for hour in range(24):
        with time_machine.travel(begin + hour * HOUR, tick=False):
            rounds.append(orphans.sweep())
    assert sum(swept.put_aside for swept in rounds) == 20
    assert max(swept.looked_at for swept in rounds) < 20
    with time_machine.travel(begin + dt.timedelta(days=9)):
        assert orphans.sweep().deleted == 20
    assert bucket.lying() == {}


def test_a_bucket_of_another_database_is_left_alone(bucket, clinic):
    for _ in range(30):
        files.write(b"theirs", clinic=clinic)
    with time_machine.travel(timezone.now() + 2 * HOUR):
        assert orphans.sweep(whole=True).refused
        assert looked_at(repairs=True).keys() == {"orphan_file"}
    assert len(bucket.lying()) == 30


def test_the_check_finds_what_is_missing_altered_and_foreign(bucket, visit):
    whole, gone, changed, small = (stored(visit) for _ in range(4))
    assert looked_at() == {}
    bucket.client.delete_object(Bucket=bucket.name, Key=gone.image.name)
    bucket.put(changed.image.name, factories.jpeg(90, 120, (1, 2, 3)))
    bucket.put(small.thumbnail.name, b"no picture")
    bucket.put(f"ab/cd/abcd{1:028x}.jpg")
    bucket.put("somebody's.txt")
    with time_machine.travel(timezone.now() + 2 * HOUR):
        assert looked_at() == {
            "photo_missing": [str(gone.pk)],
            "photo_altered": [str(changed.pk)],
            "thumbnail_unreadable": [str(small.pk)],
            "orphan_file": ["somebody's.txt", f"ab/cd/abcd{1:028x}.jpg"],
        }
        looked_at(repairs=True)
        left = looked_at()
    assert set(left) == {"photo_missing", "photo_altered"}
    assert files.read(small, thumbnail=True).startswith(b"\xff\xd8") and files.read(whole)
    assert {key for key in bucket.lying() if key.startswith("orphans/")} == {
        f"orphans/abcd{1:028x}.jpg",
        "orphans/somebody's.txt",
    }


def test_a_check_that_meets_no_store_says_nothing_of_photos(bucket, visit, monkeypatch, capsys):
    stored(visit)

    def away(self, place, first=-1):
        raise StoreAway("unreachable", "The store of photos does not answer.")

    monkeypatch.setattr(type(photo_store()), "get", away)
    with pytest.raises(SystemExit) as ended:
        call_command("fsck")
    assert ended.value.code == 2
    assert "does not answer" in capsys.readouterr().err
    monkeypatch.undo()


def test_no_erasure_is_told_done_while_its_copies_are_there(bucket, take, visit, administrator, monkeypatch):
    photo = take()

    def away(self, place):
        raise StoreAway("unreachable", "The store of photos does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(type(photo_store()), "_delete", away)
        with pytest.raises(StoreAway):
            erasure.erase(patient=visit.patient, user=administrator, reason="asked for")
    assert not visit.patient.erasures.exists() and files.read(photo, thumbnail=True)
    erasure.erase(patient=visit.patient, user=administrator, reason="asked for")
    assert set(bucket.lying()) == {photo.image.name}


def test_the_rounds_wait_for_the_store(bucket, take, monkeypatch):
    def away(self, *_arguments, **_wanted):
        raise StoreAway("unreachable", "The store of photos does not answer.")

    take()
    monkeypatch.setattr(type(photo_store()), "tops", away)
    monkeypatch.setattr(type(photo_store()), "get", away)
    monkeypatch.setattr(run, "due", lambda *, now: CheckKind.WHOLE)
    visit_tasks.sweep.run()
    integrity.run()
    assert IntegrityCheck.objects.get().state == CheckState.RUNNING, "it goes on in the next slice"


def test_an_erasure_waits_for_the_store(bucket, take, visit, administrator, monkeypatch):
    photo = take()

    def away(self, place):
        raise StoreAway("unreachable", "The store of photos does not answer.")

    erased = erasure.erase(patient=visit.patient, user=administrator, reason="asked for")
    with time_machine.travel(
        dt.datetime.combine(erased.keep_until, dt.time(), dt.UTC) + dt.timedelta(days=2)
    ):
        with monkeypatch.context() as patched:
            patched.setattr(type(photo_store()), "_delete", away)
            assert erasure.destroy_due() == []
        assert Photo.objects.filter(pk=photo.pk).exists() and files.read(photo)
        assert erasure.destroy_due() == [erased]
    assert bucket.lying() == {}

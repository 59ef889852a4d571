"""What the drills rely on, each by itself: the sweep, the words on a full disk, a broker that hangs."""

from __future__ import annotations

import errno
import os
import socket
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.urls import reverse

from clinic.common import broker
from clinic.config import redis_broker
from clinic.store import files
from clinic.visits import orphans, services
from clinic.visits.models import Photo
from inference import services as inference_services
from inference.jobs import publish, worker
from tests import factories
from tests.faults import records

pytestmark = pytest.mark.django_db
HOUR = 3600


def store(visit, clinician) -> Photo:
    upload = SimpleUploadedFile("photo.png", records.jpeg())
    return services.store_photo(user=clinician, visit=visit, upload=upload, exercise="smile")


def lying_there(photo_folder) -> list[str]:
    return sorted(path.relative_to(photo_folder).as_posix() for path in photo_folder.glob("??/??/*.jpg"))


def age(photo_folder, seconds: float) -> None:
    then = time.time() - seconds
    for path in photo_folder.rglob("*.*"):
        os.utime(path, (then, then))


@pytest.fixture
def silent_broker(monkeypatch):
    monkeypatch.setattr(broker, "send", lambda *_arguments, **_options: True)


def test_the_sweep_takes_what_no_row_names_after_an_hour(
    photo_folder, visit, clinician, clinic, silent_broker
):
    photo = store(visit, clinician)
    orphan = files.write(b"nobody's", clinic=clinic)
    assert orphans.sweep() == orphans.Swept(looked_at=0), "an upload may be on its way"
    age(photo_folder, 2 * HOUR)
    assert orphans.sweep() == orphans.Swept(looked_at=3, put_aside=1)
    assert lying_there(photo_folder) == sorted([photo.image.name, photo.thumbnail.name])
    assert (photo_folder / orphans.ASIDE / orphan.split("/")[-1]).read_bytes() == b"nobody's"
    age(photo_folder, 8 * 24 * HOUR)
    assert orphans.sweep().deleted == 1
    assert files.read(photo)


def test_the_sweep_takes_nothing_where_the_database_is_another_one(photo_folder, clinic):
    for number in range(30):
        files.write(bytes([number]), clinic=clinic)
    age(photo_folder, 2 * HOUR)
    assert orphans.sweep().refused
    assert len(lying_there(photo_folder)) == 30


def test_old_files_are_looked_at_on_request_alone(photo_folder, clinic):
    files.write(b"old", clinic=clinic)
    age(photo_folder, 3 * 24 * HOUR)
    assert orphans.sweep().looked_at == 0
    assert orphans.sweep(whole=True).put_aside == 1


def test_halves_of_photos_go(photo_folder):
    half = photo_folder / files.INCOMING / "1234.part"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half of")
    assert orphans.sweep().deleted == 0
    age(photo_folder, 2 * HOUR)
    assert orphans.sweep().deleted == 1


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EIO, "not_stored")])
def test_a_clinician_is_told_in_words_that_the_disk_failed(
    as_clinician, visit, photo_folder, monkeypatch, number, code
):
    real, calls = files.put, []

    def fails_at_the_thumbnail(name, content):
        calls.append(name)
        if len(calls) == 2:
            raise OSError(number, "no")
        return real(name, content)

    monkeypatch.setattr(files, "put", fails_at_the_thumbnail)
    address = reverse("visits:upload", args=[visit.pk])
    photo = SimpleUploadedFile("photo.png", records.jpeg())
    answer = as_clinician.post(
        address, {"photo": photo, "exercise": "smile"}, headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (507, code)
    assert "not stored" in answer.json()["detail"] and "safe" in answer.json()["detail"]
    assert not Photo.objects.exists() and not lying_there(photo_folder)


def test_a_half_written_file_leaves_nothing(photo_folder, clinic, monkeypatch):
    def half(self, name, content):
        path = photo_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", half)
    with pytest.raises(OSError):
        files.write(b"whole", clinic=clinic)
    assert not list(photo_folder.rglob("*.*"))


@pytest.mark.django_db(transaction=True)
def test_a_photo_whose_commit_was_not_answered_keeps_its_files(visit, clinician, monkeypatch, silent_broker):
    """The row may be there: its files must be too."""

    commit = connection._commit

    def unanswered():
        commit()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "_commit", unanswered)
    with pytest.raises(OperationalError, match="unexpectedly"):
        services._write_row(clinician, unsaved(visit, clinician))
    monkeypatch.undo()
    photo = Photo.objects.get()
    assert files.read(photo) == b"whole"


def unsaved(visit, clinician) -> Photo:
    name = files.write(b"whole", clinic=visit.patient.clinic)
    return Photo(
        visit=visit, exercise="smile", taken_at=visit.at, image=name, thumbnail=name, width=220, height=220, size=5,
        sha256="0" * 64, original_sha256="0" * 64, uploaded_by=clinician,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_what_fails_after_the_commit_does_not_fail_the_upload(visit, clinician, monkeypatch):
    def broken(**_):
        raise OperationalError("the database went away")

    monkeypatch.setattr(publish, "analysis_now", broken)
    assert files.read(store(visit, clinician))


@pytest.fixture
def deaf_broker(settings, monkeypatch):
    """A broker that takes connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    settings.CELERY_BROKER_URL = url
    connect = broker.current_app.connection_for_write
    monkeypatch.setattr(broker.current_app, "connection_for_write", lambda **options: connect(url, **options))
    monkeypatch.setattr(broker, "_pause_until", 0.0)
    monkeypatch.setattr(broker, "_suspect", False)
    broker._producers.cache_clear()
    yield
    broker._producers.cache_clear()
    listener.close()


def test_a_broker_that_hangs_costs_one_upload_a_moment_and_the_next_ones_nothing(
    deaf_broker, visit, clinician
):
    analysis = factories.AnalysisFactory(queued=True)
    took = []
    for _ in range(4):
        start = time.monotonic()
        assert publish.analysis_now(analysis_id=analysis.pk) is False
        took.append(time.monotonic() - start)
    assert took[0] < 3 and sum(took[1:]) < 0.5
    analysis.refresh_from_db()
    assert analysis.published_at is None


def test_a_closed_connection_says_so(monkeypatch):
    """The worker's loop waits for the broker after such an error, and ends after any other."""
    channel = object.__new__(redis_broker.RedisChannel)
    channel.connection = type("Closed", (), {"client": None})()
    channel._qos = channel._cycle = None
    channel.closed = True
    with pytest.raises(redis_broker.ConnectionError):
        channel._connparams()
    qos = redis_broker.QoS(channel)
    qos._delivered["tag"] = object()
    qos.restore_unacked()
    assert not qos._delivered
    qos._on_collect.cancel()


def test_a_result_waits_for_a_database_that_comes_back(monkeypatch):
    answers = [OperationalError("gone"), OperationalError("gone"), True]

    def write(*, what):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return what

    monkeypatch.setattr(worker.connection, "close", lambda: None)
    monkeypatch.setattr(worker.time, "sleep", lambda _: None)
    assert worker.retry_while_away(write, what="a result") == "a result"
    monkeypatch.setattr(worker, "INSIST", -1)
    answers[:] = [OperationalError("gone")]
    with pytest.raises(OperationalError):
        worker.retry_while_away(write, what="a result")


def test_memory_is_limited_beyond_what_is_loaded(settings, monkeypatch):
    seen = []
    monkeypatch.setattr(worker.resource, "setrlimit", lambda kind, limits: seen.append((kind, limits)))
    settings.ANALYSIS_MEMORY = 512
    worker.limit_memory()
    ((kind, (soft, _)),) = seen
    assert kind == worker.resource.RLIMIT_DATA and soft > 512 * 1024**2


def test_a_canary_is_noted_even_if_the_broker_is_away(monkeypatch):
    monkeypatch.setattr(broker, "send", lambda *_arguments, **_options: False)
    assert inference_services.send_canary(queue="analysis") is False
    from inference.models import Canary

    assert Canary.objects.get(queue="analysis").sent_at

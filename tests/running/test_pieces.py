"""What the shipped files stand on: secrets from files, photos left to the proxy, signs of life."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from celery import signals
from django.urls import reverse

from clinic.config.celery import app
from clinic.config.settings.environment import Env, with_password
from clinic.operations import heartbeat
from clinic.store import files, keyring
from tests import factories

from . import shipped

BYTES = b"\xff\xd8\xff\xe0 no photo of anybody"


def health() -> ModuleType:
    spec = importlib.util.spec_from_file_location("health", shipped.DOCKER / "health.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("url", "password", "becomes"),
    [
        ("redis://broker:6379/0", "s3cr/t@", "redis://:s3cr%2Ft%40@broker:6379/0"),
        ("redis://user@broker:6379/0", "x", "redis://user:x@broker:6379/0"),
        ("redis://:own@broker:6379/0", "x", "redis://:own@broker:6379/0"),
        ("redis://broker:6379/0", "", "redis://broker:6379/0"),
        ("redis://[::1]:6379/1", "x", "redis://:x@[::1]:6379/1"),
    ],
)
def test_a_password_is_put_into_an_address(url: str, password: str, becomes: str) -> None:
    assert with_password(url, password) == becomes


def test_a_setting_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    monkeypatch.setenv("RISORIUS_TRIED_OUT_FILE", str(file))
    assert Env().str("RISORIUS_TRIED_OUT") == "from a file"
    monkeypatch.setenv("RISORIUS_LOST_FILE", str(tmp_path / "lost"))
    with pytest.raises(FileNotFoundError, match="lost"):
        Env().str("RISORIUS_LOST", default="never this")


def test_production_takes_every_secret_from_files(tmp_path: Path) -> None:
    for name in ("key", "database", "broker"):
        (tmp_path / name).write_text(f"{name}-0123456789\n")
    asks = (
        "from clinic.config.settings import production as p; "
        "print(p.SECRET_KEY, p.DATABASES['default']['PASSWORD'], p.CELERY_BROKER_URL, p.CACHES['default']['LOCATION'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", asks],
        cwd=shipped.ROOT,
        env={
            "PATH": os.defpath,
            "RISORIUS_VAR_DIR": str(tmp_path),
            "RISORIUS_SECRET_KEY_FILE": str(tmp_path / "key"),
            "RISORIUS_ALLOWED_HOSTS": "palsy.example.org",
            "RISORIUS_DATABASE_URL": "postgres://risorius@database:5432/risorius",
            "RISORIUS_DATABASE_PASSWORD_FILE": str(tmp_path / "database"),
            "RISORIUS_BROKER_URL": "redis://broker:6379/0",
            "RISORIUS_BROKER_PASSWORD_FILE": str(tmp_path / "broker"),
            "RISORIUS_CACHE_URL": "redis://broker:6379/1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [
        "key-0123456789",
        "database-0123456789",
        "redis://:broker-0123456789@broker:6379/0",
        "redis://:broker-0123456789@broker:6379/1",
    ]


@pytest.fixture
def photo(visit, settings):  # type: ignore[no-untyped-def]
    settings.PHOTOS_BY_PROXY = "/protected/"
    photo = factories.PhotoFactory(visit=visit)
    photo.image.name = files.write(BYTES, clinic=visit.patient.clinic)
    photo.thumbnail.name = files.write(BYTES, clinic=visit.patient.clinic)
    photo.save()
    return photo


@pytest.mark.parametrize("which", ["file", "thumbnail"])
def test_a_plain_photo_is_left_to_the_proxy(photo, as_clinician, which: str) -> None:  # type: ignore[no-untyped-def]
    answer = as_clinician.get(reverse(f"visits:{which}", args=[photo.pk]))
    name = (photo.image if which == "file" else photo.thumbnail).name
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["X-Accel-Redirect"] == f"/protected/{name}"
    assert answer["Content-Type"] == "image/jpeg" and answer["X-Content-Type-Options"] == "nosniff"


def test_nobody_else_gets_the_files_name(photo, as_stranger, client) -> None:  # type: ignore[no-untyped-def]
    for visitor, status in ((as_stranger, 404), (client, 302)):
        answer = visitor.get(reverse("visits:file", args=[photo.pk]))
        assert answer.status_code == status and "X-Accel-Redirect" not in answer


def test_a_lost_file_is_not_found(photo, as_clinician) -> None:  # type: ignore[no-untyped-def]
    files.remove(photo.image.name)
    answer = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    assert answer.status_code == 404 and "X-Accel-Redirect" not in answer


def test_a_sealed_photo_is_opened_by_django(visit, as_clinician, settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    settings.PHOTOS_BY_PROXY = "/protected/"
    settings.KEYS_DIR, settings.MASTER_KEY = str(tmp_path / "keys"), keyring.new_master()
    keyring.add_key(visit.patient.clinic_id, plain_allowed=False)
    photo = factories.PhotoFactory(visit=visit)
    photo.image.name = files.write(BYTES, clinic=visit.patient.clinic)
    photo.save()
    answer = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    assert "X-Accel-Redirect" not in answer
    assert b"".join(answer.streaming_content) == BYTES
    # Without its key it goes to nobody, least of all as it lies on the disk.
    settings.KEYS_DIR = ""
    answer = as_clinician.get(reverse("visits:file", args=[photo.pk]))
    assert answer.status_code == 503 and "X-Accel-Redirect" not in answer


def test_worker_and_beat_say_that_they_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "heartbeat"
    look = health()
    monkeypatch.setenv("RISORIUS_HEARTBEAT", str(file))
    assert look.main("worker") == look.main("beat") == 1, "nothing was said yet"
    signals.heartbeat_sent.send(sender=None)
    assert look.main("worker") == look.main("beat") == 0
    for role, oldest in look.OLDEST.items():
        long_ago = time.time() - oldest - 1
        os.utime(file, (long_ago, long_ago))
        assert look.main(role) == 1
    assert app.conf.beat_scheduler.startswith("clinic.operations.")
    assert issubclass(
        app.loader.import_from_cwd(app.conf.beat_scheduler.partition(":")[0]).Scheduler,
        heartbeat.LivingScheduler,
    )


def test_nothing_is_written_where_nobody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RISORIUS_HEARTBEAT", raising=False)
    monkeypatch.chdir(tmp_path)
    heartbeat.beat()
    assert list(tmp_path.iterdir()) == []


def test_a_web_process_that_does_not_answer_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISORIUS_BIND", "127.0.0.1:9")
    assert health().main("web") == 1

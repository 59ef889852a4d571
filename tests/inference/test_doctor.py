"""Each thing that can be wrong with an installation, what the doctor says of it, and what to do."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from collections import namedtuple

import pytest
from django.core.management import call_command
from django.utils import timezone

from clinic.operations.checks import installation as checks
from inference.models import Analysis, Canary
from inference.releases import registry

from .running import ROOT, environment

pytestmark = pytest.mark.django_db


def doctor() -> tuple[str, bool]:
    """What it printed, and whether it found all well."""
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit:
        return out.getvalue(), False
    return out.getvalue(), True


def faults(look) -> set[str]:
    """The messages' codes; each has a remedy."""
    found = look()
    assert all(message.hint and message.msg for message in found)
    return {message.id for message in found}


def test_all_is_well():
    said, fit = doctor()
    assert fit, said
    assert "Fit to work." in said and "PROBLEM" not in said


def test_each_fault_is_printed_with_its_remedy(settings):
    settings.SECRET_KEY = "short"
    said, fit = doctor()
    assert not fit and "PROBLEM Secret key" in said
    assert "The secret key is short." in said and "-> Use at least 50" in said


def said_by(code: str, **env: str) -> str:
    """What Python prints in a process of its own, with settings that no test can switch to."""
    env = environment(**env)
    env.pop("RISORIUS_SECRET_KEY", None)
    code = (
        f"import django; django.setup(); from clinic.operations.checks import installation as checks; {code}"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=True
    ).stdout.strip()


def test_a_demo_that_was_never_started_has_neither_secret_nor_database(tmp_path):
    said = said_by(
        "print(checks.secret()[0].id, checks.database()[0].id)",
        DJANGO_SETTINGS_MODULE="clinic.config.settings.demo",
        RISORIUS_VAR_DIR=str(tmp_path),
    )
    assert said == "risorius.E001 risorius.E010"
    assert list(tmp_path.iterdir()) == [], "a look makes no database"


def test_a_folder_that_can_not_be_written(settings, monkeypatch, tmp_path):
    settings.VAR_DIR = tmp_path / "not" / "made" / "yet"

    def refuse(dir=None, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(checks.tempfile, "TemporaryFile", refuse)
    [first, *_] = checks.folders()
    assert first.id == "risorius.E002" and str(tmp_path) in first.msg and "Permission denied" in first.msg
    assert not settings.VAR_DIR.exists(), "a look changes nothing"


def test_a_disk_that_is_nearly_full(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage(10, 10, 5 * 1024**2))
    assert faults(checks.folders) == {"risorius.W002"}
    assert "Only 5 MB" in checks.folders()[0].msg


def test_models_that_are_missing_or_altered(release):
    (release / "release.json").unlink()
    assert faults(checks.models) == {"risorius.W003"}
    (release.parent / "ACTIVE").unlink()
    assert "No model release is active" in checks.models()[0].msg
    assert "will be stored but not analysed" in checks.models()[0].msg


def test_a_model_whose_checksum_is_another(release, settings, tmp_path):
    from .conftest import write_release

    settings.MODEL_ARTIFACTS_DIR = tmp_path
    folder = write_release(tmp_path, files={"palsy.tflite": "0" * 64})
    (folder / "palsy.tflite").write_bytes(b"tampered")
    assert "palsy.tflite of model release test-release differs from its checksum" in checks.models()[0].msg
    assert registry.active().problems[0].code == "model_altered"


def test_limits_that_would_hand_a_running_job_to_a_second_worker(settings):
    settings.ANALYSIS_LEASE = 90
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": settings.ANALYSIS_HARD_LIMIT}
    assert faults(checks.queue_timing) == {"risorius.E003", "risorius.E004"}


def test_a_clock_in_the_past(time_machine):
    time_machine.move_to("2001-01-01")
    assert faults(checks.clock) == {"risorius.E005"}


def test_a_database_that_is_not_reached():
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"
    assert said_by("print(checks.database()[0].id)", RISORIUS_DATABASE_URL=nowhere) == "risorius.E006"


def test_changes_of_the_database_that_are_not_applied(monkeypatch):
    from django.db.migrations.executor import MigrationExecutor

    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["one", "two"])
    assert faults(checks.database) == {"risorius.E007"}
    assert "2 changes" in checks.database()[0].msg


def test_a_database_whose_clock_is_another(monkeypatch):
    monkeypatch.setattr(checks, "_database_time", lambda: dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5))
    assert faults(checks.database) == {"risorius.E008"}


def test_a_broker_that_does_not_answer(monkeypatch):
    from kombu import Connection

    from clinic.config.celery import app

    monkeypatch.setattr(app, "connection_for_write", lambda **_: Connection("redis://127.0.0.1:1/0"))
    assert faults(checks.broker) == {"risorius.E009"}


def test_a_queue_that_does_not_move():
    Canary.objects.create(queue="analysis", sent_at=timezone.now() - dt.timedelta(minutes=5))
    assert faults(checks.worker) == {"risorius.W004"}


def test_a_service_that_gave_no_sign_of_life():
    Canary.objects.create(
        queue="analysis",
        sent_at=timezone.now() - dt.timedelta(minutes=31),
        seen_at=timezone.now() - dt.timedelta(minutes=30),
    )
    assert faults(checks.worker) == {"risorius.W005"}
    assert not Analysis.objects.exists()

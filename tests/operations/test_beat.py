"""Beat's own sign of life, and that it asks for the night's check by the name that the worker knows."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.utils import timezone

from clinic.common import broker
from clinic.config import celery
from clinic.operations import scheduler as beat
from clinic.operations import selectors, tasks
from clinic.operations.models import Heartbeat, IntegrityCheck
from inference import services
from inference.jobs import publish

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)  # beat looks after its own connection
def test_each_round_of_beat_is_noted_though_no_worker_lives(monkeypatch):
    sent = []
    monkeypatch.setattr(services, "send_canary", lambda *, queue, priority: sent.append((queue, priority)))
    Heartbeat.objects.create(name=Heartbeat.BEAT, at=timezone.now() - dt.timedelta(hours=1))
    assert selectors.figures().beat > 3000
    entry = SimpleNamespace(task=publish.CANARY, args=("analysis", 3))
    beat.Scheduler.apply_async(object.__new__(beat.Scheduler), entry)
    assert sent == [("analysis", 3)]
    assert selectors.figures().beat < 5


def test_the_check_is_asked_for_behind_everything_else():
    entry = celery.beat_schedule()["integrity"]
    assert entry["task"] == tasks.INTEGRITY
    assert entry["options"]["priority"] == broker.LOWEST
    # Forgotten before the next one: ten minutes without a worker pile nothing up.
    assert entry["options"]["expires"] < entry["schedule"]
    assert tasks.INTEGRITY in celery.app.tasks
    tasks.integrity()
    assert IntegrityCheck.objects.count() == 1


def test_celery_is_configured_whole_before_django_is():
    """As worker and beat start: a receiver that needs models fails there, and Celery goes on without a word."""
    code = (
        "from clinic.config.celery import app; "
        "print(app.conf.beat_scheduler, sorted(app.conf.beat_schedule), len(app.conf.task_queues))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Traceback" not in told.stderr, told.stderr
    scheduler, rest = told.stdout.strip().split(" ", 1)
    assert scheduler == "clinic.operations.scheduler:Scheduler"
    assert rest == f"{sorted(celery.beat_schedule())} 2"

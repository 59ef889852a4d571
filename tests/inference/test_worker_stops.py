"""Workers that stop: at the time limit, and at models that are not the released ones."""

from __future__ import annotations

import subprocess

import pytest

from inference import tasks
from inference.jobs.states import Status

from .conftest import write_release
from .running import Worker, queue, result_of

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def test_a_hard_time_limit_ends_as_timed_out(photo, tmp_path, settings):
    # Celery would put the limit of a task that this process knows into the message; the worker's own is to hold.
    assert tasks.analyse.time_limit == settings.ANALYSIS_HARD_LIMIT == 60
    write_release(tmp_path / "models")
    with Worker(tmp_path, RISORIUS_ANALYSIS_HARD_LIMIT="2") as impatient:
        impatient.hold()
        done = result_of(queue(photo))
    assert (done.status, done.error_code) == (Status.FAILED, "timed_out")
    assert done.attempt == settings.ANALYSIS_MAX_ATTEMPTS


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_worker_without_the_released_models_refuses_to_start(db, tmp_path, damage):
    folder = write_release(tmp_path / "models", files={"palsy.tflite": "0" * 64})
    if damage == "altered":
        (folder / "palsy.tflite").write_bytes(b"something else")
    worker = Worker(tmp_path, stub=False)
    ended = subprocess.run(
        worker.command, env=worker.env, capture_output=True, text=True, timeout=240, check=False
    )
    assert ended.returncode != 0
    assert "The worker does not start: palsy.tflite of model release test-release" in ended.stderr
    assert "Traceback" not in ended.stderr

"""A real prefork worker over Redis, on the suite's own database: delivered twice, late, killed, out of models."""

from __future__ import annotations

import datetime as dt
import subprocess

import pytest
from django.db import transaction
from django.utils import timezone

from inference import publish, services, watchdog
from inference.models import Analysis, Canary
from inference.states import FINAL, Status
from tests import factories

from .conftest import make_findings, write_release
from .running import Worker, until

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def ended(analysis: Analysis) -> Analysis | None:
    """The row, once it is in a final state."""
    found = Analysis.objects.get(pk=analysis.pk)
    return found if found.status in FINAL else None


def started(analysis: Analysis) -> bool:
    return Analysis.objects.get(pk=analysis.pk).status == Status.RUNNING


def queue(photo) -> Analysis:
    with transaction.atomic():
        return services.queue_analysis(photo=photo)


def test_a_photo_is_analysed(worker, photo):
    done = until(lambda a=queue(photo): ended(a))
    assert (done.status, done.attempt, done.grade) == (Status.SUCCEEDED, 1, 3)
    assert done.published_at and done.waited_seconds < 2


def test_a_message_that_comes_twice_makes_one_result(worker, photo):
    worker.hold()
    analysis = queue(photo)
    worker.held_by()
    publish.analysis_now(analysis_id=analysis.pk)
    until(lambda: "is not waiting any more" in worker.log.read_text())
    worker.release()
    done = until(lambda: ended(analysis))
    publish.analysis_now(analysis_id=analysis.pk)
    until(lambda: worker.log.read_text().count("is not waiting any more") >= 2)
    again = ended(analysis)
    assert again.attempt == 1 and again.finished_at == done.finished_at


def test_a_worker_that_comes_too_late_writes_nothing(worker, photo):
    worker.hold()
    analysis = queue(photo)
    worker.held_by()
    # The lease ends while the child still works, and another worker does the job meanwhile.
    Analysis.objects.filter(pk=analysis.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    services.requeue(analysis_id=analysis.pk, attempt=1, code="worker_lost", republish=False)
    other = services.claim(analysis_id=analysis.pk, release=analysis.release)
    assert services.finish(claim=other, findings=make_findings(grade=5))
    worker.release()
    until(lambda: "attempt 1 came too late" in worker.log.read_text())
    done = ended(analysis)
    assert (done.attempt, done.grade) == (2, 5)


def test_an_analysis_whose_process_is_killed_is_done_again_at_once(worker, photo):
    worker.hold()
    analysis = queue(photo)
    worker.kill_child()
    done = until(lambda: ended(analysis))
    assert (done.status, done.attempt) == (Status.SUCCEEDED, 2)
    assert done.waited_seconds < 20, "long before its lease expired"


def test_a_photo_that_kills_every_process_ends_as_failed(worker, photo, settings):
    analysis = queue_held(worker, photo)
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        worker.kill_child()
        worker.hold()
    worker.release()
    done = until(lambda: ended(analysis))
    assert (done.status, done.error_code) == (Status.FAILED, "worker_lost")
    # And the worker lives on.
    other = factories.PhotoFactory(visit=photo.visit)
    assert until(lambda a=queue(other): ended(a)).status == Status.SUCCEEDED


def queue_held(worker, photo) -> Analysis:
    worker.hold()
    return queue(photo)


def test_a_passing_fault_is_tried_again_and_a_lasting_one_fails_with_its_code(worker, photo, settings):
    worker.hold("landmarks_failed")
    done = until(lambda a=queue(photo): ended(a))
    worker.release()
    assert (done.status, done.error_code) == (Status.FAILED, "landmarks_failed")
    assert done.attempt == settings.ANALYSIS_MAX_ATTEMPTS
    services.retry(analysis=done)
    again = until(lambda: ended(done))
    assert (again.status, again.attempt) == (Status.SUCCEEDED, settings.ANALYSIS_MAX_ATTEMPTS + 1)


def test_a_photo_without_its_file_says_so(worker, photo):
    photo.image.storage.delete(photo.image.name)
    done = until(lambda a=queue(photo): ended(a))
    assert (done.status, done.error_code, done.attempt) == (Status.FAILED, "file_missing", 1)


def test_a_lost_message_is_published_again_by_the_watchdog(worker, queued):
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    Analysis.objects.filter(pk=queued.pk).update(queued_at=long_ago, published_at=long_ago)
    watchdog.run()
    assert until(lambda: ended(queued)).status == Status.SUCCEEDED
    assert until(lambda: Canary.objects.filter(queue="housekeeping", seen_at__isnull=False).exists())


def test_the_watchdog_runs_in_the_worker(worker, queued):
    services.claim(analysis_id=queued.pk, release=queued.release)
    Analysis.objects.filter(pk=queued.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    publish._send(publish.WATCH, queue="housekeeping")
    done = until(lambda: ended(queued))
    assert (done.status, done.attempt) == (Status.SUCCEEDED, 2)


def test_a_hard_time_limit_ends_as_timed_out(photo, tmp_path, settings):
    write_release(tmp_path / "models")
    with Worker(tmp_path, RISORIUS_ANALYSIS_HARD_LIMIT="1") as impatient:
        analysis = queue_held(impatient, photo)
        done = until(lambda: ended(analysis), 30)
        impatient.release()
    assert (done.status, done.error_code) == (Status.FAILED, "timed_out")
    assert done.attempt == settings.ANALYSIS_MAX_ATTEMPTS


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_worker_without_the_released_models_refuses_to_start(db, tmp_path, damage):
    folder = write_release(tmp_path / "models", files={"palsy.tflite": "0" * 64})
    if damage == "altered":
        (folder / "palsy.tflite").write_bytes(b"something else")
    worker = Worker(tmp_path, stub=False)
    ended = subprocess.run(
        worker.command, env=worker.env, capture_output=True, text=True, timeout=40, check=False
    )
    assert ended.returncode != 0
    assert "The worker does not start: palsy.tflite of model release test-release" in ended.stderr
    assert "Traceback" not in ended.stderr

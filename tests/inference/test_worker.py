"""A real prefork worker over Redis, on the suite's own database: delivered twice, late, killed, out of models."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from clinic.common import broker
from inference import services
from inference.jobs import publish
from inference.jobs.states import Status
from inference.models import Analysis, Canary
from tests import factories

from .conftest import make_findings
from .running import ended, queue, result_of, until

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def message(analysis: Analysis) -> None:
    """One more message about it, whatever its state."""
    broker.send(publish.ANALYSE, str(analysis.pk), queue="analysis")


def test_a_photo_is_analysed(worker, photo):
    done = result_of(queue(photo))
    assert (done.status, done.attempt, done.grade) == (Status.SUCCEEDED, 1, 3)
    assert done.published_at and done.waited_seconds >= 0


def test_a_message_that_comes_twice_makes_one_result(worker, photo):
    ignored = worker.said("is not waiting any more")
    worker.hold()
    analysis = queue(photo)
    worker.held_by()
    message(analysis)
    until(lambda: worker.said("is not waiting any more") == ignored + 1)
    worker.release()
    done = result_of(analysis)
    message(analysis)
    until(lambda: worker.said("is not waiting any more") == ignored + 2)
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
    until(lambda: worker.said(f"{analysis.pk}: attempt 1 came too late"))
    done = ended(analysis)
    assert (done.attempt, done.grade) == (2, 5)


def test_an_analysis_whose_process_is_killed_is_done_again_at_once(worker, photo, settings):
    worker.hold()
    analysis = queue(photo)
    worker.kill_child()
    worker.release()
    done = result_of(analysis)
    assert (done.status, done.attempt) == (Status.SUCCEEDED, 2)
    assert done.waited_seconds < settings.ANALYSIS_LEASE, "long before its lease expired"


def test_a_photo_that_kills_every_process_ends_as_failed(worker, photo, settings):
    worker.hold()
    analysis = queue(photo)
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        worker.kill_child()
    worker.release()
    done = result_of(analysis)
    assert (done.status, done.error_code) == (Status.FAILED, "worker_lost")
    # And the worker lives on.
    other = factories.PhotoFactory(visit=photo.visit)
    assert result_of(queue(other)).status == Status.SUCCEEDED


def test_a_passing_fault_is_tried_again_and_a_lasting_one_fails_with_its_code(worker, photo, settings):
    worker.hold("landmarks_failed")
    done = result_of(queue(photo))
    worker.release()
    assert (done.status, done.error_code) == (Status.FAILED, "landmarks_failed")
    assert done.attempt == settings.ANALYSIS_MAX_ATTEMPTS
    services.retry(analysis=done)
    again = result_of(done)
    assert (again.status, again.attempt) == (Status.SUCCEEDED, settings.ANALYSIS_MAX_ATTEMPTS + 1)


def test_a_photo_without_its_file_says_so(worker, photo):
    photo.image.storage.delete(photo.image.name)
    done = result_of(queue(photo))
    assert (done.status, done.error_code, done.attempt) == (Status.FAILED, "file_missing", 1)


def test_a_lost_message_is_published_again_when_a_canary_came_through(worker, queued):
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    Analysis.objects.filter(pk=queued.pk).update(queued_at=long_ago, published_at=long_ago)
    services.send_canary(queue="analysis")
    assert result_of(queued).status == Status.SUCCEEDED
    assert until(lambda: Canary.objects.filter(queue="analysis", passed_at__isnull=False).exists())


def test_the_watchdog_runs_in_the_worker(worker, queued):
    services.claim(analysis_id=queued.pk, release=queued.release)
    Analysis.objects.filter(pk=queued.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    publish.watch_now()
    done = result_of(queued)
    assert (done.status, done.attempt) == (Status.SUCCEEDED, 2)

"""What the watchdog brings back, and when the page says that analysis is delayed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from clinic.validation.views import POLL_IDLE
from inference import selectors, services, tasks
from inference.jobs import leases, publish, watchdog
from inference.jobs.publish import ANALYSE, CANARY
from inference.jobs.states import Status
from inference.models import Analysis, Canary
from tests import factories

pytestmark = pytest.mark.django_db


def change(analysis: Analysis, **values: object) -> None:
    Analysis.objects.filter(pk=analysis.pk).update(**values)


def ago(**parts: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(**parts)


def test_an_expired_lease_is_taken_back(queued, sent, django_capture_on_commit_callbacks):
    services.claim(analysis_id=queued.pk, release=queued.release)
    assert watchdog.requeue_expired() == 0
    change(queued, lease_until=ago(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        assert watchdog.requeue_expired() == 1
    assert sent == [(ANALYSE, str(queued.pk))]
    assert Analysis.objects.get(pk=queued.pk).status == Status.QUEUED


@pytest.mark.parametrize(
    ("queued_ago", "published_ago", "published"),
    [(2, None, False), (30, None, True), (300, 300, False), (1000, 1000, True)],
)
def test_what_the_broker_never_got_or_lost_is_published_again(
    queued, sent, queued_ago, published_ago, published
):
    change(
        queued,
        queued_at=ago(seconds=queued_ago),
        published_at=None if published_ago is None else ago(seconds=published_ago),
    )
    assert watchdog.republish_waiting() == int(published)
    assert bool(sent) == published
    assert watchdog.republish_waiting() == 0, "not a second time"


def test_a_long_queue_is_not_published_all_over_again(queued, sent):
    change(queued, queued_at=ago(minutes=5), published_at=ago(minutes=5))
    services.canary_seen(queue="analysis", sent_at=ago(minutes=6))  # what came out was put there before
    assert watchdog.republish_waiting() == 0
    change(queued, published_at=ago(minutes=20))
    assert watchdog.republish_waiting() == 1, "a broker that keeps no order is not trusted for ever"


def test_what_a_canary_overtook_was_lost_however_busy_the_queue(queued, sent):
    change(queued, queued_at=ago(seconds=40), published_at=ago(seconds=40))
    factories.AnalysisFactory()  # just analysed
    services.canary_seen(queue="housekeeping", sent_at=ago(seconds=10))
    assert watchdog.republish_waiting() == 0, "another queue's"
    services.canary_seen(queue="analysis", sent_at=ago(seconds=10))
    assert watchdog.republish_waiting() == 1
    services.canary_seen(queue="analysis", sent_at=ago(seconds=5))
    assert watchdog.republish_waiting() == 0, "not a second time: it was published after that canary"


def test_an_older_canary_that_comes_late_sets_nothing_back(queued, sent):
    services.canary_seen(queue="analysis", sent_at=ago(seconds=10))
    services.canary_seen(queue="analysis", sent_at=ago(seconds=30))
    assert Canary.objects.get(queue="analysis").passed_at > ago(seconds=20)


def test_two_rounds_at_once_publish_a_lost_photo_once(queued, sent):
    last = ago(minutes=20)
    change(queued, published_at=last)
    assert publish.analysis_again(analysis_id=queued.pk, last=last)
    assert publish.analysis_again(analysis_id=queued.pk, last=last), (
        "another one was quicker, which is no fault"
    )
    assert len(sent) == 1


def test_a_canary_is_noted_and_tells_when_it_was_sent(sent, settings):
    services.send_canary(queue="analysis")
    assert sent == [(CANARY, "analysis")]
    assert Canary.objects.get(queue="analysis").sent_at > ago(seconds=5)


def test_the_canary_that_comes_out_brings_back_what_the_broker_lost(queued, sent):
    change(queued, queued_at=ago(seconds=40), published_at=ago(seconds=40))
    tasks.canary("analysis", ago(seconds=5).isoformat())
    assert sent == [(ANALYSE, str(queued.pk))]


def test_an_unanswered_canary_shows_within_two_minutes(time_machine, settings):
    assert settings.WATCHDOG_EVERY + settings.CANARY_STALE_AFTER + POLL_IDLE < 120
    start = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)
    time_machine.move_to(start, tick=False)
    services.canary_sent(queue="analysis")
    services.canary_seen(queue="analysis")
    for seconds in (20, 40, 60, 80):
        time_machine.move_to(start + dt.timedelta(seconds=seconds), tick=False)
        services.canary_sent(queue="analysis")
    assert not selectors.analysis_delayed()
    time_machine.move_to(start + dt.timedelta(seconds=96), tick=False)
    assert selectors.analysis_delayed()
    services.canary_seen(queue="analysis")
    assert not selectors.analysis_delayed()


def test_a_service_that_was_switched_off_for_the_night_is_not_delayed():
    Canary.objects.create(queue="analysis", sent_at=ago(hours=9), seen_at=ago(hours=8))
    assert not selectors.analysis_delayed()


def test_a_photo_that_waits_too_long_shows(queued):
    assert not selectors.analysis_delayed()
    change(queued, queued_at=ago(minutes=3))
    assert selectors.analysis_delayed()
    services.claim(analysis_id=queued.pk, release=queued.release)
    assert not selectors.analysis_delayed()


def test_a_photo_that_the_broker_did_not_take_shows_soon(queued):
    change(queued, queued_at=ago(seconds=20), published_at=None)
    assert selectors.analysis_delayed()


def test_a_lease_is_renewed_by_its_own_worker_alone(queued):
    services.claim(analysis_id=queued.pk, release=queued.release)
    before = Analysis.objects.get(pk=queued.pk).lease_until
    assert leases.renew(held={queued.pk: "another worker:1"}) == 0
    assert leases.renew(held={queued.pk: leases.holder()}) == 1
    assert Analysis.objects.get(pk=queued.pk).lease_until > before


def test_a_dead_process_loses_its_own_attempt_and_nobody_elses(queued, sent):
    services.claim(analysis_id=queued.pk, release=queued.release)
    stopped = leases.holder(pid=1)
    assert services.abandon(analysis_id=queued.pk, holder=stopped, code="timed_out", republish=True) is None
    assert Analysis.objects.get(pk=queued.pk).status == Status.RUNNING
    lost = services.abandon(analysis_id=queued.pk, holder=leases.holder(), code="timed_out", republish=True)
    assert lost == Status.QUEUED


def test_the_checks_refuse_times_that_would_keep_people_waiting(settings):
    from clinic.operations.checks.installation import queue_timing

    assert queue_timing() == []
    settings.WATCHDOG_EVERY = 60
    assert [message.id for message in queue_timing()] == ["risorius.E003"]

"""What the watchdog brings back, and when the page says that analysis is delayed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from inference import selectors, services, watchdog
from inference.models import Analysis, Canary
from inference.publish import ANALYSE, CANARY
from inference.states import Status
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
    [(2, None, False), (30, None, True), (60, 60, False), (300, 300, True)],
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
    factories.AnalysisFactory()  # just analysed
    assert watchdog.republish_waiting() == 0
    change(queued, published_at=ago(minutes=20))
    assert watchdog.republish_waiting() == 1


def test_a_round_sends_a_canary_through_each_queue(sent, settings):
    watchdog.run()
    assert sent == [(CANARY, "analysis"), (CANARY, "housekeeping")]
    assert not selectors.analysis_delayed()


def test_an_unanswered_canary_shows_after_two_minutes(time_machine):
    start = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)
    time_machine.move_to(start, tick=False)
    services.canary_sent(queue="analysis")
    services.canary_seen(queue="analysis")
    for minute in (1, 2, 3):
        time_machine.move_to(start + dt.timedelta(minutes=minute), tick=False)
        services.canary_sent(queue="analysis")
    assert not selectors.analysis_delayed()
    time_machine.move_to(start + dt.timedelta(minutes=3, seconds=1), tick=False)
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

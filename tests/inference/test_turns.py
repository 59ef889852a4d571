"""Whose photo comes first: nobody's visit waits for somebody's import."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from clinic.common import broker
from clinic.visits.models import Photo
from inference import selectors, services
from inference.jobs import publish, turns, watchdog
from inference.models import Analysis
from tests import factories, plans

pytestmark = pytest.mark.django_db


@pytest.fixture
def priorities(monkeypatch):
    """What went to the broker, in its order."""
    found = []

    def take(name, arguments, *, priority=0, **_):
        found.append(priority)

    monkeypatch.setattr(broker, "_hand_over", take)
    return found


def upload(visit, count, uploader=None):
    """So many photos of one uploader, each published as it comes; the analyses."""
    made = []
    for _ in range(count):
        photo = factories.PhotoFactory(visit=visit, uploaded_by=uploader or visit.clinician)
        made.append(factories.AnalysisFactory(photo=photo, queued=True))
        assert publish.analysis_now(analysis_id=made[-1].pk)
    return made


def test_an_import_goes_behind_the_first_photos_of_anybody_else(visit, clinic, priorities):
    upload(visit, turns.A_DAY + 10)
    assert priorities == sorted(priorities), "an import keeps its own order"
    assert [priorities.count(one) for one in turns.PRIORITIES] == [
        turns.A_VISIT,
        turns.A_DAY - 1 - turns.A_VISIT,
        11,
    ]
    priorities.clear()
    upload(factories.VisitFactory(), turns.A_VISIT)
    assert set(priorities) == {turns.FIRST}, "another clinic's visit"
    priorities.clear()
    upload(visit, 1, uploader=factories.member(clinic))
    assert priorities == [turns.FIRST], "a colleague's photo"


def test_who_has_little_waiting_comes_first_however_much_is_done(visit, priorities):
    done = upload(visit, turns.A_DAY + 10)
    Analysis.objects.filter(pk__in=[one.pk for one in done]).update(status="cancelled")
    priorities.clear()
    upload(visit, 1)
    assert priorities == [turns.FIRST]


def test_a_message_that_was_lost_is_sent_again_where_it_was(visit, priorities):
    last = upload(visit, turns.A_DAY + 1)[-1]
    priorities.clear()
    early = timezone.now() - dt.timedelta(seconds=30)
    Analysis.objects.update(published_at=early)
    for line in ("analysis", "analysis:3"):
        services.canary_seen(queue=line, sent_at=timezone.now() - dt.timedelta(seconds=5))
    Analysis.objects.exclude(priority=turns.LAST).update(status="cancelled")
    assert watchdog.republish_waiting() == 0, "photos that wait behind others are not lost"
    services.canary_seen(queue="analysis:6", sent_at=timezone.now() - dt.timedelta(seconds=5))
    assert watchdog.republish_waiting() == 2
    assert priorities == [turns.LAST, turns.LAST]
    assert Analysis.objects.get(pk=last.pk).priority == turns.LAST


def test_only_a_clinic_whose_people_wait_is_told_of_a_delay(visit, clinic):
    other = factories.ClinicFactory()
    waiting = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True)
    late = timezone.now() - dt.timedelta(minutes=3)
    Analysis.objects.filter(pk=waiting.pk).update(queued_at=late, published_at=late)
    assert selectors.analysis_delayed(clinic_id=clinic.pk)
    assert selectors.analysis_delayed()
    assert not selectors.analysis_delayed(clinic_id=other.pk)
    Analysis.objects.filter(pk=waiting.pk).update(priority=turns.LAST)
    assert not selectors.analysis_delayed(clinic_id=clinic.pk), "an import takes its time"


def test_a_stopped_queue_is_told_to_every_clinic(time_machine):
    time_machine.move_to("2026-11-30T09:00:00Z", tick=False)
    services.canary_sent(queue="analysis")
    time_machine.move_to("2026-11-30T09:02:00Z", tick=False)
    assert selectors.analysis_delayed(clinic_id=factories.ClinicFactory().pk)


def test_what_somebody_uploaded_lately_is_found_by_an_index(visit):
    other = factories.member(visit.episode.patient.clinic)
    Photo.objects.bulk_create(factories.PhotoFactory.build_batch(500, visit=visit, uploaded_by=other))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE visits_photo")
    newest = Photo.objects.filter(uploaded_by=visit.clinician).order_by("-created_at")[: turns.A_DAY]
    assert plans.indexes(newest) == {"photos_of_an_uploader"}
    assert not plans.sorts(newest)

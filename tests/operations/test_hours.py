"""A day's photos and results by the hour: those that are over are read from tallies, however many rows they have."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.config import celery
from clinic.operations import hours, selectors, tasks
from clinic.operations.models import Heartbeat, HourTally
from clinic.visits.models import Photo
from inference.models import Analysis
from tests import factories

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """When the hour that runs began, half an hour ago."""
    began = hours.hour_of(timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: began + HOUR / 2)
    return began


def judged(visit, at):
    """A photo that came in at that moment and was judged well in the same second."""
    photo = factories.PhotoFactory(visit=visit)
    row = factories.AnalysisFactory(photo=photo)
    Photo.objects.filter(pk=photo.pk).update(created_at=at)
    Analysis.objects.filter(pk=row.pk).update(queued_at=at, finished_at=at)
    return photo


def count_all():
    while hours.count():
        pass


def test_hours_add_up_to_what_the_records_hold_before_and_after_they_are_counted(clinic, visit, running):
    theirs = factories.VisitFactory()
    back = (0, 1, 1, 5, 23, 24, 25, 100, 167, 168, 169, 191, 193)
    for one, moments in ((visit, back), (theirs, (0, 1, 24, 30))):
        for number in moments:
            judged(one, running - number * HOUR)
    factories.failed(factories.PhotoFactory(visit=visit))

    def seen():
        return [
            hours.since(moment=running - length, clinic_id=of)
            for length in (HOUR, 24 * HOUR, 168 * HOUR)
            for of in (clinic.pk, theirs.patient.clinic_id, None)
        ]

    live = seen()
    assert live[:2] == [(4, 3), (2, 2)] and live[3:6] == [(7, 6), (3, 3), (10, 9)] and live[6] == (11, 10)
    assert hours.count() == hours.AT_ONCE and seen() == live, "counted in part"
    count_all()
    assert seen() == live
    assert HourTally.objects.filter(clinic=clinic).count() == 10
    judged(visit, running)
    assert seen()[0] == (5, 4), "what is new counts at once"


def test_no_row_of_an_hour_that_was_counted_is_read_again(clinic, visit, running):
    for number in range(1, 4):
        judged(visit, running - number * HOUR)
    Heartbeat.objects.update_or_create(name=Heartbeat.HOURS, defaults={"at": running})
    figures = selectors.figures(clinic_id=clinic.pk)
    assert (figures.stored_day, figures.ended_day) == (0, 0), "read from the tallies, of which there are none"
    Heartbeat.objects.all().delete()
    count_all()
    with CaptureQueriesContext(connection) as captured:
        figures = selectors.figures(clinic_id=clinic.pk)
        failures = selectors.clinic_failures(user=visit.clinician, clinic_id=clinic.pk)
    assert (figures.stored_day, figures.ended_day, failures) == (3, 3, [])
    asked = [one["sql"] for one in captured.captured_queries if "COUNT" in one["sql"]]
    stored = [sql for sql in asked if '"visits_photo"."created_at" >= ' in sql]
    well = [sql for sql in asked if "finished_at" in sql and "'succeeded'" in sql]
    assert stored and well
    assert all(running.isoformat() in sql for sql in (*stored, *well))


def test_the_hour_that_runs_is_not_counted_nor_one_whose_last_rows_may_come_yet(visit, monkeypatch, running):
    monkeypatch.setattr(timezone, "now", lambda: running + dt.timedelta(minutes=1))
    count_all()
    mark = Heartbeat.objects.get(name=Heartbeat.HOURS)
    assert mark.at == running - HOUR
    monkeypatch.setattr(timezone, "now", lambda: running + dt.timedelta(minutes=3))
    assert hours.count() == 1
    mark.refresh_from_db()
    assert mark.at == running


def test_after_a_pause_longer_than_a_week_counting_begins_with_what_is_asked_for(visit, running):
    Heartbeat.objects.create(name=Heartbeat.HOURS, at=running - dt.timedelta(days=40))
    HourTally.objects.create(
        clinic=visit.patient.clinic, hour=running - dt.timedelta(days=41), stored=3, succeeded=3
    )
    judged(visit, running - 30 * HOUR)
    count_all()
    assert [row.stored for row in HourTally.objects.all()] == [1]
    assert hours.since(moment=running - 100 * HOUR, clinic_id=visit.patient.clinic_id) == (1, 1)


def test_beat_asks_for_the_count_behind_everything_else():
    entry = celery.beat_schedule()["hours"]
    assert entry["task"] == tasks.HOURS and entry["options"]["priority"] == 9
    tasks.count_hours()
    assert Heartbeat.objects.filter(name=Heartbeat.HOURS).exists()

"""What is counted from an onset is told as exactly as that is known, on every page, in the API and in files."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
import time_machine
from django.urls import reverse

from clinic.examination.models import Task
from clinic.recovery.services import refresh_summary
from clinic.visits.models import Photo
from tests import factories
from tests.api.conftest import client_of
from tests.examination.conftest import at_rest, closed

from . import scenes

pytestmark = pytest.mark.django_db
WEEKS = re.compile(r"\bweeks? [-−]?\d+")
DATES = "13 September 2026 to 11 October 2026"


@pytest.fixture
def course(episode):
    """Two visits with open eyes and the task that they raise, and a treatment."""
    factories.TreatmentFactory(episode=episode, date=scenes.on(10).date(), kind="steroids")
    for day in (12, 40):
        visit = scenes.visit(episode, day)
        at_rest(visit)
        closed(visit, 0.1, 7.8)
    return episode


def pages(patient):
    """Every address of the patient's, the visits', the photos' and the tasks'."""
    for name in ("detail", "visits", "photos", "record", "log", "edit"):
        yield reverse(f"patients:{name}", args=[patient.pk])
    yield reverse("recovery:compare", args=[patient.pk]) + "?exercise=tight_eye_closure"
    for visit in patient.visits.all():
        for name in ("detail", "capture", "visit_move"):
            yield reverse(f"visits:{name}", args=[visit.pk])
    for photo in Photo.objects.all():
        yield reverse("visits:photo", args=[photo.pk])
    for task in Task.objects.all():
        yield reverse("examination:task", args=[task.pk])
    yield from (reverse("today"), reverse("patients:list"), reverse("visits:review"))


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    ("onset", "precision", "record", "task"),
    [
        (scenes.ONSET, "day", "week 5", "weeks 1 to 5"),
        (dt.date(2012, 3, 5), "day", "14 years 7 months", DATES),
        (dt.date(2026, 8, 1), "month", "about 2 months", DATES),
        (dt.date(2012, 1, 1), "year", "about 14 years", DATES),
        (dt.date(2026, 9, 1), "unknown", "not known", DATES),
    ],
)
def test_weeks_are_told_within_a_year_of_an_onset_known_to_the_day(
    as_clinician, clinician, patient, course, onset, precision, record, task
):
    type(course).objects.filter(pk=course.pk).update(onset_date=onset, onset_precision=precision)
    refresh_summary(patient_id=patient.pk)
    api = client_of(clinician)
    with time_machine.travel(scenes.on(45), tick=False):
        shown = {address: words(as_clinician.get(address)) for address in pages(patient)}
        data = as_clinician.get(reverse("recovery:data", args=[patient.pk])).json()
        history = reverse("api:episode-history", args=[course.pk])
        sent, file = api.get(history).json(), api.get(history, HTTP_ACCEPT="text/csv").content

    told = {address: WEEKS.findall(text) for address, text in shown.items() if WEEKS.search(text)}
    assert bool(told) is ("week" in record), told
    assert record in shown[reverse("patients:detail", args=[patient.pk])]
    assert task in shown[reverse("today")]
    counted = precision == "day"
    for one in (*data["visits"], *data["treatments"], *sent["visits"], *sent["treatments"]):
        assert (one["day"] is not None, one["week"] is not None) == (counted, counted)
    for row in csv.DictReader(io.StringIO(file.decode("utf-8-sig"))):
        assert bool(row["week_since_onset"]) is counted

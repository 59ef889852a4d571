"""What the model found in a visit is kept, and counts only while it was made from what stands there now."""

from __future__ import annotations

import random

import pytest
from django.utils import timezone

from clinic.patients.models import Episode
from clinic.recovery.models import VisitSummary
from clinic.recovery.services import refresh_summary
from clinic.visits import grading, kept_findings
from clinic.visits.models import Dismissal, Photo, Visit
from inference.models import Analysis
from tests import factories

from .scenes import COMBINES

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(episode, clinician, whole_visits, monkeypatch):
    """Visits of which the model's findings are kept."""
    monkeypatch.setattr(grading, "MANY", 0)
    visits = [factories.VisitFactory(episode=episode, clinician=clinician) for _ in range(4)]
    for number, visit in enumerate(visits):
        whole_visits(visit, grade=2 + number)
    refresh_summary(patient_id=episode.patient_id)
    return visits


def looked_at(monkeypatch, visits):
    """What is known of the visits, and of which of them the photos were looked at."""
    seen = []
    look = grading._looked_at
    with monkeypatch.context() as patched:
        patched.setattr(grading, "_looked_at", lambda rows: seen.extend(rows) or look(rows))
        found = grading.visit_findings(visits=visits)
    return found, {visit.pk for visit in seen}


def as_kept(one):
    return (
        one.model, one.model and dict(one.model.zones), one.release, one.photos, one.missing, one.results,
        one.model_grade, one.model_range, one.source, one.is_waiting, one.confirmable,
    )  # fmt: skip


def test_what_was_kept_is_what_is_found(course, monkeypatch):
    kept, seen = looked_at(monkeypatch, course)
    fresh = grading._looked_at(course)
    assert not seen and {one.release for one in kept.values()} == {COMBINES}
    assert {pk: as_kept(one) for pk, one in kept.items()} == {pk: as_kept(one) for pk, one in fresh.items()}
    assert len({one.model_grade for one in kept.values()}) > 1


@pytest.mark.parametrize(
    "change",
    [
        lambda visit, by: Photo.objects.filter(visit=visit, exercise="rest").update(exercise="sneer"),
        lambda visit, by: Photo.objects.filter(visit=visit, exercise="rest").update(
            archived_at=timezone.now()
        ),
        lambda visit, by: factories.PhotoFactory(visit=visit),
        lambda visit, by: factories.AnalysisFactory(photo=visit.photos.first(), release="2030.1"),
        lambda visit, by: factories.ConfirmationFactory(
            analysis=Analysis.objects.filter(photo__visit=visit)[0]
        ),
        lambda visit, by: Dismissal.objects.create(
            visit=visit, photo=visit.photos.first(), suggestion="exercise", value="sneer", by=by
        ),
        lambda visit, by: factories.VisitConfirmationFactory(visit=visit),
    ],
    ids=["filed", "archived", "photo", "result", "word", "turned down", "word on the visit"],
)
def test_whatever_it_follows_from_lets_it_be_looked_at_again(course, clinician, monkeypatch, change):
    one = random.Random(1).choice(course)
    change(one, clinician)
    visits = list(Visit.objects.filter(pk__in=[visit.pk for visit in course]))
    found, seen = looked_at(monkeypatch, visits)
    assert seen == {one.pk}
    assert as_kept(found[one.pk]) == as_kept(grading._looked_at([one])[one.pk])


def test_the_episodes_weak_side_lets_all_be_looked_at_again(course, episode, monkeypatch):
    Episode.objects.filter(pk=episode.pk).update(weak_side="right")
    assert looked_at(monkeypatch, course)[1] == {visit.pk for visit in course}


def test_a_refresh_looks_at_the_visit_that_changed_alone(course, episode, monkeypatch):
    seen = []
    look = grading._looked_at
    monkeypatch.setattr(grading, "_looked_at", lambda rows: seen.extend(rows) or look(rows))
    factories.AnalysisFactory(photo=course[2].photos.first(), release="2030.1")
    refresh_summary(patient_id=episode.patient_id)
    assert [visit.pk for visit in seen] == [course[2].pk]
    refresh_summary(patient_id=episode.patient_id)
    assert len(seen) == 1
    refresh_summary(patient_id=episode.patient_id, afresh=True)
    assert len(seen) == 5
    kept = dict(VisitSummary.objects.values_list("pk", "stamp"))
    assert kept == kept_findings.stamps_of(visit_ids=[visit.pk for visit in course])

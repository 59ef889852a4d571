"""A query whose SQL is kept answers as the query itself does, whoever asks and whatever is set."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.common.compiled import CompiledQuery
from clinic.visits.models import Photo
from inference import services
from inference.jobs import job as jobs
from inference.models import Analysis
from tests import factories

pytestmark = pytest.mark.django_db


def taken(*, visit: uuid.UUID, since: dt.datetime) -> models.QuerySet[Photo, Any]:
    return (
        Photo.objects.filter(visit=visit, taken_at__gte=since)
        .order_by("taken_at")
        .values_list("pk", "taken_at")
    )


def test_it_answers_as_the_query_does_for_each_argument():
    query = CompiledQuery(taken, visit=models.UUIDField(), since=models.DateTimeField())
    now = timezone.now()
    photos = [factories.PhotoFactory(taken_at=now - dt.timedelta(days=days)) for days in (3, 2, 1)]
    same_visit = factories.PhotoFactory(visit=photos[0].visit, taken_at=now)
    for photo in (*photos, same_visit):
        for since in (now - dt.timedelta(days=5), now - dt.timedelta(days=2), now + dt.timedelta(days=1)):
            expected = list(taken(visit=photo.visit_id, since=since))
            assert query(visit=photo.visit_id, since=since) == expected
    assert query(visit=uuid.uuid4(), since=now) == []


def test_it_is_asked_in_one_statement():
    query = CompiledQuery(taken, visit=models.UUIDField(), since=models.DateTimeField())
    photo = factories.PhotoFactory()
    with CaptureQueriesContext(connection) as asked:
        query(visit=photo.visit_id, since=timezone.now())
        query(visit=photo.visit_id, since=timezone.now())
    assert len(asked) == 2


@pytest.mark.parametrize("values", [{}, {"visit": uuid.uuid4()}, {"visit": 1, "since": 2, "until": 3}])
def test_it_takes_its_own_arguments_only(values):
    query = CompiledQuery(taken, visit=models.UUIDField(), since=models.DateTimeField())
    with pytest.raises(TypeError, match="visit, since"):
        query(**values)


def test_an_argument_that_changes_nothing_is_a_mistake():
    query = CompiledQuery(lambda *, visit: Photo.objects.values_list("pk"), visit=models.UUIDField())
    with pytest.raises(TypeError, match="no use of visit"):
        query(visit=uuid.uuid4())


@pytest.mark.parametrize("insist", [True, False, True])
@pytest.mark.parametrize("model_use", ["in_use", "off"])
def test_what_a_setting_decides_is_decided_anew(settings, insist, model_use):
    settings.REQUIRE_RECORD_CONSENT, settings.MODEL_USE = insist, model_use
    analysis = factories.AnalysisFactory(queued=True)
    job = services.waiting(analysis_id=analysis.pk)
    assert job is not None
    assert job.allowed is (not insist and model_use == "in_use")
    [row] = services._waiting(pk=analysis.pk)
    assert jobs.read_waiting(rows=[row], analysis_id=analysis.pk) == job
    assert Analysis.objects.get().attempt == job.next.attempt - 1

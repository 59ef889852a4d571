"""What every page asks for again and again: answered from few rows, however many analyses there are."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from inference import selectors
from inference.jobs import backlog
from inference.jobs.states import FINAL, OPEN, Status
from inference.models import Analysis, Purpose
from tests import factories, plans

pytestmark = pytest.mark.django_db


def test_every_state_is_open_or_final():
    assert set(Status) == OPEN | FINAL and not OPEN & FINAL


def test_open_analyses_are_found_by_their_state():
    rows = [
        Analysis.objects.open(),
        selectors.of_clinic(clinic_id=factories.ClinicFactory().pk).open(),
    ]
    for found in rows:
        assert "inference_analysis" not in plans.scanned(found), found.query
        assert "NOT" not in str(found.query.where), "all but the final ones are in no index"
    jobs = backlog.open_jobs(release="2026.1", purpose=Purpose.SHADOW)
    assert "inference_backgroundanalysis" not in plans.scanned(jobs)


def test_the_work_in_hand_is_the_clinics_own_and_of_this_batch(clinic, visit):
    assert selectors.progress(clinic_id=clinic.pk) == selectors.QueueProgress(0, 0, 0)
    old = timezone.now() - selectors.BATCH - dt.timedelta(minutes=1)
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), finished_at=old)
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    factories.rejected(factories.PhotoFactory(visit=visit))
    factories.AnalysisFactory(queued=True)
    nothing_open = selectors.progress(clinic_id=clinic.pk)
    assert not nothing_open.open
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True)
    assert selectors.progress(clinic_id=clinic.pk) == selectors.QueueProgress(1, 0, 2)


def test_without_work_the_poll_asks_one_question_of_the_analyses(clinic, django_assert_num_queries):
    with django_assert_num_queries(1):
        selectors.progress(clinic_id=clinic.pk)


def test_what_ended_lately_is_found_by_its_time():
    recent = Analysis.objects.filter(finished_at__gte=timezone.now() - selectors.BATCH)
    assert "analyses_by_end" in plans.indexes(recent)


def test_a_releases_papers_are_read_once_until_they_change(release, monkeypatch):
    from inference.releases import registry

    read = []
    load = registry.load_release
    monkeypatch.setattr(registry, "load_release", lambda folder: read.append(folder) or load(folder))
    for _ in range(5):
        assert registry.by_name(release.name).name == release.name
        registry.repeatability(release.name)
    before = len(read)
    assert before <= 1
    paper = release / "release.json"
    paper.write_text(paper.read_text() + " \n")
    registry.forget()  # what it believes for some seconds
    registry.repeatability(release.name)
    assert len(read) == before + 1

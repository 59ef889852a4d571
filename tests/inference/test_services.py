"""Every change of an analysis, and what a killed, doubled or late worker can't do."""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from clinic.common import broker
from clinic.recovery.models import PatientSummary
from inference import services
from inference.jobs import publish
from inference.jobs.publish import ANALYSE
from inference.jobs.states import Status
from inference.models import Analysis
from tests import factories

from .conftest import make_findings, make_rejection, write_release

pytestmark = pytest.mark.django_db


def claim(analysis: Analysis) -> services.Claim:
    found = services.claim(analysis_id=analysis.pk, release=analysis.release)
    assert found
    return found


def row(analysis: Analysis) -> Analysis:
    return Analysis.objects.get(pk=analysis.pk)


def test_a_photo_is_queued_once_and_published_after_the_commit(
    photo, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first = services.queue_analysis(photo=photo)
        second = services.queue_analysis(photo=photo)
        assert sent == []
    assert first.pk == second.pk
    assert sent == [(ANALYSE, str(first.pk))]
    assert row(first).published_at and row(first).release == "test-release"


def test_nothing_is_published_for_a_photo_that_was_rolled_back(
    photo, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
        services.queue_analysis(photo=photo)
        raise RuntimeError
    assert sent == [] and not Analysis.objects.exists()


def test_a_photo_is_queued_even_without_any_model(photo, settings, tmp_path):
    from inference.releases import registry

    settings.MODEL_ARTIFACTS_DIR = tmp_path
    registry.forget()
    analysis = services.queue_analysis(photo=photo)
    assert (analysis.status, analysis.release) == (Status.QUEUED, registry.NO_RELEASE)
    found = services.claim(analysis_id=analysis.pk, release="2027.1")
    assert found and row(analysis).release == "2027.1"


def test_a_waiting_analysis_of_an_older_release_gives_way_to_the_workers_own(queued):
    factories.AnalysisFactory(photo=queued.photo, release="2027.1")
    assert services.claim(analysis_id=queued.pk, release="2027.1") is None
    assert row(queued).status == Status.CANCELLED


def test_claim_takes_a_waiting_analysis_once(queued):
    found = claim(queued)
    assert (found.attempt, found.image) == (1, queued.photo.image.name)
    taken = row(queued)
    assert taken.status == Status.RUNNING and taken.lease_until > timezone.now()
    assert services.claim(analysis_id=queued.pk, release=queued.release) is None
    assert services.claim(analysis_id=uuid.uuid4(), release=queued.release) is None


def test_findings_are_written_and_the_patients_summary_with_them(queued):
    assert services.finish(claim=claim(queued), findings=make_findings())
    done = row(queued)
    assert (done.status, done.exercise, done.weak_side, done.grade) == (Status.SUCCEEDED, "smile", "left", 3)
    assert done.palsy_probability == 0.9 and done.mouth_ratio == 0.6 and done.exercise_probability == 0.9
    assert "landmarks" not in done.findings and len(done.landmarks) == 478
    assert done.lease_until is None and done.took_seconds >= 0 and done.waited_seconds >= 0
    summary = PatientSummary.objects.get(patient=queued.photo.visit.patient)
    assert summary.to_confirm == 1


def test_no_weak_side_is_no_side(queued):
    services.finish(
        claim=claim(queued), findings=make_findings(weak_side=None, grade=1, palsy_probability=0.1)
    )
    assert row(queued).weak_side == ""


def test_a_rejection_keeps_its_reason_and_no_numbers(queued):
    assert services.reject(claim=claim(queued), findings=make_rejection("turned"))
    done = row(queued)
    assert (done.status, done.error_code, done.grade) == (Status.REJECTED, "turned", None)
    assert done.findings["quality"] == {"sharpness": 3.0}


def test_a_summary_that_breaks_does_not_cost_the_result(queued, monkeypatch, caplog):
    def broken(**_):
        raise RuntimeError

    monkeypatch.setattr("clinic.recovery.services.refresh_summary", broken)
    assert services.finish(claim=claim(queued), findings=make_findings())
    assert row(queued).status == Status.SUCCEEDED and "was not refreshed" in caplog.text


def test_a_late_worker_writes_nothing(queued):
    late = claim(queued)
    assert services.requeue(analysis_id=queued.pk, attempt=1, code="worker_lost") == Status.QUEUED
    assert not services.finish(claim=late, findings=make_findings(grade=6)), "while it waits again"
    second = claim(queued)
    assert not services.finish(claim=late, findings=make_findings(grade=6)), "while another one works on it"
    assert services.finish(claim=second, findings=make_findings(grade=2))
    assert not services.finish(claim=late, findings=make_findings(grade=6)), "after it is done"
    assert not services.fail(claim=late, code="internal")
    assert not services.reject(claim=late, findings=make_rejection())
    done = row(queued)
    assert (done.grade, done.attempt, done.error_code) == (2, 2, "")


def test_attempts_are_capped_in_the_database(queued, settings, sent, django_capture_on_commit_callbacks):
    states = []
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        found = claim(queued)
        with django_capture_on_commit_callbacks(execute=True):
            states.append(services.requeue(analysis_id=queued.pk, attempt=found.attempt, code="worker_lost"))
    assert states == [Status.QUEUED] * (settings.ANALYSIS_MAX_ATTEMPTS - 1) + [Status.FAILED]
    done = row(queued)
    assert (done.error_code, done.attempt) == ("worker_lost", settings.ANALYSIS_MAX_ATTEMPTS)
    assert len(sent) == settings.ANALYSIS_MAX_ATTEMPTS - 1
    assert services.requeue(analysis_id=queued.pk, attempt=3, code="worker_lost") is None


def test_a_clinicians_retry_starts_a_new_count_and_keeps_the_old_worker_out(
    queued, settings, sent, django_capture_on_commit_callbacks
):
    late = claim(queued)
    services.fail(claim=late, code="timed_out")
    with django_capture_on_commit_callbacks(execute=True):
        again = services.retry(analysis=queued)
    assert (again.status, again.error_code, again.finished_at) == (Status.QUEUED, "", None)
    assert len(sent) == 1
    for _ in range(settings.ANALYSIS_MAX_ATTEMPTS):
        found = claim(queued)
        assert found.attempt > late.attempt
        assert not services.finish(claim=late, findings=make_findings())
        services.requeue(analysis_id=queued.pk, attempt=found.attempt, code="timed_out")
    assert row(queued).status == Status.FAILED and row(queued).attempt == 1 + settings.ANALYSIS_MAX_ATTEMPTS


@pytest.mark.parametrize("make", [factories.AnalysisFactory, factories.rejected])
def test_a_result_is_never_tried_again(photo, make, sent, django_capture_on_commit_callbacks):
    done = make(photo=photo)
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(analysis=done)
        services.queue_analysis(photo=photo)
    assert row(done).status == done.status and sent == []


def test_an_archived_photo_leaves_the_queue_and_comes_back(queued):
    assert services.cancel(photo=queued.photo) == 1
    assert row(queued).status == Status.CANCELLED
    assert services.claim(analysis_id=queued.pk, release=queued.release) is None
    services.queue_analysis(photo=queued.photo)
    assert row(queued).status == Status.QUEUED


def test_a_running_analysis_is_not_cancelled(queued):
    found = claim(queued)
    assert services.cancel(photo=queued.photo) == 0
    assert services.finish(claim=found, findings=make_findings())


def test_another_release_adds_a_result(photo, release, settings):
    from inference.releases import registry

    old = factories.AnalysisFactory(photo=photo)
    write_release(release.parent, "2027.1")
    registry.forget()
    new = services.queue_analysis(photo=photo)
    assert (new.release, new.status) == ("2027.1", Status.QUEUED)
    assert row(old).status == Status.SUCCEEDED


def test_a_patients_summary_is_made_at_the_last_of_a_burst_at_the_latest(queued, monkeypatch):
    made: list[uuid.UUID] = []

    def refresh(*, patient_id, visits):
        made.append(patient_id)

    visit = queued.photo.visit
    others = [
        factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True) for _ in range(2)
    ]
    factories.AnalysisFactory(queued=True)  # of another patient
    PatientSummary.objects.get_or_create(patient=visit.patient)
    monkeypatch.setattr("clinic.recovery.services.refresh_summary", refresh)
    for analysis in (queued, *others):
        services.finish(claim=claim(analysis), findings=make_findings())
    assert made == [visit.patient_id], "the summary was new, so the first two could wait for the third"


def test_a_patients_summary_keeps_up_with_a_long_burst(queued, monkeypatch, time_machine):
    made: list[uuid.UUID] = []
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=queued.photo.visit), queued=True)
    PatientSummary.objects.get_or_create(patient=queued.photo.visit.patient)
    monkeypatch.setattr(
        "clinic.recovery.services.refresh_summary", lambda *, patient_id, visits: made.append(patient_id)
    )
    found = claim(queued)
    time_machine.move_to(timezone.now() + services.SUMMARY_EVERY)
    services.finish(claim=found, findings=make_findings())
    assert made == [queued.photo.visit.patient_id]


def test_when_it_was_published_is_known_also_if_the_worker_is_quicker(queued, monkeypatch):
    """The message is taken before `send` returns, as on a fast broker."""
    monkeypatch.setattr(broker, "send", lambda *_, **__: bool(claim(queued)))
    assert publish.analysis_now(analysis_id=queued.pk)
    assert row(queued).published_at and row(queued).status == Status.RUNNING


def test_what_was_not_published_says_so(queued, monkeypatch):
    monkeypatch.setattr(broker, "send", lambda *_, **__: False)
    assert not publish.analysis_now(analysis_id=queued.pk)
    assert row(queued).published_at is None

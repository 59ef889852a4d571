"""A real prefork worker while releases are activated, run beside, and sent over old photos: never a mixture."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from inference.jobs import backlog, publish
from inference.jobs.states import FINAL, Status
from inference.models import Analysis, BackgroundAnalysis, Purpose
from inference.releases import registry
from inference.releases import services as releases
from tests import factories

from .conftest import write_release
from .running import Worker, queue, result_of, until
from .test_releases import write

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def running(django_db_setup, tmp_path_factory):
    root = tmp_path_factory.mktemp("releases")
    write_release(root / "models")
    write(root / "models", "2027.1")
    with Worker(root) as worker:
        yield worker


@pytest.fixture
def worker(running, transactional_db, settings):
    settings.MODEL_ARTIFACTS_DIR = running.folder / "models"
    registry.forget()
    releases.register(folder=Path("2027.1"), by="Ani")
    yield running
    running.rest()
    registry.forget()


def test_activation_while_the_worker_runs(worker, visit):
    """A photo in work and those waiting keep the release under which they came; the next has the new one."""
    before = [factories.PhotoFactory(visit=visit) for _ in range(4)]
    worker.hold()
    waiting = [queue(photo) for photo in before]
    worker.held_by()
    releases.activate(name="2027.1", by="Ani")
    after = [queue(factories.PhotoFactory(visit=visit)) for _ in range(4)]
    worker.release()
    done = [result_of(analysis) for analysis in (*waiting, *after)]
    assert [one.status for one in done] == [Status.SUCCEEDED] * 8
    assert [one.release for one in done] == ["test-release"] * 4 + ["2027.1"] * 4
    # What the models themselves signed, not only the row's label.
    assert [one.findings["release"] for one in done] == ["test-release"] * 4 + ["2027.1"] * 4
    releases.retire(name="2027.1", by="Ani")
    assert result_of(queue(factories.PhotoFactory(visit=visit))).findings["release"] == "test-release"


def test_a_shadow_runs_beside_and_never_shows(worker, visit):
    releases.shadow(name="2027.1", by="Ani")
    photos = [factories.PhotoFactory(visit=visit) for _ in range(3)]
    analyses = [result_of(queue(photo)) for photo in photos]
    until(lambda: BackgroundAnalysis.objects.filter(status=Status.SUCCEEDED).count() == 3)
    assert {job.findings["release"] for job in BackgroundAnalysis.objects.all()} == {"2027.1"}
    assert {one.findings["release"] for one in analyses} == {"test-release"}
    assert set(Analysis.objects.values_list("release", flat=True)) == {"test-release"}


def test_an_upload_overtakes_a_hundred_old_photos(worker, visit):
    factories.ConsentFactory(patient=visit.patient)
    old = [factories.PhotoFactory(visit=visit) for _ in range(100)]
    for photo in old:
        factories.AnalysisFactory(photo=photo)
    releases.activate(name="2027.1", by="Ani")
    worker.hold()
    backlog.add(photo_ids=[photo.pk for photo in old], release="2027.1", purpose=Purpose.REANALYSIS)
    worker.held_by()
    new = queue(factories.PhotoFactory(visit=visit))
    worker.release()
    result_of(new)
    done = BackgroundAnalysis.objects.filter(status__in=FINAL).count()
    assert done < 50, "it waited for those in work and those that were handed out, not for all"
    until(lambda: BackgroundAnalysis.objects.filter(status=Status.SUCCEEDED).count() == 100)
    assert Analysis.objects.filter(release="2027.1", status=Status.SUCCEEDED).count() == 101
    assert Analysis.objects.filter(release="test-release").count() == 100


def test_the_command_follows_its_photos_to_the_end(worker, visit):
    factories.ConsentFactory(patient=visit.patient)
    photos = [factories.PhotoFactory(visit=visit) for _ in range(3)]
    releases.activate(name="2027.1", by="Ani")
    out = io.StringIO()
    call_command("reanalyse", "--release", "2027.1", stdout=out)
    assert "3 photos queued" in out.getvalue() and "Done: 3 succeeded" in out.getvalue()
    assert all(photo.analyses.get().release == "2027.1" for photo in photos)


def test_a_child_killed_at_a_shadows_photo_costs_nothing(worker, visit):
    releases.shadow(name="2027.1", by="Ani")
    result_of(queue(factories.PhotoFactory(visit=visit)))
    until(lambda: BackgroundAnalysis.objects.filter(status=Status.SUCCEEDED).count() == 1)
    worker.hold()
    job = BackgroundAnalysis.objects.create(
        photo=factories.PhotoFactory(visit=visit), release="2027.1", purpose=Purpose.SHADOW
    )
    backlog.feed()
    worker.kill_child()
    worker.release()
    until(lambda: BackgroundAnalysis.objects.get(pk=job.pk).status == Status.SUCCEEDED, 90)
    assert BackgroundAnalysis.objects.get(pk=job.pk).attempt == 2


def test_a_photo_queued_for_a_release_that_no_longer_runs_is_taken_by_the_one_in_use(worker, visit):
    """An update of the program may outdate the release under which photos still wait."""
    outdated = write(worker.folder / "models", "2020.1", preprocessing=0)
    analysis = factories.AnalysisFactory(
        photo=factories.PhotoFactory(visit=visit), queued=True, release=outdated.name
    )
    publish.analysis_now(analysis_id=analysis.pk)
    done = result_of(analysis)
    assert (done.status, done.release, done.findings["release"]) == (
        Status.SUCCEEDED,
        "test-release",
        "test-release",
    )

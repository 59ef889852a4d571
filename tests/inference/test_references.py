"""A photo is judged beside the same patient's face at rest: which photo that is, and what happens when it changes."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.audit.models import AuditEvent, Event
from clinic.feed.models import Change
from clinic.recovery.models import PatientSummary
from clinic.recovery.services import refresh_summary
from clinic.visits import moving
from clinic.visits import services as visits
from inference import references, selectors, services, tasks
from inference.again import judge_again
from inference.jobs import background, worker
from inference.jobs.states import Status
from inference.models import Analysis, BackgroundAnalysis, Purpose
from inference.pipeline.release import JUDGEMENT_FILE
from inference.releases import registry
from tests import factories

from .conftest import make_findings

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class Seeing:
    """Stands in for the models: keeps what it was shown."""

    uses_reference = True

    def __init__(self) -> None:
        self.shown: list[tuple[bytes, bytes | None]] = []
        self.release = registry.active()

    def analyse(self, photo: bytes, reference: bytes | None = None):
        self.shown.append((photo, reference))
        return make_findings(reference=None if reference is None else "used")


@pytest.fixture
def judging(release):
    """A release that judges beside rest."""
    (release / JUDGEMENT_FILE).write_bytes(b"x")
    told = json.loads((release / "release.json").read_text())
    told["files"] = {JUDGEMENT_FILE: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
    (release / "release.json").write_text(json.dumps(told))
    registry.forget()


@pytest.fixture
def analyser(judging, monkeypatch):
    seeing = Seeing()
    monkeypatch.setattr(worker, "analyser", lambda name: seeing)
    return seeing


@pytest.fixture
def visit():
    return factories.VisitFactory(at=NOW - dt.timedelta(days=1))


def shown(visit, exercise: str = "pucker", colour: int = 10, minute: int = 0):
    image = factories.jpeg(colour=(colour, colour, colour))
    return factories.PhotoFactory(
        visit=visit,
        exercise=exercise,
        taken_at=visit.at + dt.timedelta(minutes=minute),
        image=ContentFile(image, "x.jpg"),
    )


def judged(photo, **fields):
    return factories.AnalysisFactory(photo=photo, release="test-release", **fields)


def run(analysis) -> Analysis:
    tasks.analyse(str(analysis.pk))
    analysis.refresh_from_db()
    return analysis


def waiting(photo):
    return list(Analysis.objects.filter(photo=photo, status=Status.QUEUED))


def test_the_last_photo_at_rest_of_the_same_visit_is_the_reference(visit):
    photo = shown(visit)
    assert references.reference_of(photo=photo) is None
    shown(visit, "rest", 20, minute=1)
    last = shown(visit, "rest", 30, minute=2)
    assert references.reference_of(photo=photo) == last


def test_else_it_is_the_newest_of_the_episode_from_before_that_visit(visit):
    photo = shown(visit)
    earlier, later, other = (
        factories.VisitFactory(patient=visit.patient, episode=episode, at=visit.at + dt.timedelta(days=days))
        for episode, days in (
            (visit.episode, -9),
            (visit.episode, 9),
            (factories.EpisodeFactory(patient=visit.patient), -3),
        )
    )
    shown(later, "rest")
    shown(other, "rest")
    assert references.reference_of(photo=photo) is None
    rest = shown(earlier, "rest")
    assert references.reference_of(photo=photo) == rest


def test_a_photo_at_rest_an_archived_one_and_another_patients_are_no_reference(visit):
    rest = shown(visit, "rest")
    shown(visit, "rest", 20)
    assert references.reference_of(photo=rest) is None
    photo = shown(visit)
    visit.photos.filter(exercise="rest").update(archived_at=NOW)
    shown(factories.VisitFactory(at=visit.at), "rest")
    assert references.reference_of(photo=photo) is None


def test_the_worker_reads_the_reference_from_the_store_and_the_row_names_it(visit, analyser, sent):
    photo, rest = shown(visit, colour=10), shown(visit, "rest", colour=200)
    done = run(judged(photo, queued=True))
    [(seen, beside)] = analyser.shown
    assert (done.status, done.reference) == (Status.SUCCEEDED, rest)
    assert seen != beside == factories.jpeg(colour=(200, 200, 200))
    assert done.findings["reference"] == "used"


def test_a_reference_whose_file_is_gone_does_not_cost_the_result(visit, analyser, sent):
    photo, rest = shown(visit), shown(visit, "rest", 20)
    rest.image.storage.delete(rest.image.name)
    done = run(judged(photo, queued=True))
    assert done.status == Status.SUCCEEDED
    assert analyser.shown[0][1] is None


def test_a_release_without_a_judgement_is_given_none(visit, release, monkeypatch, sent):
    seeing = Seeing()
    seeing.uses_reference = False
    monkeypatch.setattr(worker, "analyser", lambda name: seeing)
    photo = shown(visit)
    shown(visit, "rest", 20)
    assert run(judged(photo, queued=True)).reference is None
    assert seeing.shown[0][1] is None


def test_a_photo_at_rest_that_comes_later_has_its_visit_judged_again(visit, analyser, sent):
    photo, confirmed = shown(visit), shown(visit, "puff_cheek", 40)
    first = judged(photo)
    factories.ConfirmationFactory(photo=confirmed, analysis=judged(confirmed))
    rest = shown(visit, "rest", 20)
    assert judge_again(photo=rest) == 1
    [again] = waiting(photo)
    assert not waiting(confirmed)
    latest = selectors.latest_analyses(photo_ids=[photo.pk])[photo.pk]
    assert latest == first, "the result stays until the new one is there"
    run(again)
    latest = selectors.latest_analyses(photo_ids=[photo.pk])[photo.pk]
    assert (latest, latest.reference) == (again, rest)
    assert judge_again(photo=rest) == 0
    first.refresh_from_db()
    assert first.status == Status.SUCCEEDED and first.reference is None


def test_a_reference_that_comes_while_a_photo_is_in_work_is_not_missed(visit, analyser, sent):
    photo = shown(visit)
    claim = services.claim(analysis_id=judged(photo, queued=True).pk, release="test-release")
    rest = shown(visit, "rest", 20)
    assert judge_again(photo=rest) == 0
    services.finish(claim=claim, findings=make_findings())
    [again] = waiting(photo)
    assert run(again).reference == rest
    assert not waiting(photo)


def test_a_photo_that_is_moved_while_in_work_is_told_of_its_new_patient(visit, analyser, sent):
    photo, rest = shown(visit), shown(visit, "rest", 20)
    claim = services.start(job=services.waiting(analysis_id=judged(photo, queued=True).pk))
    assert claim.reference_id == rest.pk
    episode = factories.EpisodeFactory(patient=factories.PatientFactory(clinic=visit.patient.clinic))
    there = another_visit(visit, 0, episode)
    moving.move_photo(user=visit.clinician, photo=photo, visit=there)
    services.finish(claim=claim, findings=make_findings())
    line = AuditEvent.objects.filter(kind=Event.RESULT).latest("pk")
    assert line.patient == there.patient
    assert Change.objects.filter(kind="analysis").latest("pk").patient == there.patient_id
    assert PatientSummary.objects.get(patient=there.patient).visits == 1
    [again] = waiting(photo)
    assert run(again).reference is None


def test_a_photo_takes_a_handful_of_statements(visit, analyser, sent):
    """Each costs a worker about a hundredth of what the photo itself does."""
    photo, other = shown(visit), shown(visit, "smile", 20)
    refresh_summary(patient_id=visit.patient_id)
    judged(other, queued=True)
    analysis = judged(photo, queued=True)
    registry.active()
    with CaptureQueriesContext(connection) as asked:
        tasks.analyse(str(analysis.pk))
    work = [one["sql"] for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(work) == 9, work


@pytest.mark.parametrize("change", ["archive", "refile", "restore"])
def test_what_happens_to_the_reference_reaches_the_photos_judged_beside_it(visit, analyser, sent, change):
    photo, rest = shown(visit), shown(visit, "rest", 20)
    judged(photo, reference=rest)
    judged(rest)
    user = visit.clinician
    if change == "refile":
        visits.change_exercise(user=user, photo=rest, exercise="puff_cheek")
    else:
        visits.archive_photo(user=user, photo=rest)
    [again] = waiting(photo)
    assert run(again).reference is None
    if change == "restore":
        visits.restore_photo(user=user, photo=rest)
        [again] = waiting(photo)
        assert run(again).reference == rest


def test_a_photo_filed_as_rest_is_judged_by_itself_again(visit, analyser, sent):
    rest, photo = shown(visit, "rest", 20), shown(visit)
    judged(photo, reference=rest)
    visits.change_exercise(user=visit.clinician, photo=photo, exercise="rest")
    [again] = waiting(photo)
    assert run(again).reference is None


def test_later_visits_without_a_photo_at_rest_are_judged_again_too(visit, analyser, sent):
    later = factories.VisitFactory(
        patient=visit.patient, episode=visit.episode, at=visit.at + dt.timedelta(days=3)
    )
    photo = shown(later)
    judged(photo)
    assert judge_again(photo=shown(visit, "rest", 20)) == 1


def test_an_old_photo_sent_to_a_release_is_judged_beside_its_reference(visit, analyser, sent):
    photo, rest = shown(visit), shown(visit, "rest", 20)
    judged(photo).delete()
    job = BackgroundAnalysis.objects.create(
        photo=photo, release="test-release", purpose=Purpose.REANALYSIS, published_at=NOW
    )
    factories.ConsentFactory(patient=visit.patient)
    claim = background.start(job=background.waiting(analysis_id=job.pk))
    assert background.finish(claim=claim, findings=make_findings())
    assert Analysis.objects.get(photo=photo).reference == rest


def another_visit(visit, days: int, episode=None):
    episode = episode or visit.episode
    return factories.VisitFactory(
        patient=episode.patient, episode=episode, at=visit.at + dt.timedelta(days=days)
    )


def references_now(*photos):
    """Beside which photo each is judged once the waiting analyses are done."""
    for photo in photos:
        for analysis in waiting(photo):
            run(analysis)
    found = selectors.latest_analyses(photo_ids=[photo.pk for photo in photos])
    return [found[photo.pk].reference for photo in photos]


def test_a_rest_photo_that_is_moved_has_both_visits_judged_again(visit, analyser, sent):
    other = another_visit(visit, 3, factories.EpisodeFactory(patient__clinic=visit.patient.clinic))
    left, entered, rest = shown(visit), shown(other), shown(visit, "rest", 20)
    judged(left, reference=rest)
    judged(entered)
    moving.move_photo(user=visit.clinician, photo=rest, visit=other)
    assert (len(waiting(left)), len(waiting(entered))) == (1, 1)
    assert references_now(left, entered) == [None, rest]


def test_a_photo_that_is_moved_is_judged_beside_its_new_visit_s_rest(visit, analyser, sent):
    other = another_visit(visit, 3)
    photo, rest, there = shown(visit), shown(visit, "rest", 20), shown(other, "rest", 30)
    judged(photo, reference=rest)
    moving.move_photo(user=visit.clinician, photo=photo, visit=other)
    assert references_now(photo) == [there]


@pytest.mark.parametrize("change", ["episode", "date", "archived"])
def test_a_visit_that_goes_takes_its_face_at_rest_from_later_ones(visit, analyser, sent, change):
    later, user = another_visit(visit, 1), visit.clinician
    rest, borrowing = shown(visit, "rest", 20), shown(later)
    judged(borrowing, reference=rest)
    if change == "episode":
        moving.move_visit(user=user, visit=visit, episode=factories.EpisodeFactory(patient=visit.patient))
    elif change == "date":
        visits.update_visit(user=user, visit=visit, at=later.at + dt.timedelta(hours=2))
    else:
        visits.archive_visit(user=user, visit=visit)
    assert references_now(borrowing) == [None]
    if change == "archived":
        visits.restore_visit(user=user, visit=visit)
        assert references_now(borrowing) == [rest]

"""What a clinician puts right: kept beside the model's, one after the other; all that is measured follows."""

from __future__ import annotations

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from clinic.audit.models import AuditEvent
from clinic.examination.models import Task
from clinic.feed.models import Change
from clinic.recovery.models import VisitSummary
from clinic.recovery.selectors import course
from clinic.recovery.services import refresh_summary
from clinic.visits.selectors import card_of, rest_symmetry
from inference.models import Analysis, LandmarkCorrection, WithheldAnalysis
from inference.selectors_corrections import correction_of, earlier_corrections, landmarks_of
from inference.services_corrections import CorrectedMeanwhile, correct_landmarks
from tests import faces, factories
from tests.shared import taken_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinician():
    return factories.member(factories.ClinicFactory())


@pytest.fixture
def visit(clinician):
    clinic = clinician.memberships.get().clinic
    return factories.VisitFactory(episode__patient__clinic=clinic, clinician=clinician)


@pytest.fixture
def analysis(visit):
    return faces.analysis_of(factories.PhotoFactory(visit=visit, exercise="rest"))


def test_the_analysis_stays_and_the_measures_follow(clinician, analysis):
    before = Analysis.objects.get(pk=analysis.pk)
    row = correct_landmarks(user=clinician, analysis=analysis, points=faces.lids("left", -3, 5), based_on=0)
    after = Analysis.objects.get(pk=analysis.pk)
    assert (after.findings, after.landmarks, after.eye_ratio) == (
        before.findings,
        before.landmarks,
        before.eye_ratio,
    )
    assert (row.number, row.by, set(row.moved)) == (1, clinician, {385, 386, 387})
    assert row.symmetry["eye"]["left"] == pytest.approx(8.0, abs=0.02)
    assert row.symmetry["eye"]["right"] == 10.0
    assert row.symmetry["brow"] == before.findings["symmetry"]["brow"]
    card = card_of(photo=analysis.photo)
    assert (
        card.correction == row
        and card.figures.symmetry == row.symmetry
        and card.ratio("eye") == row.symmetry["eye"]["ratio"]
    )
    assert landmarks_of(analysis=card.analysis)[386] == faces.at(30, -3)


def test_a_second_thought_is_a_second_row_and_none_is_the_model_again(clinician, analysis):
    correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    correct_landmarks(user=clinician, analysis=analysis, points={374: faces.at(30, 2)}, based_on=1)
    assert set(correction_of(analysis=analysis).moved) == {374}
    back = correct_landmarks(user=clinician, analysis=analysis, points={386: analysis.landmarks[386]})
    assert (back.number, back.points, back.symmetry) == (3, {}, {})
    card = card_of(photo=analysis.photo)
    assert card.correction is None and card.figures.symmetry == analysis.findings["symmetry"]
    assert LandmarkCorrection.objects.filter(analysis=analysis).count() == 3


def test_of_two_who_correct_at_once_none_loses_anything(clinician, analysis):
    mine = correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)}, based_on=0)
    with pytest.raises(CorrectedMeanwhile) as refused:
        correct_landmarks(user=clinician, analysis=analysis, points={374: faces.at(30, 2)}, based_on=0)
    assert refused.value.newest == mine
    assert list(LandmarkCorrection.objects.all()) == [mine]
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.LandmarkCorrectionFactory(analysis=analysis, number=1)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_told(clinician, analysis):
    said = []

    def correct(index: int, y: float) -> None:
        try:
            correct_landmarks(user=clinician, analysis=analysis, points={index: faces.at(30, y)}, based_on=0)
            said.append("kept")
        except CorrectedMeanwhile:
            said.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=correct, args=pair) for pair in ((386, -3.0), (374, 2.0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["kept", "told"]
    assert LandmarkCorrection.objects.count() == 1


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ({5: [0.5, 0.5]}, "invalid"),
        ({386: [1.5, 0.5]}, "invalid"),
        (
            {469: faces.at(-30, 0), 471: faces.at(-30, 0), 474: faces.at(30, 0), 476: faces.at(30, 0)},
            "not_measurable",
        ),
    ],
)
def test_what_can_not_be_is_refused_in_words(clinician, analysis, points, code):
    with pytest.raises(ValidationError) as refused:
        correct_landmarks(user=clinician, analysis=analysis, points=points)
    assert refused.value.code == code and not LandmarkCorrection.objects.exists()


def test_nothing_is_kept_of_an_archived_or_restricted_record(clinician, analysis):
    photo = analysis.photo
    patient = photo.visit.patient
    for record, field in ((photo, "archived_at"), (photo.visit, "archived_at"), (patient, "restricted_at")):
        type(record).objects.filter(pk=record.pk).update(**{field: photo.taken_at})
        with pytest.raises(ValidationError):
            correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
        type(record).objects.filter(pk=record.pk).update(**{field: None})
    assert not LandmarkCorrection.objects.exists()


def test_the_log_and_the_feed_tell_of_it(clinician, analysis):
    row = correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    line = AuditEvent.objects.get(detail__record="landmarkcorrection")
    assert (line.user, line.patient_id) == (clinician, analysis.photo.visit.patient_id)
    assert line.detail["row"] == str(row.pk) and line.detail["how"] == "given"
    assert line.detail.keys() == {"record", "how", "row", "hash", "key"}, "no point, and where none lies"
    told = Change.objects.filter(kind="analysis", record=analysis.pk).latest("pk")
    assert told.what == "changed"


def test_what_is_withheld_is_withheld_with_what_was_put_right(clinician, analysis):
    correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    WithheldAnalysis.objects.create(analysis=analysis)
    assert not LandmarkCorrection.objects.exists() and LandmarkCorrection.everything.count() == 1
    card = card_of(photo=analysis.photo)
    assert card.analysis is None and card.correction is None


# --- what follows -------------------------------------------------------------------------------------------------


def measured(visit, exercise, **changes):
    return faces.analysis_of(factories.PhotoFactory(visit=visit, exercise=exercise), **changes)


def test_the_course_is_measured_with_the_points_put_right(clinician, visit, analysis):
    measured(visit, "smile_with_teeth", p291=(30, 55), p61=(-30, 55))
    shut = measured(visit, "tight_eye_closure")
    refresh_summary(patient_id=visit.patient_id)
    [point] = course(episode=visit.episode).visits
    model = point.reading("eye")
    correct_landmarks(
        user=clinician,
        analysis=shut,
        points=faces.lids("left", 1, 1) | faces.lids("right", 1, 1),
    )
    [point] = course(episode=visit.episode).visits
    assert point.reading("eye") != model
    assert point.reading("eye").value == pytest.approx(1.0, abs=0.02)
    row = VisitSummary.objects.get(visit=visit)
    assert row.form > 0, "kept anew in the same transaction"
    refresh_summary(patient_id=visit.patient_id)
    [again] = course(episode=visit.episode).visits
    assert again.reading("eye") == point.reading("eye")


def test_a_visit_that_borrows_the_face_at_rest_follows_its_correction(clinician, visit, analysis):
    later = factories.VisitFactory(episode=visit.episode, clinician=clinician)
    shut_right = {
        f"p{i}": (-x, 1.0) for i, x in ((158, 25), (159, 30), (160, 35), (153, 25), (145, 30), (144, 35))
    }
    measured(later, "tight_eye_closure", p386=(30, -1), p387=(35, -1), p385=(25, -1), **shut_right)
    refresh_summary(patient_id=visit.patient_id)
    before = course(episode=visit.episode).visits[-1].reading("eye")
    for opening in (-9, -12):
        correct_landmarks(
            user=clinician, analysis=analysis, points=faces.lids("left", opening, 5), based_on=None
        )
        after = course(episode=visit.episode).visits[-1].reading("eye")
        assert after != before
        before = after


def test_closed_eyes_are_compared_with_rest_as_it_was_put_right(clinician, visit, analysis):
    shut = measured(visit, "gentle_eye_closure")
    row = correct_landmarks(user=clinician, analysis=analysis, points=faces.lids("left", -9, 5))
    assert rest_symmetry(card=card_of(photo=shut.photo)) == row.symmetry


def test_a_gap_that_a_person_sets_raises_a_task_and_none_is_closed_by_one(clinician, visit, analysis):
    shut = measured(
        visit,
        "tight_eye_closure",
        **{
            f"p{index}": (x, 1.0)
            for index, x in ((385, 25), (386, 30), (387, 35), (380, 25), (374, 30), (373, 35))
        },
        **{
            f"p{index}": (-x, 1.0)
            for index, x in ((158, 25), (159, 30), (160, 35), (153, 25), (145, 30), (144, 35))
        },
    )
    refresh_summary(patient_id=visit.patient_id)
    assert not Task.objects.exists(), "the model sees both eyes shut"
    # Less than the model's own error, more than a hand's.
    correct_landmarks(user=clinician, analysis=shut, points=faces.lids("left", 0, 1))
    task = Task.objects.get()
    assert task.is_open and task.figures["openings"][0]["side"] == "left"
    assert task.figures["openings"][0]["limit_mm"] == 0.5
    correct_landmarks(user=clinician, analysis=shut, points={})
    task.refresh_from_db()
    assert task.is_open, "a person closes it, no measure does"


def test_an_eye_that_the_model_draws_open_and_a_person_shut_raises_nothing(clinician, visit, analysis):
    open_eyes = {f"p{index}": (x, -4.0) for index, x in ((385, 25), (386, 30), (387, 35))}
    shut_right = {
        f"p{i}": (-x, 1.0) for i, x in ((158, 25), (159, 30), (160, 35), (153, 25), (145, 30), (144, 35))
    }
    shut = measured(visit, "tight_eye_closure", **open_eyes, **shut_right)
    with taken_back():
        refresh_summary(patient_id=visit.patient_id)
        assert Task.objects.exists(), "by the model's points it stays open"
    correct_landmarks(user=clinician, analysis=shut, points=faces.lids("left", 1, 1))
    refresh_summary(patient_id=visit.patient_id)
    assert not Task.objects.exists()


# --- other results of the same face -------------------------------------------------------------------------------


def test_another_release_leaves_it_with_its_result_and_offers_it(clinician, analysis):
    row = correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    newer = faces.analysis_of(analysis.photo, release="newer-release")
    card = card_of(photo=analysis.photo)
    assert card.analysis == newer and card.correction is None
    assert earlier_corrections(analysis=newer) == [row]
    taken_over = correct_landmarks(user=clinician, analysis=newer, points=row.moved, based_on=0)
    assert taken_over.symmetry == row.symmetry


def test_the_photos_mirror_image_offers_it_too(clinician, analysis):
    row = correct_landmarks(user=clinician, analysis=analysis, points={386: faces.at(30, -3)})
    turned = factories.PhotoFactory(visit=analysis.photo.visit, exercise="rest", turned_from=analysis.photo)
    mirrored = faces.analysis_of(turned)
    assert earlier_corrections(analysis=mirrored) == [row]
    correct_landmarks(user=clinician, analysis=mirrored, points={159: faces.at(-30, -3)})
    assert len(earlier_corrections(analysis=analysis)) == 1

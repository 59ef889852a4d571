"""The arithmetic of the history, against records that were put there by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from clinic.recovery.selectors import history
from clinic.visits import services
from clinic.visits.grading import visit_finding
from clinic.visits.models import Photo
from clinic.visits.selectors import photos_of_visit
from clinic.visits.together import together
from tests import factories
from tests.visits.scenes import COMBINES, releases_in

from . import scenes

pytestmark = pytest.mark.django_db


def only_visit(episode):  # type: ignore[no-untyped-def]
    (visit,) = history(episode=episode).visits
    return visit


@pytest.mark.parametrize(
    ("day", "week"), [(-8, -2), (-7, -1), (-1, -1), (0, 0), (6, 0), (7, 1), (13, 1), (364, 52)]
)
def test_weeks_count_from_onset_and_before_it(episode, day, week):
    scenes.visit(episode, day)

    visit = only_visit(episode)

    assert (visit.day, visit.week) == (day, week)


@pytest.mark.parametrize(
    ("zone", "hour_utc", "day"),
    [("Asia/Jakarta", 16, 9), ("Asia/Jakarta", 17, 10), ("America/Lima", 4, 8), ("America/Lima", 5, 9)],
)
def test_a_visit_belongs_to_the_day_on_the_clinics_wall(episode, clinic, zone, hour_utc, day):
    clinic.time_zone = zone
    clinic.save()
    at = dt.datetime.combine(scenes.ONSET + dt.timedelta(days=9), dt.time(hour_utc), dt.UTC)
    factories.VisitFactory(episode=episode, at=at)
    episode.refresh_from_db()

    assert only_visit(episode).day == day


def test_visits_come_oldest_first_and_archived_ones_not_at_all(episode):
    late, early = scenes.visit(episode, 20), scenes.visit(episode, 3)
    scenes.visit(episode, 10, archived_at=scenes.on(11))

    assert [visit.visit_id for visit in history(episode=episode).visits] == [early.pk, late.pk]


def test_episodes_of_one_patient_are_stories_of_their_own(episode, patient):
    earlier = factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET - dt.timedelta(days=700))
    scenes.measured(earlier, -690, mouth=0.3)
    scenes.measured(episode, 7, mouth=0.8)

    (first,), (second,) = history(episode=earlier).visits, history(episode=episode).visits

    assert (first.day, first.mouth.value) == (10, 0.3)
    assert (second.day, second.mouth.value) == (7, 0.8)
    assert history(episode=episode).course.kind == "first"


def test_an_archived_photo_gives_no_figure(episode):
    visit = scenes.visit(episode, 7)
    scenes.analysed(visit, "smile", mouth=0.7)
    archived = scenes.analysed(visit, "rest", brow=0.2).photo
    type(archived).objects.filter(pk=archived.pk).update(archived_at=scenes.on(8))

    point = only_visit(episode)

    assert (point.mouth.value, point.brow, len(point.photos)) == (0.7, None, 1)


def test_each_region_is_read_from_the_exercise_that_shows_it(episode):
    visit = scenes.visit(episode, 7)
    scenes.analysed(visit, "rest", brow=0.81, eye=0.82, mouth=0.83)
    scenes.analysed(visit, "smile", brow=0.1, eye=0.1, mouth=0.64)

    point = only_visit(episode)

    assert (point.brow.value, point.eye.value, point.mouth.value) == (0.81, 0.82, 0.64)
    assert (point.mouth.exercise, point.composite) == ("smile", pytest.approx(0.7567))


def test_teeth_stand_in_for_a_missing_smile(episode):
    scenes.analysed(scenes.visit(episode, 7), "show_teeth", mouth=0.6)

    assert only_visit(episode).mouth.exercise == "show_teeth"


def test_what_was_not_photographed_is_a_gap_and_no_zero(episode):
    visit = scenes.visit(episode, 7)
    factories.AnalysisFactory(photo=scenes.photo(visit, "smile"), queued=True)
    factories.rejected(scenes.photo(visit, "rest"))
    factories.failed(scenes.photo(visit, "show_teeth"))

    point = only_visit(episode)

    assert (point.brow, point.eye, point.mouth, point.composite, point.model_grade) == (None,) * 5
    assert (point.waiting, point.releases, point.counted) == (1, (), ())


def test_a_region_that_could_not_be_measured_is_a_gap_in_its_photo(episode):
    analysis = scenes.analysed(scenes.visit(episode, 7), "rest", brow=0.8, eye=0.9)
    type(analysis).objects.filter(pk=analysis.pk).update(eye_ratio=None)

    point = only_visit(episode)

    assert (point.brow.value, point.eye) == (0.8, None)


def test_of_two_photos_of_one_exercise_the_last_analysed_one_counts(episode):
    visit = scenes.visit(episode, 7)
    for minute, mouth in ((0, 0.5), (5, 0.7)):
        analysis = scenes.analysed(visit, "smile", mouth=mouth)
        at = scenes.on(7) + dt.timedelta(minutes=minute)
        type(analysis.photo).objects.filter(pk=analysis.photo_id).update(taken_at=at)
    factories.rejected(scenes.photo(visit, "smile", taken_at=scenes.on(7) + dt.timedelta(minutes=9)))

    point = only_visit(episode)

    assert point.mouth.value == 0.7
    assert len(point.photos) == 3


def test_the_sneer_of_each_side_is_an_exercise_of_its_own(episode):
    visit = scenes.visit(episode, 7)
    scenes.analysed(visit, "sneer", side="left", mouth=0.4)
    scenes.analysed(visit, "sneer", side="right", mouth=0.9)

    found = history(episode=episode)

    assert found.exercises == (("sneer", "left"), ("sneer", "right"))
    assert found.visits[0].photo_of("sneer", "right").mouth == 0.9


# --- the clinician's word ---


def test_a_correction_files_the_photo_and_the_models_word_is_kept(episode):
    visit = scenes.visit(episode, 7)
    analysis = scenes.analysed(visit, "smile", grade=4, mouth=0.6)
    services.confirm(
        user=visit.clinician, analysis=analysis, exercise="show_teeth", palsy=True, weak_side="right"
    )

    (photo,) = only_visit(episode).photos
    assert (photo.exercise, photo.result.exercise, photo.confirmed.weak_side) == (
        "show_teeth",
        "smile",
        "right",
    )
    assert only_visit(episode).mouth.exercise == "show_teeth", "the figure moves with the photo"


def test_the_newest_word_on_the_visit_counts(episode):
    visit = scenes.visit(episode, 7)
    for grade in (5, 3):
        factories.VisitConfirmationFactory(visit=visit, grade=grade)

    assert only_visit(episode).clinician_grade == 3


def test_grades_of_photos_are_none_of_the_visit_s(episode):
    visit = scenes.visit(episode, 7)
    factories.ConfirmationFactory(analysis=scenes.analysed(visit, grade=4), grade=2)

    assert (only_visit(episode).grade, only_visit(episode).clinician_grade) == (None, None)
    factories.VisitConfirmationFactory(visit=visit, grade=5)
    assert (only_visit(episode).grade, only_visit(episode).clinician_grade) == (5, 5)


def test_figures_are_preliminary_until_the_visit_was_reviewed(episode):
    visit = scenes.visit(episode, 7)
    smile, rest = scenes.analysed(visit, "smile"), scenes.analysed(visit, "rest")

    def reviewed():  # type: ignore[no-untyped-def]
        point = only_visit(episode)
        return point.preliminary, point.mouth.reviewed, point.brow.reviewed

    assert reviewed() == (True, False, False)
    factories.ConfirmationFactory(analysis=smile, exercise="smile")
    factories.ConfirmationFactory(analysis=rest, exercise="rest")
    assert reviewed() == (True, True, True)
    factories.VisitConfirmationFactory(visit=visit)
    assert reviewed() == (False, True, True)


def test_the_models_grade_is_that_of_all_views_together(episode, tmp_path, settings):
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)
    visit = scenes.visit(episode, 7)
    for exercise in ("rest", "brow_raise", "tight_eye_closure", "smile"):
        scenes.analysed(visit, exercise, grade=4, release=COMBINES)

    found = only_visit(episode).model_grade

    known = visit_finding(visit=visit)
    assert (found.grade, found.lowest, found.highest) == (known.model_grade, *known.model_range)
    assert (found.photos, found.release, found.reviewed) == (4, COMBINES, False)


# --- releases ---


def test_a_change_of_the_model_is_marked_at_its_first_visit(episode):
    scenes.measured(episode, 7, release="2026.11.1")
    scenes.visit(episode, 9)
    second = scenes.measured(episode, 14, release="2027.2")
    scenes.measured(episode, 21, release="2027.2")

    (change,) = history(episode=episode).model_changes

    assert (change.visit_id, change.day, change.week) == (second.pk, 14, 2)
    assert (change.before, change.after) == (("2026.11.1",), ("2027.2",))


def test_the_newest_release_gives_the_figure_and_the_older_one_is_kept(episode):
    analysis = scenes.analysed(scenes.visit(episode, 7), release="2026.11.1", mouth=0.5)
    newer = factories.AnalysisFactory(
        photo=analysis.photo, release="2027.2", data=factories.findings(exercise="smile", mouth=0.6)
    )
    type(newer).objects.filter(pk=newer.pk).update(created_at=analysis.created_at + dt.timedelta(days=90))

    point = only_visit(episode)

    assert (point.mouth.value, point.mouth.release) == (0.6, "2027.2")
    assert [result.release for result in point.photos[0].results] == ["2027.2", "2026.11.1"]
    assert history(episode=episode).model_changes == ()


def test_a_retry_that_failed_leaves_the_older_releases_figure(episode):
    analysis = scenes.analysed(scenes.visit(episode, 7), release="2026.11.1", mouth=0.5)
    later = factories.failed(analysis.photo)
    type(later).objects.filter(pk=later.pk).update(
        release="2027.2", created_at=analysis.created_at + dt.timedelta(days=90)
    )

    point = only_visit(episode)

    assert (point.mouth.value, point.photos[0].status) == (0.5, "failed")


# --- treatments ---


def test_treatments_and_changes_share_one_numbering_by_day(episode):
    scenes.measured(episode, 7, release="2026.11.1")
    scenes.measured(episode, 14, release="2027.2")
    for day, kind in ((21, "botulinum_toxin"), (-2, "other"), (14, "surgery")):
        date = scenes.ONSET + dt.timedelta(days=day)
        factories.TreatmentFactory(episode=episode, kind=kind, date=date, note="Eye drops")
    factories.TreatmentFactory(episode=episode, date=scenes.ONSET, archived_at=scenes.on(1))

    events = history(episode=episode).events

    assert [(one.number, one.day) for one in events] == [(1, -2), (2, 14), (3, 14), (4, 21)]
    assert [one.treatment is not None for one in events] == [True, True, False, True]
    assert (events[0].treatment.week, events[0].treatment.title) == (-1, "Eye drops")
    assert events[1].treatment.title == "Surgery"


def test_an_empty_episode_has_an_empty_history(episode):
    found = history(episode=episode)

    assert (found.visits, found.events, found.exercises, found.releases) == ((), (), (), ())
    assert (found.has_figures, found.last_graded, found.course.kind) == (False, None, "nothing")


def test_lengths_are_those_of_the_findings_in_millimetres(episode):
    scenes.analysed(scenes.visit(episode, 7), "smile", mouth=0.5)

    assert only_visit(episode).photos[0].result.lengths["mouth"] == (16.0, 32.0)


def test_lengths_in_another_unit_are_left_out(episode):
    data = factories.findings(exercise="smile")
    data["symmetry"]["unit"] = "px"  # type: ignore[index]
    factories.AnalysisFactory(photo=scenes.photo(scenes.visit(episode, 7)), data=data)

    assert only_visit(episode).photos[0].result.lengths == {}


def test_a_long_history_costs_as_many_queries_as_a_short_one(episode, django_assert_max_num_queries):
    for day in range(0, 60, 3):
        scenes.measured(episode, day)

    with django_assert_max_num_queries(14):
        history(episode=episode)


def eyes(analysis, left, right):  # type: ignore[no-untyped-def]
    """The lid openings that were measured, mm."""
    analysis.findings["symmetry"]["eye"] = {
        "left": left,
        "right": right,
        "ratio": min(left, right) / max(left, right),
    }
    analysis.eye_ratio = analysis.findings["symmetry"]["eye"]["ratio"]
    analysis.save()


def test_each_region_is_read_where_it_moves_and_else_at_rest(episode):
    visit = scenes.visit(episode, 7)
    scenes.analysed(visit, "rest", brow=0.9, eye=0.8)
    scenes.analysed(visit, "brow_raise", brow=0.5)
    scenes.analysed(visit, "closed_smile", mouth=0.6)
    scenes.analysed(visit, "smile_with_teeth", mouth=0.7)

    point = only_visit(episode)

    assert (point.brow.exercise, point.brow.value) == ("brow_raise", 0.5)
    assert (point.eye.exercise, point.eye.value) == ("rest", 0.8)
    assert (point.mouth.exercise, point.mouth.value) == ("smile_with_teeth", 0.7)


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        (1.0, 1.0, 1.0),  # both eyes close
        (0.5, 1.0, 0.947),  # a remainder of half as much is noise, not asymmetry
        (5.0, 1.0, 0.556),  # the left one stays half open
        (10.0, 1.0, 0.0),  # the left one doesn't close at all
        (9.5, 9.0, None),  # neither closes: nothing to compare
    ],
)
def test_closed_eyes_are_compared_by_how_far_each_one_closes(episode, left, right, alike):
    visit = scenes.visit(episode, 7)
    eyes(scenes.analysed(visit, "rest"), 10.0, 10.0)
    eyes(scenes.analysed(visit, "gentle_eye_closure"), left, right)

    point = only_visit(episode)

    assert point.photo_of("gentle_eye_closure").eye == alike
    assert point.eye.exercise == ("rest" if alike is None else "gentle_eye_closure")


def test_without_the_face_at_rest_closed_eyes_say_nothing(episode):
    eyes(scenes.analysed(scenes.visit(episode, 7), "tight_eye_closure"), 5.0, 1.0)

    assert only_visit(episode).eye is None


def test_the_face_at_rest_must_come_from_the_same_release(episode):
    visit = scenes.visit(episode, 7)
    eyes(scenes.analysed(visit, "rest", release="2027.2"), 10.0, 10.0)
    eyes(scenes.analysed(visit, "tight_eye_closure", release="2026.11.1"), 5.0, 1.0)

    assert only_visit(episode).eye.exercise == "rest"


def test_an_older_smile_is_not_set_against_one_that_is_known(episode):
    scenes.analysed(scenes.visit(episode, 1), "smile", mouth=0.4)
    scenes.analysed(scenes.visit(episode, 8), "smile_with_teeth", mouth=0.7)

    found = history(episode=episode)

    assert found.course.kind == "other_release" and found.course.by is None
    assert found.mixed == {"mouth"}


def test_an_uncertain_model_gives_no_grade(episode):
    visit = scenes.visit(episode, 7)
    scenes.analysed(visit, "rest", grade=3)
    analysis = scenes.analysed(visit, "pucker", grade=6)
    analysis.findings["palsy_verdict"] = "uncertain"
    analysis.save()

    point = only_visit(episode)

    assert point.model_grade is None
    result = next(photo for photo in point.photos if photo.exercise == "pucker").result
    assert (result.verdict, result.grade, result.weak_side) == ("uncertain", None, "")


@pytest.mark.parametrize(
    "said", [dt.timedelta(0), -dt.timedelta(days=4000)], ids=["same time", "camera of 2015"]
)
def test_a_retake_counts_whatever_its_camera_s_clock_says(episode, settings, tmp_path, said):
    """Many photos tell no time, and a clock that was reset tells a wrong one: the later upload is the retake."""
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)
    visit = scenes.visit(episode, 0)
    first, retake = (scenes.analysed(visit, "smile_with_teeth", release=COMBINES).photo for _ in range(2))
    Photo.objects.filter(pk=retake.pk).update(taken_at=first.taken_at + said)
    assert [photo.photo_id for photo in only_visit(episode).counted] == [retake.pk]
    found = together(cards=photos_of_visit(visit=visit))
    assert found is not None
    assert found.photos == (retake.pk,)

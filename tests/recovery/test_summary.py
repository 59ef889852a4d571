"""The summary that lists and Today read: each figure against records that were put there by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command

from clinic.recovery import rules
from clinic.recovery.change import limit_of
from clinic.recovery.models import PatientSummary
from clinic.recovery.services import refresh_summary
from tests import factories

from . import scenes

pytestmark = pytest.mark.django_db


def refresh(patient) -> PatientSummary:
    return refresh_summary(patient_id=patient.pk)


def test_a_patient_without_visits_has_an_empty_summary(patient):
    summary = refresh(patient)

    assert (summary.visits, summary.last_visit_at, summary.symmetry, summary.worse) == (0, None, [], False)
    assert (summary.model_grade, summary.clinician_grade, summary.change) == (None, None, None)


def test_symmetry_is_the_mean_of_the_three_regions_oldest_visit_first(episode, patient):
    scenes.measured(episode, 20, brow=0.9, eye=0.8, mouth=0.7)
    scenes.measured(episode, 5, brow=0.6, eye=0.5, mouth=0.4)

    summary = refresh(patient)

    assert summary.symmetry == [0.5, 0.8]
    assert summary.change == pytest.approx(0.3)
    assert (summary.visits, summary.last_visit_at) == (2, scenes.on(20))


def test_a_missing_photo_leaves_a_gap_rather_than_a_figure(episode, patient):
    scenes.measured(episode, 5)
    scenes.analysed(scenes.visit(episode, 12), "smile", mouth=0.7)

    assert refresh(patient).symmetry == [0.8, None]


def test_only_the_newest_twenty_visits_are_kept(episode, patient):
    for day in range(rules.SUMMARY_VISITS + 2):
        scenes.visit(episode, day)

    summary = refresh(patient)

    assert (len(summary.symmetry), summary.visits) == (rules.SUMMARY_VISITS, rules.SUMMARY_VISITS + 2)


@pytest.fixture
def error(monkeypatch):  # type: ignore[no-untyped-def]
    """The clinic has measured that a figure repeats to 0.1."""
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", 0.1)
    return 0.1


@pytest.mark.parametrize(("beyond", "worse"), [(1.02, True), (0.98, False), (-2, False)])
def test_worse_is_a_fall_beyond_the_limit(episode, patient, error, beyond, worse):
    scenes.measured(episode, 5, mouth=0.7)
    scenes.measured(episode, 12, mouth=0.7 - beyond * limit_of(error, 1))

    assert refresh(patient).worse is worse


def test_worse_compares_with_the_best_visit_and_says_which(episode, patient, error):
    for day, mouth in ((5, 0.2), (12, 0.9), (19, 0.5), (26, 0.55)):
        scenes.measured(episode, day, mouth=mouth)

    summary = refresh(patient)

    assert summary.worse
    assert summary.fall["region"] == "mouth" and summary.fall["since"] == scenes.on(12).date().isoformat()
    assert (summary.fall["before"], summary.fall["now"], summary.fall["at_visit_before"]) == (
        0.9,
        0.55,
        False,
    )


def test_a_visit_without_results_neither_hides_nor_makes_a_fall(episode, patient, error):
    scenes.measured(episode, 5, mouth=0.9)
    scenes.measured(episode, 12, mouth=0.4)
    scenes.visit(episode, 19)

    assert refresh(patient).worse


def test_another_release_is_not_taken_for_a_fall(episode, patient):
    scenes.measured(episode, 5, mouth=0.9, release="2026.11.1")
    scenes.measured(episode, 12, mouth=0.3, release="2026.12.1")

    summary = refresh(patient)

    assert (summary.worse, summary.change) == (False, None)


def test_a_release_that_analysed_both_visits_settles_it(episode, patient):
    scenes.measured(episode, 5, brow=0.9, eye=0.9, mouth=0.9, release="2026.11.1")
    last = scenes.measured(episode, 12, brow=0.9, eye=0.9, mouth=0.9, release="2026.12.1")
    for photo in last.photos.all():
        older = factories.findings(exercise=photo.exercise, brow=0.5, eye=0.5, mouth=0.5)
        analysis = factories.AnalysisFactory(photo=photo, release="2026.11.1", data=older)
        type(analysis).objects.filter(pk=analysis.pk).update(created_at=scenes.on(1))

    summary = refresh(patient)

    assert summary.change == pytest.approx(-0.4)
    assert summary.symmetry[-1] == 0.9, "the figure shown is the newest release's"


def test_smile_is_never_compared_with_teeth(episode, patient):
    scenes.analysed(scenes.visit(episode, 5), "smile", mouth=0.9)
    scenes.analysed(scenes.visit(episode, 12), "show_teeth", mouth=0.2)

    assert refresh(patient).change is None


def test_an_earlier_illness_is_not_part_of_the_course(episode, patient):
    earlier = factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET - dt.timedelta(days=900))
    factories.VisitFactory(episode=earlier, at=scenes.on(-890), grade=6)
    scenes.measured(episode, 5)

    summary = refresh(patient)

    assert (summary.visits, len(summary.symmetry), summary.clinician_grade) == (2, 1, None)


def test_grades_are_of_the_last_visit_that_has_one(episode, patient):
    scenes.measured(episode, 5, grade=4)
    scenes.visit(episode, 12, grade=2)
    scenes.visit(episode, 19)

    summary = refresh(patient)

    assert (summary.model_grade, summary.clinician_grade) == (None, 2), "two views are too few for the model"


def test_a_grade_of_a_photo_is_none_of_the_visit(episode, patient):
    analysis = scenes.analysed(scenes.visit(episode, 5), grade=4)
    factories.ConfirmationFactory(analysis=analysis, grade=2)

    summary = refresh(patient)

    assert (summary.model_grade, summary.clinician_grade, summary.to_confirm) == (None, None, 1)


def test_to_retake_counts_exercises_of_the_last_visit_without_an_analysed_photo(episode, patient):
    factories.rejected(scenes.photo(scenes.visit(episode, 5), "rest"))
    last = scenes.visit(episode, 12)
    factories.rejected(scenes.photo(last, "smile"))
    factories.rejected(scenes.photo(last, "smile"))
    factories.rejected(scenes.photo(last, "rest"))
    scenes.analysed(last, "rest")

    assert refresh(patient).to_retake == 1


def test_a_rejected_photo_that_was_archived_needs_no_retake(episode, patient):
    factories.rejected(scenes.photo(scenes.visit(episode, 5), "smile", archived_at=scenes.on(5)))

    assert refresh(patient).to_retake == 0


def test_to_confirm_and_failed_count_current_photos(episode, patient):
    visit = scenes.visit(episode, 5)
    scenes.analysed(visit, "rest")
    factories.ConfirmationFactory(analysis=scenes.analysed(visit, "smile"))
    factories.failed(scenes.photo(visit, "sneer"))
    factories.failed(scenes.photo(visit, "open_mouth", archived_at=scenes.on(5)))
    scenes.analysed(scenes.visit(episode, 9, archived_at=scenes.on(9)), "rest")

    summary = refresh(patient)

    assert (summary.to_confirm, summary.failed, summary.visits) == (1, 1, 1)


def test_a_refresh_costs_the_same_however_many_visits(episode, patient, django_assert_max_num_queries):
    for day in range(8):
        scenes.measured(episode, day)
    refresh(patient)

    with django_assert_max_num_queries(34):
        refresh(patient)


def test_rebuild_makes_all_summaries_anew(episode, patient, capsys):
    scenes.measured(episode, 5)
    refresh(patient)
    PatientSummary.objects.update(visits=99, worse=True)

    call_command("rebuild_summaries")

    summary = PatientSummary.objects.get(patient=patient)
    assert (summary.visits, summary.worse) == (1, False)
    assert "1 summaries" in capsys.readouterr().out


def test_the_sparkline_draws_like_with_like(episode):
    """A visit by the twelve views and an earlier one by fewer are no two points of one line."""
    scenes.measured(episode, 5)
    newest = scenes.visit(episode, 12)
    for exercise in ("rest", "brow_raise", "smile_with_teeth"):
        scenes.analysed(newest, exercise)

    summary = refresh_summary(patient_id=episode.patient_id)

    assert [value is None for value in summary.symmetry] == [True, False]

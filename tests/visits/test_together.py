"""All views of a visit taken together, on its page."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clinic.visits import grading, selectors, services, together

from .. import factories
from .scenes import COMBINES as RELEASE
from .scenes import analysed, releases_in


@pytest.fixture
def releases(tmp_path, settings):
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)


def found(visit):
    return together.together(cards=selectors.photos_of_visit(visit=visit))


def test_a_visit_is_read_as_a_whole(as_clinician, visit, releases):
    zones = {zone: {"left": 0.3, "right": 0.95} for zone in ("brow", "eye", "midface", "mouth")}
    for exercise in ("rest", "brow_raise", "closed_smile", "smile_with_teeth"):
        analysed(visit, exercise, zones=zones)
    whole = found(visit)
    assert (whole.release, whole.findings.side, whole.left_out) == (RELEASE, "left", 0)
    assert "pucker" in whole.findings.views_missing and "rest" not in whole.findings.views_missing
    text = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    panel = text.partition('id="visit-word"')[2].partition("</section>")[0]
    assert "Weakness on the left. Too few views for a grade: Gentle eye closure missing." in panel
    assert "Not among them: Gentle eye closure" in panel
    assert reverse("inference:release", args=[RELEASE]) in panel
    assert panel.count("zone-interval") == 6, "brow, midface and mouth are shown, each side with its interval"
    board = reverse("visits:board", args=[visit.pk])
    assert "zone-interval" in as_clinician.get(board, {"part": "word"}).content.decode()


def test_photos_of_two_releases_are_never_mixed(visit, releases):
    analysed(visit, "rest", release="2026.11.1", weak_side="right")
    analysed(visit, "brow_raise")
    whole = found(visit)
    assert (whole.findings.views_used, whole.left_out) == (["brow_raise"], 1)


def test_a_release_that_says_nothing_of_visits_combines_nothing(as_clinician, visit, releases):
    analysed(visit, "rest", release="2026.11.1")
    assert found(visit) is None
    text = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "What the model read" not in text
    assert "The release that judged these photos gives no grade of a whole visit." in text


def test_a_release_that_is_gone_combines_nothing(visit, releases):
    analysed(visit, "rest", release="none-such")
    assert found(visit) is None


def test_nothing_judged_nothing_combined(visit, releases):
    factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True)
    assert found(visit) is None


def test_a_retake_and_a_clinician_s_word_count(visit, releases):
    first = analysed(visit, "pucker", weak_side="right")
    second = analysed(visit, "pucker")
    second.photo.taken_at = first.photo.taken_at + first.photo.taken_at.resolution
    second.photo.save()
    smile = analysed(visit, "smile")
    services.confirm(
        user=visit.clinician, analysis=smile, exercise="closed_smile", palsy=True, weak_side="left"
    )
    whole = found(visit)
    assert first.photo_id not in whole.photos and second.photo_id in whole.photos
    assert whole.findings.views_used == ["closed_smile", "pucker"]


def test_a_photo_that_looks_like_another_exercise_tells_no_movement_until_it_is_settled(
    as_clinician, visit, releases
):
    zones = {"brow": {"left": 0.1, "right": 0.95}}
    wrong = analysed(visit, "brow_raise", zones=zones)
    wrong.exercise = "smile_with_teeth"
    wrong.save()
    whole = found(visit)
    assert (whole.findings.zones, whole.unsettled, len(whole.photos)) == ({}, 1, 1)
    text = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert "No movement is read from 1 photo that looks like another exercise" in text
    factories.ConfirmationFactory(analysis=wrong, exercise="brow_raise")
    whole = found(visit)
    assert "brow" in whole.findings.zones and whole.unsettled == 0


def test_a_brow_that_hardly_rises_looks_at_rest_and_tells_its_movement(visit, releases):
    still = analysed(visit, "brow_raise", zones={"brow": {"left": 0.0, "right": 0.9}})
    still.exercise = "rest"
    still.save()
    whole = found(visit)
    assert whole.findings.zones["brow"]["left"] == 0 and whole.unsettled == 0


def test_without_a_verdict_the_visit_asks_for_more(visit, releases):
    analysis = analysed(visit, "rest", palsy=0.5)
    analysis.findings["grade_probabilities"] = {"1": 0.5, "2": 0.3, "3": 0.2, "4": 0.0, "5": 0.0, "6": 0.0}
    analysis.findings["weak_side_probabilities"] = {"left": 0.5, "right": 0.5}
    analysis.save()
    known = grading.visit_finding(visit=visit)
    assert known.model.uncertain and known.grade is None and not known.confirmable
    assert known.model_sentence.startswith("Uncertain so far. Too few views: Brow raise")


def test_a_few_doubts_make_no_weakness(visit, releases):
    """The doubts of two photos come from one face: no visit is weak of which no photo is, until all views are in."""
    for exercise in ("rest", "closed_smile"):
        analysed(visit, exercise, verdict="uncertain")
    assert found(visit).findings.palsy_verdict == "uncertain"
    analysed(visit, "brow_raise")
    assert found(visit).findings.palsy_verdict == "weak"


def test_the_doubts_of_all_views_count_together(visit, releases):
    for exercise in ("rest", "brow_raise", "gentle_eye_closure", "smile_with_teeth"):
        analysed(visit, exercise, verdict="uncertain")
    assert found(visit).findings.palsy_verdict == "weak"

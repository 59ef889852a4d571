"""Whatever contradicts a statement is named, whichever two of them it is."""

from __future__ import annotations

import datetime as dt

import pytest

from clinic.visits import contradictions, reviewing
from inference.finding import Finding, Verdict

from .. import factories
from .scenes import analysed

WEAK = Finding("", Verdict.WEAK, "left", 3)
NORMAL = Finding("", Verdict.NORMAL)


def codes(visit, stated=WEAK, exercise=""):
    review = reviewing.visit_review(visit=visit)
    photo = next((card for card in review.photos if card.photo.exercise == exercise), None)
    return {one.code for one in contradictions.contradictions(review.case(stated, photo))}


def ratios(visit, exercise, **values):
    analysis = analysed(visit, exercise)
    for region, ratio in values.items():
        setattr(analysis, f"{region}_ratio", ratio)
    analysis.save()


def test_nothing_contradicts_an_ordinary_visit(visit, whole_visits):
    whole_visits(visit)
    assert codes(visit) == set()


def test_the_side_against_the_episode_s(visit):
    assert codes(visit, Finding("", Verdict.WEAK, "right", 3)) == {"episode_side"}
    assert codes(visit, Finding("", Verdict.WEAK, "both", 3)) == set()


@pytest.mark.parametrize(
    "stated", [Finding("", Verdict.WEAK, "right", 3), NORMAL, Finding("", Verdict.WEAK, "left", 6)]
)
def test_against_the_model_s_verdict(visit, whole_visits, stated):
    whole_visits(visit, grade=2)
    assert "model" in codes(visit, stated)


def test_against_what_clinicians_said_of_single_photos(visit, whole_visits):
    whole_visits(visit)
    smile = visit.photos.get(exercise="smile_with_teeth").analyses.get()
    factories.ConfirmationFactory(analysis=smile, palsy=False, weak_side="", grade=None)
    assert codes(visit) == {"photos_confirmed"}


def test_a_face_that_is_even_at_rest_contradicts_no_grade_up_to_four(visit, whole_visits):
    whole_visits(visit)
    rest = visit.photos.get(exercise="rest").analyses.get()
    factories.ConfirmationFactory(analysis=rest, palsy=False, weak_side="", grade=None)
    assert "photos_confirmed" not in codes(visit)
    assert "photos_confirmed" in codes(visit, Finding("", Verdict.WEAK, "left", 5))


def test_against_the_side_that_the_model_names_in_a_photo(visit, whole_visits):
    whole_visits(visit)
    analysed(visit, "pucker", weak_side="right")
    assert "photos_side" in codes(visit)


def test_no_weakness_against_many_weak_photos(visit):
    for exercise in ("brow_raise", "pucker", "rest"):
        analysed(visit, exercise)
    assert "photos_weak" in codes(visit, NORMAL)


def test_against_the_measures(visit):
    ratios(visit, "brow_raise", brow=0.97)
    ratios(visit, "smile_with_teeth", mouth=0.96)
    assert "measures_alike" in codes(visit)
    ratios(visit, "closed_smile", mouth=0.5)
    assert "measures_alike" not in codes(visit) and "measures_unlike" in codes(visit, NORMAL)


def test_against_the_visit_before(visit, episode, clinician):
    earlier = factories.VisitFactory(episode=episode, clinician=clinician, at=visit.at - dt.timedelta(days=7))
    factories.VisitConfirmationFactory(visit=earlier, weak_side="right", grade=3)
    assert "previous_side" in codes(visit)
    factories.VisitConfirmationFactory(visit=earlier, weak_side="left", grade=6)
    assert codes(visit) == {"previous_grade"}


def test_a_photo_against_the_visit_s_clinician(visit, clinician, whole_visits):
    whole_visits(visit)
    factories.VisitConfirmationFactory(visit=visit, grade=2)
    assert "visit" in codes(visit, NORMAL, "smile_with_teeth")
    assert "visit" not in codes(visit, NORMAL, "rest")
    assert codes(visit, WEAK, "smile_with_teeth") == set()


def test_another_room_adds_its_own(visit):
    def mirrored(case):
        yield contradictions.Contradiction("mirrored", "The photos are mirrored.")

    contradictions.register(mirrored)
    try:
        assert "mirrored" in codes(visit)
    finally:
        contradictions.CHECKS.remove(mirrored)

"""A result as a sentence: what was found first, how sure second, and never more than is known."""

from __future__ import annotations

import pytest

from clinic.visits import selectors, sentences
from clinic.visits.reading import photo_details
from clinic.visits.series import series_of
from inference import finding
from inference.finding import Finding, Verdict
from inference.sentences import model_finding

from .. import factories
from .scenes import in_each_state


def weak(side="left", grade=3, exercise="smile", interval=(None, None)):
    return Finding(exercise, Verdict.WEAK, side, grade, *interval)


HEALTHY = Finding("smile", Verdict.NORMAL)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (weak(interval=(2, 4)), "Weakness on the left."),
        (weak("right", 5), "Weakness on the right."),
        (weak("both", 6), "Weakness on both sides."),
        (weak(""), "Weakness."),
        (HEALTHY, "No asymmetry detected by the model in this photo."),
        (Finding("smile", Verdict.UNCERTAIN), "Uncertain whether there is a weakness."),
    ],
)
def test_the_model_s_finding_in_a_photo_has_no_grade(found, sentence):
    assert model_finding(found) == sentence


def test_the_clinician_s_finding_is_told_without_doubt():
    assert sentences.clinician_finding(weak(grade=None)) == "Weakness on the left."
    assert sentences.clinician_finding(weak()) == "Weakness on the left, moderate: grade III.", (
        "as it was said"
    )
    assert sentences.clinician_finding(HEALTHY) == "No palsy."


@pytest.mark.parametrize(
    ("probabilities", "likely"),
    [
        ({"3": 1.0}, (3, 3)),
        ({"1": 0.5, "2": 0.5}, (1, 2)),
        ({"6": 0.6, "5": 0.3, "4": 0.1}, (5, 6)),
        ({str(grade): 1 / 6 for grade in range(1, 7)}, (1, 5)),
        ({"1": 0.6, "6": 0.4}, (1, 6)),
        ({}, None),
        (None, None),
    ],
)
def test_the_likely_grades_hold_most_of_the_probability(probabilities, likely):
    assert finding.likely_grades(probabilities) == likely


def test_an_exercise_is_named_with_its_side():
    assert sentences.with_exercise("sneer", "left", "So.") == "Sneer, left. So."
    assert sentences.with_exercise("unheard-of", "", "So.") == "So."


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (weak(), weak(), True),
        (weak(), weak(grade=None), True),
        (weak(), weak(grade=4), False),
        (weak(), weak("right"), False),
        (weak(), weak(exercise="rest"), False),
        (weak(), HEALTHY, False),
        (HEALTHY, HEALTHY, True),
    ],
)
def test_when_two_findings_agree(one, other, same):
    assert finding.agree(one, other) is same
    assert finding.agree(other, one) is same


def test_a_visit_s_photos_in_a_few_sentences(visit):
    nothing = sentences.visit_summary([])
    assert (nothing.photos, nothing.model) == ("No photos yet.", "")
    in_each_state(visit)
    cards = selectors.photos_of_visit(visit=visit)
    summary = sentences.visit_summary(cards, series=series_of(visit=visit, cards=cards))
    assert summary.photos == (
        "7 of 12 exercises photographed. 2 photos are being analysed. "
        "1 photo should be retaken. 1 analysis failed."
    )
    assert summary.model == "Weakness on the left in 4 of 5 photos."


def test_photos_without_weakness_are_counted(visit):
    photo = factories.PhotoFactory(visit=visit)
    factories.AnalysisFactory(photo=photo, data=factories.findings(palsy=0.1, weak_side=None, grade=1))
    summary = sentences.visit_summary(selectors.photos_of_visit(visit=visit))
    assert summary.model == "No asymmetry detected in 1 photo."


def test_sides_that_differ(visit):
    for side, grade in (("left", 2), ("right", 4)):
        factories.AnalysisFactory(
            photo=factories.PhotoFactory(visit=visit),
            data=factories.findings(weak_side=side, grade=grade),
        )
    summary = sentences.visit_summary(selectors.photos_of_visit(visit=visit))
    assert summary.model == "Weakness, not always on the same side in 2 of 2 photos."


def test_the_figures_of_a_photo_in_the_order_they_are_read(visit):
    photos = in_each_state(visit)
    details = photo_details(card=selectors.card_of(photo=photos["succeeded"]))
    assert details.exercises[0].name == "Smile"
    assert [share.probability for share in details.weakness] == [0.9, 0.8, 0.2]
    assert [str(measure.name) for measure in details.measures] == ["Mouth"], "a smile moves the mouth"
    assert details.as_asked is True
    assert details.overlay is not None
    assert len(details.overlay["points"]) == 478


@pytest.mark.parametrize("state", ["queued", "running", "rejected", "failed", "cancelled", "never analysed"])
def test_without_a_result_there_is_no_number(visit, state):
    details = photo_details(card=selectors.card_of(photo=in_each_state(visit)[state]))
    assert details.model_sentence == ""
    assert not (details.exercises or details.weakness or details.lengths or details.measures)
    assert (details.as_asked, details.overlay) == (None, None)


def test_findings_with_holes_break_no_page(visit):
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    analysis.findings = {
        "quality": {"yaw_deg": None, "warnings": ["dim", "unheard_of"]},
        "symmetry": {"brow": None, "mouth": {"left": 3.0, "right": None, "ratio": None}},
        "exercise_probabilities": {"unheard_of": 0.4, "smile": 0.6},
    }
    analysis.landmarks = [[0.1, 0.1]] * 5
    analysis.save()
    details = photo_details(card=selectors.card_of(photo=analysis.photo))
    assert [str(caution) for caution in details.cautions] == ["The light is dim."]
    assert len(details.measures) == 1
    assert [share.name for share in details.exercises] == ["Smile"]
    assert details.overlay is None

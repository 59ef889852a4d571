"""The views: what is asked for, what a record may name, and how both smiles meet the older one."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.visits import exercises, selectors
from clinic.visits.models import Confirmation, Photo, validate_exercise
from clinic.visits.series import series_of
from inference import finding
from inference.finding import Finding, Verdict
from inference.pipeline.codes import EXERCISES, UNTAUGHT, VIEWS

from .. import factories


def test_the_protocol_asks_for_each_view_once():
    asked = [exercise.code for exercise in exercises.PROTOCOL]
    assert sorted(asked) == sorted(set(EXERCISES) - {"smile"}) == sorted({*VIEWS, *UNTAUGHT})
    assert asked[0] == "rest"
    assert [step.value for step in exercises.STEPS if step.exercise.sided] == ["sneer:left", "sneer:right"]


def test_records_and_programs_may_name_what_the_models_know_and_nothing_else():
    assert set(exercises.BY_CODE) == set(EXERCISES)
    assert {code for code, _name in exercises.all_choices()} == set(EXERCISES)
    for code in EXERCISES:
        validate_exercise(code)
    with pytest.raises(ValidationError):
        validate_exercise("juggle")


@pytest.mark.parametrize("exercise", exercises.KNOWN, ids=lambda exercise: exercise.code)
def test_each_exercise_says_what_to_do_and_has_a_drawing(exercise):
    assert str(exercise.name) and str(exercise.instruction).endswith(".")
    drawing = ElementTree.parse(settings.BASE_DIR / "static" / exercise.drawing).getroot()
    assert drawing.get("viewBox") == "0 0 240 240"


@pytest.mark.parametrize(
    ("asked", "found", "exact"),
    [
        ("smile", "closed_smile", "closed_smile"),
        ("closed_smile", "smile", "closed_smile"),
        ("smile", "smile", "smile"),
        ("rest", "smile", "smile"),
        ("closed_smile", "smile_with_teeth", "smile_with_teeth"),
    ],
)
def test_the_closer_name_of_a_smile_counts(asked, found, exact):
    assert finding.more_exact(asked, found) == exact


def test_either_smile_is_no_choice_of_its_own(as_clinician, visit):
    pages = [
        as_clinician.get(reverse(name, args=[visit.pk])).content.decode()
        for name in ("visits:capture", "visits:detail")
    ]
    for page in pages:
        assert 'data-step="smile"' not in page and 'value="smile"' not in page
        assert "pucker" in page


def test_a_photo_on_record_as_a_smile_keeps_its_name(as_clinician, visit):
    photo = factories.PhotoFactory(visit=visit, exercise="smile")
    factories.AnalysisFactory(photo=photo, data=factories.findings(exercise="smile"))
    page = as_clinician.get(reverse("visits:photo", args=[photo.pk])).content.decode()
    assert '<option value="smile" selected>Smile</option>' in page
    board = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert '<option value="smile" selected>Smile</option>' in board
    assert "smile" not in board.partition('data-missing="')[2].partition('"')[0].split()


def test_a_smile_answers_for_both_smiles(visit):
    factories.PhotoFactory(visit=visit, exercise="smile")
    missing = series_of(visit=visit, cards=selectors.photos_of_visit(visit=visit)).missing
    assert len(missing) == len(VIEWS) - 2
    assert not {"closed_smile", "smile_with_teeth"} & {exercise.code for exercise in missing}


def test_an_older_release_that_sees_a_smile_agrees_with_either(as_clinician, visit):
    photo = factories.PhotoFactory(visit=visit, exercise="closed_smile")
    analysis = factories.AnalysisFactory(photo=photo, data=factories.findings(exercise="smile"))
    assert selectors.card_of(photo=photo).other_exercise is None
    as_clinician.post(
        reverse("visits:confirm", args=[photo.pk]), {"analysis": str(analysis.pk), "agree": "1"}
    )
    word = Confirmation.objects.get()
    assert (word.exercise, word.agrees) == ("closed_smile", True), "what was asked for is the closer name"


def test_agreement_knows_that_a_smile_is_either():
    one, other = (Finding(code, Verdict.WEAK, "left", 3) for code in ("smile", "smile_with_teeth"))
    assert finding.agree(one, other)
    assert not finding.agree(other, Finding("closed_smile", Verdict.WEAK, "left", 3))


def test_nothing_stored_is_renamed(visit):
    """Both names of the database's past stay what they were."""
    for code in EXERCISES:
        photo = factories.PhotoFactory(visit=visit, exercise=code)
        photo.full_clean(exclude=["image", "thumbnail"])
    assert set(Photo.objects.values_list("exercise", flat=True)) == set(EXERCISES)

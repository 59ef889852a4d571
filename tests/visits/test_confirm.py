"""What clinicians say stands beside what the model found; neither is ever overwritten."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from clinic.patients.models import Episode
from clinic.recovery.selectors import history
from clinic.visits import selectors, services
from clinic.visits.models import Confirmation
from inference.jobs.states import Status

from .. import factories
from ..conftest import logged_in

CORRECTION = {
    "exercise": "smile",
    "palsy": "yes",
    "weak_side": "right",
    "comment": "Seen live.",
}


@pytest.fixture
def analysis(visit):
    return factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))


def address(analysis):
    return reverse("visits:confirm", args=[analysis.photo_id])


def say(client, analysis, **fields):
    """Post it, and once more with what the page named if it contradicts something."""
    data = {"analysis": str(analysis.pk), **fields}
    answer = client.post(address(analysis), data)
    named = re.findall(r'name="named" value="([a-z_]+)"', answer.content.decode())
    return client.post(address(analysis), {**data, "named": named}) if named else answer


def test_confirming_takes_over_the_weakness_that_the_model_found(as_clinician, clinician, analysis):
    answer = say(as_clinician, analysis, agree="1")
    assert answer.url == reverse("visits:photo", args=[analysis.photo_id])
    word = Confirmation.objects.get()
    assert (word.exercise, word.palsy, word.weak_side, word.grade) == ("smile", True, "left", None)
    assert (word.agrees, word.by, word.photo_id) == (True, clinician, analysis.photo_id)


def test_confirming_a_finding_without_weakness(as_clinician, visit):
    analysis = factories.AnalysisFactory(
        photo=factories.PhotoFactory(visit=visit),
        data=factories.findings(palsy=0.1, weak_side=None, grade=1),
    )
    say(as_clinician, analysis, agree="1")
    word = Confirmation.objects.get()
    assert (word.palsy, word.weak_side, word.agrees) == (False, "", True)


def test_a_correction_stands_beside_the_finding(as_clinician, analysis):
    before = (analysis.findings, analysis.weak_side, analysis.grade)
    say(as_clinician, analysis, **CORRECTION)
    word = Confirmation.objects.get()
    assert (word.weak_side, word.grade, word.comment, word.agrees) == ("right", None, "Seen live.", False)
    analysis.refresh_from_db()
    assert (analysis.findings, analysis.weak_side, analysis.grade) == before
    page = as_clinician.get(reverse("visits:photo", args=[analysis.photo_id])).content.decode()
    assert "Smile. Weakness on the left." in page
    assert "Smile. Weakness on the right." in page
    assert "Corrected by" in page


def test_a_second_thought_is_a_second_word(as_clinician, analysis):
    say(as_clinician, analysis, **CORRECTION)
    say(as_clinician, analysis, agree="1")
    words = list(Confirmation.objects.all())
    assert [word.agrees for word in words] == [True, False]
    assert selectors.card_of(photo=analysis.photo).confirmation == words[0]
    page = as_clinician.get(reverse("visits:photo", args=[analysis.photo_id])).content.decode()
    assert "What clinicians said, newest first" in page


def test_the_same_as_the_model_typed_by_hand_agrees_with_it(as_clinician, analysis):
    say(as_clinician, analysis, **{**CORRECTION, "weak_side": "left"})
    assert Confirmation.objects.get().agrees is True


def test_without_palsy_no_side_is_asked_for_and_a_photo_has_no_grade(as_clinician, analysis):
    say(as_clinician, analysis, exercise="smile", palsy="no", weak_side="left", grade="4")
    word = Confirmation.objects.get()
    assert (word.palsy, word.weak_side, word.grade) == (False, "", None)


def test_confirming_a_weakness_says_nothing_of_the_exercise(as_clinician, visit):
    photo = factories.PhotoFactory(visit=visit, exercise="rest")
    analysis = factories.AnalysisFactory(photo=photo, data=factories.findings(exercise="pucker"))
    page = as_clinician.get(reverse("visits:photo", args=[photo.pk])).content.decode()
    assert '<option value="rest" selected>' in page, "the form starts with the exercise on record"
    say(as_clinician, analysis, agree="1")
    word = Confirmation.objects.get()
    assert (word.exercise, word.names_exercise) == ("rest", False)
    assert selectors.card_of(photo=photo).other_exercise.code == "pucker", "that is still to be said"
    photo.refresh_from_db()
    assert photo.exercise == "rest"


def test_who_says_another_exercise_files_the_photo_under_it_everywhere(as_clinician, visit, episode):
    photo = factories.PhotoFactory(visit=visit, exercise="rest")
    analysis = factories.AnalysisFactory(photo=photo, data=factories.findings(exercise="pucker"))
    say(as_clinician, analysis, exercise="pucker", palsy="yes", weak_side="left")
    photo.refresh_from_db()
    assert (photo.exercise, Confirmation.objects.get().names_exercise) == ("pucker", True)
    [point] = history(episode=episode).visits
    assert [shown.exercise for shown in point.photos] == ["pucker"]
    assert selectors.card_of(photo=photo).other_exercise is None


def test_a_contradiction_is_named_before_it_is_signed(as_clinician, analysis):
    answer = as_clinician.post(address(analysis), {"analysis": str(analysis.pk), **CORRECTION})
    page = answer.content.decode()
    assert answer.status_code == 422 and not Confirmation.objects.exists()
    assert "Weak side here: right. Weak side of the care episode: left." in page
    assert "Seen live." in page and 'value="episode_side"' in page


def test_with_a_contradiction_confirm_is_not_the_main_button(as_clinician, visit):
    Episode.objects.filter(pk=visit.episode_id).update(weak_side="right")
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    page = as_clinician.get(reverse("visits:photo", args=[analysis.photo_id])).content.decode()
    confirm = page.partition('class="confirm"')[2]
    assert "Confirm all the same" in confirm
    assert "btn-primary" not in confirm.partition('class="correct"')[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weak_side": ""}, "Choose the weak side."),
        ({"exercise": "juggle"}, "Select a valid choice"),
        ({"palsy": ""}, "This field is required."),
    ],
)
def test_a_word_that_makes_no_sense_is_asked_for_again(as_clinician, analysis, change, says):
    answer = say(as_clinician, analysis, **{**CORRECTION, **change})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in page
    assert "Seen live." in page
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize(
    ("role", "status"),
    [("clinician", 302), ("administrator", 302), ("reviewer", 403), ("integration", 403), ("stranger", 404)],
)
def test_who_may_confirm(role, status, analysis, request):
    client = logged_in(request.getfixturevalue(role))
    assert say(client, analysis, agree="1").status_code == status
    assert Confirmation.objects.count() == (1 if status == 302 else 0)


def test_a_result_that_was_not_on_the_screen_is_not_confirmed(as_clinician, analysis, visit):
    other = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit))
    for named in ("", "nonsense", str(other.pk)):
        answer = as_clinician.post(address(analysis), {"agree": "1", "analysis": named})
        assert answer.status_code == 404
    assert not Confirmation.objects.exists()


def test_what_is_archived_is_not_confirmed(as_clinician, analysis):
    services.archive_photo(user=analysis.photo.uploaded_by, photo=analysis.photo)
    assert say(as_clinician, analysis, agree="1").status_code == 403


@pytest.mark.parametrize("make", [factories.rejected, factories.failed])
def test_without_a_result_there_is_nothing_to_confirm(as_clinician, visit, make):
    analysis = make(factories.PhotoFactory(visit=visit))
    answer = say(as_clinician, analysis, agree="1")
    assert answer.status_code == 302
    assert not Confirmation.objects.exists()


def test_a_photo_that_waits_can_t_be_confirmed(clinician, visit):
    analysis = factories.AnalysisFactory(photo=factories.PhotoFactory(visit=visit), queued=True)
    assert analysis.status == Status.QUEUED
    with pytest.raises(ValidationError):
        services.confirm(user=clinician, analysis=analysis, exercise="smile", palsy=False)


@pytest.mark.parametrize(
    "values",
    [
        {"palsy": True},
        {"palsy": False, "weak_side": "left"},
        {"palsy": False, "grade": 4},
        {"palsy": True, "weak_side": "up"},
        {"palsy": True, "weak_side": "left", "grade": 9},
        {"palsy": True, "weak_side": "left", "exercise": "juggle"},
    ],
)
def test_the_service_refuses_what_makes_no_sense(clinician, analysis, values):
    with pytest.raises(ValidationError):
        services.confirm(user=clinician, analysis=analysis, **{"exercise": "smile", **values})
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("values", [{"grade": 7}, {"palsy": False, "weak_side": "left"}])
def test_the_database_refuses_it_as_well(analysis, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.ConfirmationFactory(analysis=analysis, **values)


def test_another_release_s_result_keeps_the_clinician_s_word_and_its_own(as_clinician, analysis):
    say(as_clinician, analysis, **CORRECTION)
    newer = factories.AnalysisFactory(
        photo=analysis.photo, release="a-later-release", queued_at=timezone.now()
    )
    card = selectors.card_of(photo=analysis.photo)
    assert card.confirmation.analysis_id == analysis.pk
    assert card.analysis.pk in (analysis.pk, newer.pk)
    assert Confirmation.objects.count() == 1


def test_after_confirming_one_goes_on_where_one_came_from(as_clinician, analysis):
    onward = reverse("visits:review") + f"?after={analysis.photo_id}"
    assert say(as_clinician, analysis, agree="1", next=onward).url == onward
    answer = say(as_clinician, analysis, agree="1", next="https://elsewhere.example/")
    assert answer.url == reverse("visits:photo", args=[analysis.photo_id])

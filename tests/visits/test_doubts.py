"""What is shown where a model is not sure: of the palsy, of the side, of the exercise."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from clinic.validation import ledger
from clinic.visits import selectors, sentences
from clinic.visits.models import Confirmation
from inference import finding
from inference.finding import Finding, Verdict

from .. import factories
from . import scenes

UNCERTAIN = {"palsy": 0.5, "weak_side": "left", "grade": 2}
ZONES = {zone: {"left": 0.4, "right": 0.96} for zone in ("brow", "eye", "midface", "mouth")}


def judged(visit, exercise="closed_smile", *, verdict=None, warnings=(), zones=None, **found):
    """A photo of the visit with a result that has doubts."""
    photo = factories.PhotoFactory(visit=visit, exercise=exercise)
    data = factories.findings(**{"exercise": exercise, **found})
    data |= {"palsy_verdict": verdict, "zones": zones or {}}
    data["quality"]["warnings"] = list(warnings)
    return factories.AnalysisFactory(photo=photo, data=data)


def page(client, name, analysis):
    return client.get(reverse(name, args=[analysis.photo_id])).content.decode()


def test_an_uncertain_model_chooses_neither_side_nor_grade(as_clinician, visit):
    analysis = judged(visit, verdict="uncertain", warnings=["palsy_unsure"], **UNCERTAIN)
    found = selectors.card_of(photo=analysis.photo).found
    assert (found.uncertain, found.palsy, found.weak_side, found.grade) == (True, False, "", None)
    for name in ("visits:photo", "visits:photo_card"):
        text = page(as_clinician, name, analysis)
        assert "Uncertain whether there is a weakness." in text
        assert "Weakness on the left" not in text
    text = page(as_clinician, "visits:photo", analysis)
    assert "a slight weakness and natural unevenness look alike" in text and "or judge yourself." in text
    shown = text.partition('id="photo-result"')[2].partition("more-figures")[0]
    assert "share-fill" not in shown, "where the model abstains its numbers are folded"


def test_what_the_model_leaves_open_is_not_confirmed_but_judged(as_clinician, visit):
    analysis = judged(visit, verdict="uncertain", **UNCERTAIN)
    address = reverse("visits:confirm", args=[analysis.photo_id])
    text = page(as_clinician, "visits:photo", analysis)
    assert 'name="agree"' not in text and "Say what you see" in text
    as_clinician.post(address, {"analysis": str(analysis.pk), "agree": "1"})
    assert not Confirmation.objects.exists()
    word = {"exercise": "closed_smile", "palsy": "yes", "weak_side": "right", "grade": "2"}
    # The other side than the episode's is asked about once, and then signed all the same.
    asked = as_clinician.post(address, {"analysis": str(analysis.pk), **word})
    assert asked.status_code == 422 and not Confirmation.objects.exists()
    named = re.findall(r'name="named" value="([^"]+)"', asked.content.decode())
    as_clinician.post(address, {"analysis": str(analysis.pk), **word, "named": named})
    assert not Confirmation.objects.get().agrees
    assert "Judged" in page(as_clinician, "visits:photo_card", analysis)


def test_agreement_leaves_out_what_the_model_left_open(clinician, visit):
    for verdict, agrees in (("uncertain", False), ("weak", True), (None, False)):
        factories.ConfirmationFactory(analysis=judged(visit, verdict=verdict), by=clinician, agrees=agrees)
    factories.count_releases()
    found = ledger.ledger(clinic_id=visit.patient.clinic_id, release="test-release").overall
    assert (found.palsy.count, found.palsy.hits, found.uncertain) == (2, 2, 1)


def test_a_palsy_without_a_sure_side_is_not_confirmed_blindly(as_clinician, visit):
    analysis = judged(visit, verdict="weak", weak_side=None, warnings=["side_unsure"])
    text = page(as_clinician, "visits:photo", analysis)
    assert "Closed-mouth smile. Weakness." in text
    assert "The model is not sure which side is the weak one" in text
    judged(visit, "rest", verdict="weak")
    summary = sentences.visit_summary(selectors.photos_of_visit(visit=visit))
    assert summary.model == "Weakness on the left in 2 of 2 photos.", "no word of another side"
    assert 'name="agree"' not in text


def test_an_exercise_that_the_model_is_not_sure_of_is_taken_as_asked(as_clinician, visit):
    analysis = judged(visit, "pucker", warnings=["exercise_unsure"])
    analysis.exercise = "puff_cheek"
    analysis.save()
    card = selectors.card_of(photo=analysis.photo)
    assert card.other_exercise is None and card.found.exercise == "pucker"
    assert "the model is not sure what it sees" in page(as_clinician, "visits:photo", analysis)
    as_clinician.post(
        reverse("visits:confirm", args=[analysis.photo_id]), {"analysis": str(analysis.pk), "agree": "1"}
    )
    word = Confirmation.objects.get()
    assert (word.exercise, word.names_exercise, word.agrees) == ("pucker", False, True)


def test_the_zones_are_shown_as_the_model_s_and_only_where_there_are_any(as_clinician, visit):
    analysis = judged(visit, verdict="weak", zones=ZONES)
    text = page(as_clinician, "visits:photo", analysis)
    shown = text.partition('id="zones-heading"')[2]
    assert "Midface" in shown and "40\N{NO-BREAK SPACE}%" in shown and "96\N{NO-BREAK SPACE}%" in shown
    assert "zones-heading" not in page(as_clinician, "visits:photo", judged(visit, "pucker"))


@pytest.mark.parametrize("name", ["visits:photo", "visits:photo_card"])
def test_every_mark_of_the_model_leads_to_its_release(as_clinician, visit, name):
    text = page(as_clinician, name, judged(visit, verdict="weak", zones=ZONES)).partition("<footer")[0]
    address = reverse("inference:release", args=["test-release"])
    assert text.count('class="mark-model"') == text.count(f'class="mark-link" href="{address}">') > 0


def test_a_visit_says_how_many_photos_are_open(visit):
    judged(visit, "rest", verdict="uncertain", **UNCERTAIN)
    assert (
        sentences.visit_summary(selectors.photos_of_visit(visit=visit)).model == "Uncertain in 1 of 1 photos."
    )
    judged(visit, "pucker", verdict="weak")
    judged(visit, "brow_raise", verdict="normal", weak_side=None)
    assert sentences.visit_summary(selectors.photos_of_visit(visit=visit)).model == (
        "Weakness on the left in 1 of 3 photos. Uncertain in 1 of 3 photos."
    )


def test_closed_eyes_are_compared_with_the_eyes_at_rest(as_clinician, visit):
    def eyes(exercise, left, right):
        analysis = judged(visit, exercise)
        analysis.findings["symmetry"]["eye"] = {"left": left, "right": right, "ratio": round(right / left, 3)}
        analysis.save()
        return analysis

    closed = eyes("gentle_eye_closure", 5.0, 1.0)
    assert "Eye, still open" in page(as_clinician, "visits:photo", closed)
    eyes("rest", 10.0, 10.0)
    text = page(as_clinician, "visits:photo", closed)
    assert "Eye, closed by" in text and "0.56" in text, "half closed on the left, nine tenths on the right"
    assert "overall" not in text, "the mean of such figures means nothing"


def test_nobody_agrees_with_what_is_left_open():
    open_ = Finding("rest", Verdict.UNCERTAIN, "left", 2)
    assert (open_.weak_side, open_.grade) == ("", None)
    assert not open_.decided
    assert not finding.agree(open_, Finding("rest", Verdict.NORMAL))


VIEWS_TAKEN = ("rest", "brow_raise", "gentle_eye_closure", "tight_eye_closure", "closed_smile", "show_teeth")


@pytest.mark.parametrize("verdict", ["normal", "uncertain", "weak"])
def test_a_caution_is_said_once_a_visit(as_clinician, visit, settings, tmp_path, verdict):
    """However many photos: what a verdict can't exclude, its long doubts, and no figure of what it leaves open."""
    settings.MODEL_ARTIFACTS_DIR = scenes.releases_in(tmp_path)
    for view in VIEWS_TAKEN:
        fields = UNCERTAIN if verdict == "uncertain" else {"weak_side": None} if verdict == "normal" else {}
        scenes.analysed(visit, view, verdict=verdict, **fields)
    page = as_clinician.get(reverse("visits:detail", args=[visit.pk])).content.decode()
    assert page.count("does not exclude a stroke") <= (verdict == "normal")
    cards = page.partition('class="card-grid')[2].partition("</ul>")[0]
    assert cards.count("<li") == len(VIEWS_TAKEN)
    for words in ("natural unevenness", "exclude", "leaves", "&nbsp;%", "\N{NO-BREAK SPACE}%", " %"):
        assert words not in cards

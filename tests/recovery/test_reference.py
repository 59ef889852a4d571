"""What is told of others: by cause and severity at first, with its source, and never of a stroke."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils.translation import override

from clinic.patients.models import Cause, RedFlags, WeakSide
from clinic.recovery.reference import FIGURES, Severity, reference_of, severity_at_first
from clinic.recovery.selectors import course
from clinic.report.audience import Audience
from tests import factories
from tests.report.conftest import made

from . import scenes

pytestmark = pytest.mark.django_db
TOLD = "How it went for others"


def told(episode, said=""):  # type: ignore[no-untyped-def]
    episode.refresh_from_db()
    found = reference_of(course(episode=episode), said=said)
    return {one.code for one in found.figures} if found else set()


def page(client, episode, **query):  # type: ignore[no-untyped-def]
    return client.get(reverse("patients:detail", args=[episode.patient_id]), query).content.decode()


@pytest.mark.parametrize(
    ("grade", "code"), [(6, "complete_palsy"), (5, "incomplete_palsy"), (2, "incomplete_palsy")]
)
def test_the_severity_at_first_is_a_clinicians_grade(as_clinician, episode, grade, code):
    scenes.visit(episode, 3, grade=grade)
    scenes.visit(episode, 60, grade=1)
    assert told(episode) == {code, "movement_three_weeks"}
    shown = page(as_clinician, episode)
    assert TOLD in shown and "Peitersen 2002" in shown
    assert ("61 recovered completely" in shown) == (grade == 6) == ("94 recovered completely" not in shown)


def test_a_palsy_that_became_complete_within_days_was_complete():
    assert severity_at_first([(2, 4), (9, 6), (40, 2)]) == Severity.COMPLETE
    assert severity_at_first([(14, 6)]) == Severity.COMPLETE
    assert severity_at_first([(15, 6)]) == Severity.UNKNOWN
    assert severity_at_first([(None, 6), (-1, 6)]) == Severity.UNKNOWN


def test_without_an_early_grade_it_is_asked_for(as_clinician, episode):
    scenes.visit(episode, 30, grade=6)
    assert {"complete_palsy", "incomplete_palsy"} <= told(episode)
    shown = page(as_clinician, episode)
    assert "complete at first" in shown and "first=incomplete" in shown
    assert told(episode, "complete") == {"complete_palsy", "movement_three_weeks"}
    answered = page(as_clinician, episode, first="incomplete")
    assert "94 recovered" in answered and "61 recovered" not in answered
    assert told(episode, "whatever") == told(episode)


def test_what_a_reader_says_does_not_overrule_a_grade(episode):
    scenes.visit(episode, 3, grade=6)
    assert "incomplete_palsy" not in told(episode, "incomplete")


def test_a_models_grade_tells_no_severity(episode):
    scenes.measured(episode, 3, grade=6)
    assert {"complete_palsy", "incomplete_palsy"} <= told(episode)


@pytest.mark.parametrize("cause", [one for one in Cause.values if one != Cause.BELLS_PALSY])
def test_of_no_other_cause_anything_is_told(as_clinician, clinician, episode, cause):
    scenes.visit(episode, 3, grade=6)
    type(episode).objects.update(cause=cause)
    assert told(episode) == set()
    assert TOLD not in page(as_clinician, episode)
    assert TOLD not in made(episode, clinician, Audience.REFERRER).document.html
    api = as_clinician.get(reverse("api:episode-history", args=[episode.pk])).json()
    assert api["reference"] is None


@pytest.mark.parametrize("state", [RedFlags.UNASKED, RedFlags.STROKE])
def test_nothing_is_told_until_a_stroke_is_out_of_question(as_clinician, episode, state):
    scenes.visit(episode, 3, grade=6)
    type(episode).objects.update(red_flags=state)
    assert told(episode) == set() and TOLD not in page(as_clinician, episode)


def test_nothing_is_told_of_both_sides(episode):
    scenes.visit(episode, 3, grade=6)
    type(episode).objects.update(weak_side=WeakSide.BOTH)
    assert told(episode) == set()


def test_steroids_count_where_they_were_begun_early(episode):
    scenes.visit(episode, 3, grade=4)
    treatment = factories.TreatmentFactory(episode=episode, date=scenes.on(3).date())
    assert {"prednisolone_three_months", "prednisolone_nine_months"} <= told(episode)
    type(treatment).objects.update(date=scenes.on(4).date())
    assert "prednisolone_nine_months" not in told(episode)
    type(episode).objects.update(onset_precision="month")
    assert "prednisolone_nine_months" not in told(episode)


def test_letter_and_api_tell_the_same_and_a_patients_page_nothing(as_clinician, clinician, episode):
    scenes.visit(episode, 3, grade=6)
    letter = made(episode, clinician, Audience.REFERRER).document.html
    assert TOLD in letter and "61 recovered completely" in letter and "Peitersen 2002" in letter
    assert "61" not in re.sub(r"<[^>]+>", "", made(episode, clinician, Audience.PATIENT).document.html)
    api = as_clinician.get(reverse("api:episode-history", args=[episode.pk])).json()["reference"]
    assert api["severity"] == "complete" and api["figures"][0]["of_100"] == 61


def test_every_figure_is_of_a_hundred_people_and_has_its_source():
    assert len({one.code for one in FIGURES}) == len(FIGURES)
    for one in FIGURES:
        assert one.cause not in (Cause.STROKE, Cause.OTHER) and 0 < one.of_100 <= 100
        assert re.fullmatch(r"[A-Z]\w+ \d{4}", one.source)
        for language in ("en", "id"):
            with override(language):
                assert "100" in str(one.text) and str(one.of_100) in str(one.text)

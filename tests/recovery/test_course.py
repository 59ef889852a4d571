"""The sentence on top of the page: true, and no surer than the measurements."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine

from clinic.recovery import rules
from clinic.recovery.change import RegionChange
from clinic.recovery.course import Course, _apart
from clinic.recovery.measures import MeasuredVisit, Reading
from clinic.recovery.selectors import history

from . import scenes

TODAY = dt.date(2026, 10, 4)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_october")]


@pytest.fixture
def in_october():  # type: ignore[no-untyped-def]
    with time_machine.travel(scenes.on(45), tick=False):
        yield


def said(episode):  # type: ignore[no-untyped-def]
    course = history(episode=episode).course
    return course.sentence.replace("\N{NO-BREAK SPACE}", " "), course


def test_nothing_measured(episode):
    scenes.visit(episode, 5)

    assert said(episode)[0] == "No analysed photos yet, so nothing can be said of the course."


def test_the_first_measured_visit_is_compared_with_nothing(episode):
    scenes.measured(episode, 5, mouth=0.62)

    sentence, course = said(episode)

    assert sentence == "Mouth 0.62 (ratio of distances) on 6 September (week 0), the first measured visit."
    assert (course.by, course.caveat) == (None, "")


def test_a_rise_since_the_first_visit_measured_alike(episode):
    scenes.measured(episode, 5, mouth=0.515)
    scenes.measured(episode, 12, mouth=0.55)
    scenes.measured(episode, 33, mouth=0.625)

    sentence, course = said(episode)

    # 0.515 is written 0.52 and 0.625 is written 0.63: a reader who subtracts must agree.
    assert sentence == (
        "Mouth 0.63 (ratio of distances) on 4 October (week 4), up 0.11 since 6 September (week 0)."
    )
    assert course.by == 0.11


def test_a_relapse_is_told_against_the_best_visit(episode, monkeypatch):
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", 0.1)
    for day, mouth in ((5, 0.3), (12, 0.8), (33, 0.45)):
        scenes.measured(episode, day, mouth=mouth)

    sentence, course = said(episode)

    assert sentence == (
        "Mouth 0.45 (ratio of distances) on 4 October (week 4); fell from 0.80 on 13 September (week 1)."
    )
    assert course.worse and course.mark == "Worse than at the visit before."


def test_the_region_that_fell_is_named_although_the_mouth_held(episode, monkeypatch):
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", 0.1)
    scenes.measured(episode, 5, brow=0.9, eye=0.9, mouth=0.8)
    scenes.measured(episode, 12, brow=0.9, eye=0.5, mouth=0.8)

    assert said(episode)[0].startswith("Eye 0.50 ")


def test_no_change_is_called_unchanged(episode):
    scenes.measured(episode, 5, mouth=0.601)
    scenes.measured(episode, 12, mouth=0.604)

    assert said(episode)[0].endswith("unchanged since 6 September (week 0).")


def test_another_release_is_no_base_for_a_change(episode):
    scenes.measured(episode, 5, mouth=0.3, release="2026.11.1")
    scenes.measured(episode, 12, mouth=0.8, release="2027.2")

    sentence, course = said(episode)

    assert sentence.endswith("no earlier visit was measured alike.")
    assert course.by is None


def test_an_earlier_year_is_named(episode):
    with time_machine.travel(scenes.on(200), tick=False):
        scenes.measured(episode, 5)

        assert "6 September 2026" in said(episode)[0]


def test_the_unknown_error_of_measurement_is_said(episode):
    scenes.measured(episode, 5, mouth=0.5)
    scenes.measured(episode, 12, mouth=0.8)

    course = said(episode)[1]

    assert course.beyond_error is None
    assert course.caveat.startswith("The measurement error is not known")


@pytest.mark.parametrize(("error", "word"), [(0.1, "More than"), (0.4, "Within")])
def test_a_known_error_settles_whether_anything_changed(episode, monkeypatch, error, word):
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", error)
    scenes.measured(episode, 5, mouth=0.5)
    scenes.measured(episode, 12, mouth=0.8)

    assert said(episode)[1].caveat.startswith(word)


def test_with_both_sides_weak_symmetry_is_no_measure_of_health(episode):
    episode.weak_side = "both"
    scenes.measured(episode, 5)

    assert said(episode)[1].caveat.startswith("Both sides are weak")


def test_before_onset_is_a_week_below_zero(episode):
    scenes.measured(episode, -3)

    assert "(week -1)" in said(episode)[0]


def test_the_exercises_are_named_where_the_chart_s_figure_is_of_others_too():
    """Only what both visits have is compared; the chart draws all that a visit has."""

    def figure(value, *exercises):  # type: ignore[no-untyped-def]
        return Reading(value, exercises[0], "r", uuid.uuid4(), False, "movement", exercises)

    now = MeasuredVisit()
    now.readings["mouth"] = figure(0.4, "smile_with_teeth", "pucker")
    change = RegionChange(
        "mouth", figure(0.9, "smile_with_teeth"), figure(0.5, "smile_with_teeth"), 0.1, 0.2, TODAY
    )
    found = Course(
        "changed", "mouth", change.after, TODAY, change, apart=_apart(change, now), weak_side="left"
    )
    assert "Mouth 0.50 of the right side's movement in Smile with teeth on" in found.sentence
    now.readings["mouth"] = figure(0.5, "smile_with_teeth")
    assert _apart(change, now) == ()

"""How much of a change may be noise is the release's to say, until the clinic has measured it."""

from __future__ import annotations

import uuid

import pytest
import time_machine
from django.urls import reverse

from clinic.recovery import noise, rules
from clinic.recovery.change import WHOLE, limit_of
from clinic.recovery.chart_words import length
from clinic.recovery.charts import panels
from clinic.recovery.comparing import compare
from clinic.recovery.course import number
from clinic.recovery.data import as_data
from clinic.recovery.measures import Reading
from clinic.recovery.progress import millimetres, progress
from clinic.recovery.selectors import history

from . import scenes
from .test_movement import photographed, symmetry

RELEASE = "2026.11.1"


@pytest.fixture
def repeatable(monkeypatch):  # type: ignore[no-untyped-def]
    """A release whose card tells the smallest detectable changes."""
    known = {"mouth_ratio.smile": 0.1, "brow_ratio.rest": 0.08, "eye_ratio.rest": "unknown"}
    monkeypatch.setattr(noise.registry, "repeatability", lambda name: known if name == RELEASE else {})


def test_the_release_tells_the_error_by_region_and_exercise(repeatable):
    assert noise.error_of(region="mouth", exercises=("smile",), release=RELEASE) == 0.1
    assert noise.error_of(region="mouth", exercises=("show_teeth",), release=RELEASE) is None
    assert noise.error_of(region="eye", exercises=("rest",), release=RELEASE) is None
    assert noise.error_of(region="brow", exercises=("rest",), release="2020.1.1") is None
    reading = Reading(0.7, "rest", RELEASE, uuid.uuid4())
    assert noise.measurement_error(reading, "brow") == 0.08


def test_the_clinics_own_figure_goes_before_the_releases(repeatable, monkeypatch):
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", 0.2)
    assert noise.error_of(region="mouth", exercises=("smile",), release="2020.1.1") == 0.2


@pytest.mark.django_db
def test_a_release_without_repeated_photos_leaves_the_error_unknown():
    assert noise.error_of(region="mouth", exercises=("smile",), release="2020.1.1") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("later", "word"),
    [(0.65, "Within the measurement error of 0.18: no detectable change."), (0.9, "More than")],
)
def test_the_page_says_whether_anything_changed(episode, repeatable, later, word):
    with time_machine.travel(scenes.on(45), tick=False):
        scenes.measured(episode, 5, mouth=0.6)
        scenes.measured(episode, 12, mouth=later)
        found = history(episode=episode)
        data = as_data(found)

    assert found.course.caveat.startswith(word)
    assert data["course"]["measurement_error"] == 0.1
    assert data["visits"][0]["model"]["mouth"]["measurement_error"] == 0.1
    assert data["visits"][0]["model"]["eye"]["measurement_error"] is None


@pytest.mark.django_db
@pytest.mark.parametrize(("later", "within"), [(0.65, True), (0.9, False)])
def test_two_photos_differ_by_nothing_within_the_error(episode, repeatable, later, within):
    with time_machine.travel(scenes.on(45), tick=False):
        scenes.measured(episode, 5, mouth=0.6)
        scenes.measured(episode, 12, mouth=later)
        found = compare(history=history(episode=episode), exercise="smile")

    assert {measure.region: measure.verdict for measure in found.measures} == {
        "mouth": "same" if within else "better",
        "eye": "unknown",
        "brow": "unknown",
    }


@pytest.mark.django_db
def test_without_a_known_error_no_difference_is_called_none(episode, as_clinician):
    with time_machine.travel(scenes.on(45), tick=False):
        scenes.measured(episode, 5, mouth=0.6)
        scenes.measured(episode, 12, mouth=0.6)
        found = compare(history=history(episode=episode), exercise="smile")

    assert {measure.verdict for measure in found.measures} == {"unknown"}
    page = as_clinician.get(reverse("recovery:compare", args=[episode.patient_id]) + "?exercise=smile")
    assert page.content.decode().count("error not known") == len(found.measures) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "verdict"), [(0.05, "better"), (0.9, "same")])
def test_the_clinics_own_error_decides_on_every_page(
    episode, as_clinician, patient, monkeypatch, error, verdict
):
    """Of movement and of distances, in the headline, in each exercise's row, and beside two photos."""
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", error)
    for day, opening, mouth in ((3, 8.0, 0.4), (24, 2.0, 0.9)):
        visit = scenes.visit(episode, day)
        photographed(visit, "rest", symmetry("palpebral_fissure", 10.0, 10.0))
        photographed(visit, "gentle_eye_closure", symmetry("palpebral_fissure", opening, 0.0))
        scenes.analysed(visit, "smile", release="2026.11.5", mouth=mouth)
    found = history(episode=episode)
    limit = limit_of(error, 1)

    rows = {one.key: one for one in progress(found)}
    for key, kind in (("gentle_eye_closure", "share"), ("smile", "ratio")):
        assert (rows[key].now.kind, rows[key].verdict, rows[key].limit) == (kind, verdict, limit)
    shown = {
        (key, one.what): (one.verdict, one.limit)
        for key in rows
        for one in compare(history=found, exercise=key).measures
        if one.difference and one.region != "brow"
    }
    assert shown.keys() >= {("gentle_eye_closure", "movement"), ("smile", "distance")}
    assert set(shown.values()) == {(verdict, limit)}
    assert {one.verdict for one in found.course.changes.first if one.by and one.region != WHOLE} == {verdict}
    text = as_clinician.get(reverse("patients:detail", args=[patient.pk])).content.decode()
    said = "better, by more than the error of" if verdict == "better" else "can't be told: error of"
    assert text.replace("&#x27;", "'").count(f"{said} {limit:.2f}") == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "said", "band"),
    [
        (0.3, "no detectable change; error up to 0.53", "a fall shows below 0.22"),
        (
            0.6,
            "can't be told: error of 1.06, as wide as the scale",
            "wider than this scale, no fall can show here",
        ),
    ],
)
def test_an_error_as_wide_as_the_scale_is_no_sign_that_nothing_changed(
    episode, monkeypatch, error, said, band
):
    """In the headline, in each exercise's row, beside two photos, and in the chart."""
    monkeypatch.setattr(rules, "MEASUREMENT_ERROR", error)
    for day, opening in ((3, 4.0), (24, 2.5)):
        visit = scenes.visit(episode, day)
        photographed(visit, "rest", symmetry("palpebral_fissure", 10.0, 10.0))
        photographed(visit, "gentle_eye_closure", symmetry("palpebral_fissure", opening, 0.0))
    found = history(episode=episode)

    (row,) = [one for one in progress(found) if one.key == "gentle_eye_closure"]
    (beside,) = [one for one in compare(history=found, exercise=row.key).measures if one.what == "movement"]
    assert (row.words, beside.words) == (said, said)
    eye = next(panel for panel in panels(found) if panel.key == "eye")
    assert band in next(one.label for one in eye.bands if one.kind == "error")
    assert ("nothing can be told" in found.course.caveat) is (error == 0.6)


@pytest.mark.parametrize(("value", "shown"), [(-0.004, "0.00"), (-0.03, "−0.03"), (0.0, "0.00")])
def test_nothing_has_no_sign(value, shown):
    assert number(value) == shown
    assert (length(value), millimetres(value)) == ("0.0", "0.0 mm")

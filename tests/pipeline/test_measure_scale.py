"""Millimetres: the irises' where they show, else those of the visit's photo at rest."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from inference.pipeline.errors import MeasurementFailed
from inference.pipeline.measure import carried_scale, measure, needs_rest, with_rest_scale

from .drawn import face, moved


def shut(scale: float = 1.0):
    """The same face with closed eyes, taken from another distance; the mesh makes up irises a third too wide."""
    points = face(p385=(25, 0), p386=(30, 0), p387=(35, 0), p380=(25, 1), p374=(30, 1), p373=(35, 1))
    for first, second in ((469, 471), (474, 476)):
        points[second, 0] = points[first, 0] + 1.33 * (points[second, 0] - points[first, 0])
    return moved(points, 8, scale)


def test_an_open_eyed_photo_says_that_its_irises_gave_the_scale():
    found = measure(moved(face(), 0, 2.0))
    assert found["scale_from"] == "iris"
    assert found["mm_per_px"] == pytest.approx(0.5, abs=1e-4)
    assert found["eyes_px"] == pytest.approx(120, abs=0.1)
    assert found["eyes_mm"] == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize("scale", [0.6, 1.0, 2.4])
def test_the_rest_photos_scale_holds_at_any_distance(scale):
    rest = measure(face())
    points = shut(scale)
    assert measure(points)["brow"]["left"] == pytest.approx(22 / 1.33, abs=0.1)
    found = measure(points, mm_per_px=carried_scale(points, rest["eyes_mm"]))
    assert found["scale_from"] == "rest_photo"
    assert found["brow"]["left"] == pytest.approx(22.0, abs=0.05)
    assert found["measures"]["palpebral_fissure"]["left"] == pytest.approx(1.125, abs=0.05)
    assert found["measures"]["palpebral_fissure"]["right"] == pytest.approx(11.25, abs=0.05)


def test_a_stored_result_can_take_the_rest_photos_scale_when_it_is_read():
    rest, points = measure(face()), shut(2.4)
    stored = measure(points)
    kept = dict(stored)
    read = with_rest_scale(stored, rest)
    anew = measure(points, mm_per_px=carried_scale(points, rest["eyes_mm"]))
    assert stored == kept, "the stored result never changes"
    assert read["scale_from"] == anew["scale_from"] == "rest_photo"
    assert read.keys() == anew.keys()
    for region in ("brow", "eye", "mouth"):
        assert read[region] == pytest.approx(anew[region], abs=0.02)
    assert read["commissure_drop"] == pytest.approx(anew["commissure_drop"], abs=0.02)
    for name, values in anew["measures"].items():
        for key, value in values.items():
            assert read["measures"][name][key] == (
                value if value is None else pytest.approx(value, abs=0.02)
            ), (name, key)
    assert read["mm_per_px"] == pytest.approx(anew["mm_per_px"], rel=1e-3)


def test_without_a_rest_photo_a_result_stays_as_it_is():
    stored = measure(shut())
    assert with_rest_scale(stored, None) == stored
    assert with_rest_scale(stored, {}) == stored
    assert with_rest_scale(stored, {"unit": "mm", "mm_per_px": 0.4}) == stored


def test_results_from_before_the_eyes_distance_was_kept_stay_as_they_are():
    old = {"unit": "mm", "mm_per_px": 0.4, "brow": {"left": 20.0, "right": 20.0, "ratio": 1.0}}
    assert with_rest_scale(old, measure(face())) == old
    assert with_rest_scale({}, measure(face())) == {}


def test_the_scale_is_carried_once():
    rest = measure(face())
    read = with_rest_scale(measure(shut(2.0)), rest)
    assert with_rest_scale(read, rest) == read


def test_a_missing_side_stays_missing():
    stored = measure(shut(2.0)) | {"eye": None, "mouth": {"left": None, "right": 10.0, "ratio": None}}
    read = with_rest_scale(stored, measure(face()))
    assert read["eye"] is None
    assert read["mouth"]["left"] is None and read["mouth"]["right"] > 10


@pytest.mark.parametrize(
    ("exercise", "warnings", "expected"),
    [
        ("gentle_eye_closure", [], True),
        ("tight_eye_closure", [], True),
        ("rest", [], False),
        ("closed_smile", ["eyes_closed"], True),
        ("closed_smile", ["soft"], False),
    ],
)
def test_which_photos_need_the_rest_photos_scale(exercise, warnings, expected):
    assert needs_rest(exercise, warnings) is expected


def test_irises_too_small_to_see_do_no_harm_where_the_scale_is_carried():
    points = face()
    points[471], points[476] = points[469], points[474]
    with pytest.raises(MeasurementFailed):
        measure(points)
    assert measure(points, mm_per_px=1.0)["brow"]["left"] == 22.0


@pytest.mark.parametrize("scale", [-1.0, 0.0, math.nan, math.inf])
def test_a_carried_scale_that_is_none_is_refused(scale):
    with pytest.raises(MeasurementFailed):
        measure(face(), mm_per_px=scale)


def test_eyes_on_one_point_give_no_frame():
    points = face()
    points[[33, 133, 362, 263], :2] = 0
    with pytest.raises(MeasurementFailed):
        measure(points)


def test_the_web_process_may_read_the_registry():
    said = subprocess.run(
        [sys.executable, "-c", "import inference.pipeline.measure, sys; print('numpy' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"

"""Left against right, in millimetres of the iris: what the charts draw from the first release on."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.codes import IRIS_DIAMETER_MM
from inference.pipeline.errors import MeasurementFailed
from inference.pipeline.measure import COMMISSURES, IRIS_EDGES, measure, ratio

from .drawn import IRIS_PX, moved
from .drawn import face as drawn_face


def test_an_even_face_measures_alike_on_both_sides():
    found = measure(drawn_face())
    assert found["mm_per_px"] == pytest.approx(1.0)
    assert found["brow"] == {"left": 22.0, "right": 22.0, "ratio": 1.0}
    assert found["eye"] == {"left": 10.0, "right": 10.0, "ratio": 1.0}
    assert found["mouth"] == {"left": 26.93, "right": 26.93, "ratio": 1.0}
    assert found["composite"] == 1.0
    assert found["commissure_drop"] == 0.0


def test_left_is_the_patients_left():
    points = drawn_face()
    points[COMMISSURES["left"], :2] = (10, 70)
    found = measure(points)
    assert found["mouth"]["left"] < found["mouth"]["right"] == 26.93
    assert found["commissure_drop"] == pytest.approx(10.0)


def test_lids_that_are_found_crossed_lie_on_each_other():
    crossed = drawn_face(p385=(25, 1), p386=(30, 2), p387=(35, 1), p380=(25, 0), p374=(30, -1), p373=(35, 0))
    found = measure(crossed)
    assert found["eye"] == {"left": 0.0, "right": 10.0, "ratio": 0.0}
    assert found["measures"]["palpebral_fissure"]["left"] == 0.0


@pytest.mark.parametrize(("turn", "scale"), [(25, 1.0), (-40, 3.0), (0, 0.5)])
def test_neither_tilt_nor_size_of_the_photo_matters(turn, scale):
    assert measure(moved(drawn_face(), turn, scale))["eye"] == {"left": 10.0, "right": 10.0, "ratio": 1.0}


def test_the_iris_gives_the_scale():
    points = drawn_face()
    for a, b in IRIS_EDGES.values():
        points[b, 0] = points[a, 0] + 2 * IRIS_PX
    assert measure(points)["mm_per_px"] == pytest.approx(0.5, abs=1e-4)
    assert measure(points)["iris_mm"] == IRIS_DIAMETER_MM


def test_closed_eyes_take_the_scale_of_another_photo():
    assert measure(drawn_face(), mm_per_px=2.0)["brow"]["left"] == 44.0


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(10, 5, 0.5), (5, 10, 0.5), (0.3, 0.4, None), (0.2, 8, 0.025), (-3, 8, 0.0)],
)
def test_the_ratio_is_the_smaller_over_the_larger(left, right, expected):
    assert ratio(left, right) == expected


def test_irises_of_no_size_give_no_number():
    points = drawn_face()
    for a, b in IRIS_EDGES.values():
        points[b] = points[a]
    with pytest.raises(MeasurementFailed):
        measure(points)


def test_points_that_are_no_numbers_give_no_number():
    points = drawn_face()
    points[7, 0] = np.nan
    with pytest.raises(MeasurementFailed):
        measure(points)

"""Five differences between left and right, without a network."""

from __future__ import annotations

import numpy as np
import pytest

from inference.pipeline.shape import MIRROR
from ml_training.baseline import NAMES, Baseline, differences

from .people import face, pictures


@pytest.fixture
def even() -> np.ndarray:
    return face(np.random.default_rng(0))[None].astype(float)


def test_an_even_face_has_no_differences(even):
    assert differences(even) == pytest.approx(np.zeros((1, 5)), abs=1e-5)


def test_each_difference_has_its_meaning(even):
    unit = 40.0  # px between the eyes' centres
    moved = np.repeat(even, 5, 0)
    moved[0, 61, 1] += 4  # the right corner hangs
    moved[1, 61, 0] -= 4  # the right corner is drawn outwards
    moved[2, [0, 13, 14, 17], 0] += 4  # the lips are drawn to the left
    moved[3, 145, 1] += 4  # the right eye is wider open
    moved[4, [105, 66], 1] -= 4  # the right brow is higher
    found = differences(moved)
    assert np.diag(found) == pytest.approx(np.full(5, 4 / unit), abs=1e-6)
    assert np.abs(found - np.diag(np.diag(found))).max() < 1e-6
    assert len(NAMES) == 5


def test_tilt_size_and_place_of_the_face_change_nothing(even):
    even[0, 61, 1] += 5
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    other = 2.5 * even[..., :2] @ turn + [30, -70]
    assert differences(other) == pytest.approx(differences(even), abs=1e-6)


def test_a_mirror_turns_the_sign(even):
    even[0, 61, 1] += 5
    mirrored = even[:, list(MIRROR)] * [-1, 1, 1]
    assert differences(mirrored) == pytest.approx(-differences(even), abs=1e-6)


def test_the_score_rises_with_unevenness():
    known = pictures(people=10)
    fitted = Baseline.fit(known)
    crooked = known.points.copy()
    crooked[:, 61, 1] += 8
    assert (fitted.score(crooked) > fitted.score(known.points)).mean() > 0.95
    assert set(fitted.as_dict()) == set(NAMES)

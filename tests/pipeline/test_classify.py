"""Arithmetic between a model's outputs and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.pipeline.align import crop_face
from inference.pipeline.classify import (
    Classifier,
    columns,
    grade_probabilities,
    sigmoid,
    softmax,
    suggested_grade,
)
from inference.pipeline.decode import decode
from inference.pipeline.gauge import Gauge
from inference.pipeline.landmarks import FaceMesh
from inference.pipeline.release import EVEN_GAUGE, PREPROCESSING_VERSION, SERVED, active_folder, load_release
from inference.pipeline.shape import MIRROR

from .conftest import PEOPLE

logits = st.lists(st.floats(-60, 60), min_size=5, max_size=5)


@given(logits)
def test_grades_are_probabilities_whatever_the_model_says(values):
    grades = grade_probabilities(np.array(values))
    assert grades.shape == (6,)
    assert grades.min() >= 0
    assert grades.sum() == pytest.approx(1)


@given(logits)
def test_the_palsy_is_the_first_step(values):
    assert 1 - grade_probabilities(np.array(values))[0] == pytest.approx(float(sigmoid(values[0])))


def test_exercises_are_probabilities():
    assert softmax(np.array([[1000.0, 0.0], [0.0, 0.0]])).tolist() == [[1.0, 0.0], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("grades", "threshold", "expected"),
    [
        ([0.9, 0.02, 0.02, 0.02, 0.02, 0.02], 0.5, 1),
        ([0.45, 0.4, 0.15, 0, 0, 0], 0.5, 2),
        ([0.55, 0.2, 0.25, 0, 0, 0], 0.4, 2),
        ([0.1, 0.1, 0.1, 0.3, 0.2, 0.2], 0.5, 4),
        ([0, 0, 0, 0, 0, 1.0], 0.5, 6),
    ],
)
def test_the_grade_is_the_median_and_at_least_two_for_a_palsy(grades, threshold, expected):
    assert suggested_grade(grades, threshold) == expected


def seen_and_mirrored(version: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network in use says of a weak smile, logits (27,), and of the same in a mirror, given the inputs of a
    version."""
    classifier = Classifier(replace(load_release(active_folder()), preprocessing=version))
    image = decode(PEOPLE / "t1-left-palsy-smile.jpg")
    points = FaceMesh().find(image)[0]
    crop = crop_face(image, points, classifier.size)
    other = points[list(MIRROR)] * np.array([-1, 1, 1], np.float32) + [image.shape[1] - 1, 0, 0]
    pair = (classifier.see(crop, points), classifier.see(np.ascontiguousarray(crop[:, ::-1]), other))
    return classifier.logits(pair[0]), classifier.logits(pair[1])


def test_a_mirrored_face_gets_the_same_answers_and_the_other_side():
    plain, mirrored = seen_and_mirrored(EVEN_GAUGE)
    for head in ("view", "steps"):
        assert mirrored[columns(head)] == pytest.approx(plain[columns(head)], abs=2e-3), head
    assert mirrored[columns("side")] == pytest.approx(-plain[columns("side")], abs=2e-3)
    zones = plain[columns("zones")].reshape(4, 2)
    assert mirrored[columns("zones")].reshape(4, 2) == pytest.approx(zones[:, ::-1], abs=2e-3)


def test_an_older_release_is_given_what_it_was_trained_on(monkeypatch):
    asked = []
    monkeypatch.setattr(Gauge, "even", lambda *_: asked.append("even") or np.zeros(52))
    monkeypatch.setattr(Gauge, "blendshapes", lambda *_: asked.append("one look") or np.zeros(52))
    for version in SERVED:
        seen_and_mirrored(version)
    assert asked == ["one look", "one look", "even", "even"]
    assert SERVED[-1] == PREPROCESSING_VERSION

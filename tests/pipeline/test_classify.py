"""Arithmetic between a model's outputs and what is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.pipeline.classify import grade_probabilities, sigmoid, softmax, suggested_grade

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

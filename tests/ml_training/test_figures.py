"""The arithmetic of the model card."""

from __future__ import annotations

import numpy as np
import pytest

from ml_training import evaluate
from ml_training.calibrate import palsy_threshold, temperatures
from ml_training.datasets import Pictures
from ml_training.evaluate import Said, bootstrap, calibration_error, figures, wilson


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    # 16 of 17 and 141 of 180, worked out by hand from Wilson's formula
    [(16, 17, 0.7302, 0.9895), (141, 180, 0.7176, 0.8374), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)],
)
def test_wilsons_interval(hits, count, low, high):
    assert wilson(hits, count) == pytest.approx((low, high), abs=2e-3)


def test_the_bootstrap_draws_people_not_pictures():
    """One person with all the errors makes the interval wide, however many pictures there are."""
    hit = np.r_[np.zeros(100), np.ones(900)]
    by_person = np.repeat(np.arange(10), 100)
    by_picture = np.arange(1000)
    wide = bootstrap(lambda rows: float(hit[rows].mean()), by_person)
    narrow = bootstrap(lambda rows: float(hit[rows].mean()), by_picture)
    assert wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])


def test_a_model_that_means_what_it_says_has_no_calibration_error():
    stated = np.repeat([0.25, 0.75], 1000)
    hit = np.r_[np.arange(1000) % 4 == 0, np.arange(1000) % 4 != 0].astype(float)
    assert calibration_error(stated, hit) == pytest.approx(0, abs=1e-9)
    assert calibration_error(stated, 1 - hit) == pytest.approx(0.5)


def made_up(count: int = 600) -> Pictures:
    rng = np.random.default_rng(0)
    grade = rng.integers(1, 7, count)
    side = np.where(grade > 1, rng.integers(0, 2, count), -1)
    person = np.array([f"p{n % 20}" for n in range(count)])
    return Pictures(
        np.zeros((count, 1, 1, 3), np.uint8), rng.integers(0, 6, count), grade, side, person,
        np.full(count, "val"),
    )  # fmt: skip


def test_overconfident_outputs_are_cooled():
    pictures = made_up()
    rng = np.random.default_rng(1)
    # Right in two of three, but as sure as if never wrong.
    exercise = np.where(rng.random(600) < 0.67, pictures.exercise, (pictures.exercise + 1) % 6)
    sure = 12 * np.eye(6)[exercise]
    palsy = 8 * (pictures.grade[:, None] > np.arange(1, 6)) - 4.0
    right = np.where(rng.random(600) < 0.8, pictures.side, 1 - pictures.side)
    fitted = temperatures(sure, np.column_stack([palsy, 10.0 * right - 5]), pictures)
    assert fitted["exercise"] > 2
    assert fitted["side"] > 2
    assert fitted["grade"] < 1


def test_the_threshold_lets_most_healthy_pictures_pass():
    probability = np.linspace(0, 1, 101)
    grade = np.ones(101, int)
    assert palsy_threshold(probability, grade) == pytest.approx(0.9)


def test_a_perfect_answer_scores_perfectly(monkeypatch):
    monkeypatch.setattr(evaluate, "RESAMPLES", 20)
    pictures = made_up()
    answer = Said(
        np.eye(6)[pictures.exercise], np.eye(6)[pictures.grade - 1], (pictures.side == 1).astype(float)
    )
    rows = {row["key"]: row for row in figures(answer, pictures, 0.5)}
    assert all(row["value"] == row["low"] == row["high"] == 1.0 for row in rows.values())
    assert rows["exercise_accuracy"]["people"] == 20

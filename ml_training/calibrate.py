"""Temperatures and thresholds, fitted on validation people."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from inference.pipeline.classify import STEPS, sigmoid, softmax
from ml_training.datasets import Pictures, palsy_targets

HEALTHY_PASSED = 0.90
"""The palsy threshold lets this share of healthy validation pictures through as normal."""


def _best(loss: Callable[[float], float]) -> float:
    """The temperature (0.2 to 8) of least loss."""
    found = minimize_scalar(
        lambda t: loss(float(np.exp(t))), bounds=(np.log(0.2), np.log(8)), method="bounded"
    )
    return round(float(np.exp(found.x)), 4)


def _log_loss(probability: np.ndarray, target: np.ndarray) -> float:
    p = np.clip(probability, 1e-7, 1 - 1e-7)
    return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).mean())


def temperatures(exercise: np.ndarray, palsy: np.ndarray, pictures: Pictures) -> dict[str, float]:
    """Divisors of the logits (N, 6) of each model: exercise, grade, side."""
    wanted = palsy_targets(pictures.grade, pictures.side)
    weak = pictures.side >= 0
    rows = np.arange(len(pictures))

    def exercise_loss(t: float) -> float:
        return float(-np.log(np.clip(softmax(exercise / t)[rows, pictures.exercise], 1e-9, 1)).mean())

    return {
        "exercise": _best(exercise_loss),
        "grade": _best(lambda t: _log_loss(sigmoid(palsy[:, :STEPS] / t), wanted[:, :STEPS])),
        "side": _best(lambda t: _log_loss(sigmoid(palsy[weak, STEPS] / t), wanted[weak, STEPS])),
    }


def palsy_threshold(palsy: np.ndarray, grade: np.ndarray) -> float:
    """Probability (N,) of a palsy from which a photo counts as weak."""
    return round(float(np.quantile(palsy[grade == 1], HEALTHY_PASSED)), 3)


def exercise_threshold(probabilities: np.ndarray, exercise: np.ndarray) -> float:
    """Highest of the probabilities (N, 6) under which the exercise is called unsure: half of the wrong
    answers on validation people lie below it. At least 0.5."""
    top, wrong = probabilities.max(-1), probabilities.argmax(-1) != exercise
    return round(max(0.5, float(np.median(top[wrong]))), 3) if wrong.any() else 0.5

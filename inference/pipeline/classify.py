"""The two classifiers, run by LiteRT: which exercise, and how weak which side is."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from inference.pipeline.errors import ClassificationFailed
from inference.pipeline.release import Release

EXERCISE_FILE: Final = "exercise.tflite"
PALSY_FILE: Final = "palsy.tflite"
STEPS: Final = 5
"""Outputs of the palsy model that say "worse than grade I", "worse than II", ... "worse than V"."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Calibrated probabilities. exercises: in the order of `codes.EXERCISES`; grades: I to VI; right: that
    the weaker side is the patient's right, given a palsy."""

    exercises: list[float]
    grades: list[float]
    right: float

    @property
    def palsy(self) -> float:
        """Probability of any weakness, 1 - P(grade I)."""
        return min(1.0, max(0.0, 1.0 - self.grades[0]))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    exp = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(exp / exp.sum(-1, keepdims=True))


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), safe for large values."""
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(logits) / 2)))


def grade_probabilities(logits: np.ndarray) -> np.ndarray:
    """(..., 6) probabilities of grades I to VI from (..., 5) logits of "worse than grade k".

    The five may cross by a hair; each is held at or below the one before it, so that no grade is negative
    (the rank consistency that CORAL asks for; Cao, Mirjalili and Raschka, Pattern Recogn Lett 2020).
    """
    worse = np.minimum.accumulate(sigmoid(logits), axis=-1)
    ones, zeros = np.ones_like(worse[..., :1]), np.zeros_like(worse[..., :1])
    return np.asarray(np.concatenate([ones, worse], -1) - np.concatenate([worse, zeros], -1))


def suggested_grade(grades: list[float], threshold: float) -> int:
    """Grade I below the palsy threshold, else the median of the grades' distribution, II at least."""
    if 1.0 - grades[0] < threshold:
        return 1
    total = 0.0
    for grade, probability in enumerate(grades, start=1):
        total += probability
        if total >= 0.5:
            return max(2, grade)
    return 6


class _Model:
    """One .tflite file: a square RGB crop in, logits out. Scaling of pixels is part of the model."""

    def __init__(self, path: str, size: int, outputs: int, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(model_path=path, num_threads=threads)
            self._interpreter.allocate_tensors()
            [given], [made] = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ClassificationFailed("A model file can't be loaded.") from error
        self._given, self._made = given["index"], made["index"]
        if tuple(given["shape"]) != (1, size, size, 3) or tuple(made["shape"]) != (1, outputs):
            raise ClassificationFailed("A model file has other inputs or outputs than its release says.")

    def logits(self, crop: np.ndarray) -> np.ndarray:
        """(outputs,) float64 of a crop (size, size, 3), uint8."""
        try:
            self._interpreter.set_tensor(self._given, crop[None].astype(np.float32))
            self._interpreter.invoke()
            result = self._interpreter.get_tensor(self._made)[0].astype(np.float64)
        except (ValueError, RuntimeError) as error:
            raise ClassificationFailed("A model could not be run.") from error
        if not np.isfinite(result).all():
            raise ClassificationFailed("A model gave something that is no number.")
        return np.asarray(result)


class Classifier:
    """Both models of a release. Not safe to share between threads."""

    def __init__(self, release: Release, threads: int = 1) -> None:
        self.release = release
        self.exercise_size = release.input_sizes["exercise"]
        self.palsy_size = release.input_sizes["palsy"]
        path = release.path
        self._exercise = _Model(str(path(EXERCISE_FILE)), self.exercise_size, len(release.exercises), threads)
        self._palsy = _Model(str(path(PALSY_FILE)), self.palsy_size, STEPS + 1, threads)

    def single(self, kind: str) -> _Model:
        """The model of a kind, "exercise" or "palsy", for a comparison with what it was made from."""
        return {"exercise": self._exercise, "palsy": self._palsy}[kind]

    def logits(self, exercise_crop: np.ndarray, palsy_crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Raw outputs: exercises (6,), and (6,) of five severity steps and the side (positive: right).

        Each crop is judged together with its mirror image, in which the side's sign turns: so no model leans
        to one side, and a mirrored photo gives the other side by construction.
        """
        exercise = [self._exercise.logits(crop) for crop in (exercise_crop, exercise_crop[:, ::-1])]
        seen, mirrored = (self._palsy.logits(crop) for crop in (palsy_crop, palsy_crop[:, ::-1]))
        mirrored[STEPS] *= -1
        return (exercise[0] + exercise[1]) / 2, (seen + mirrored) / 2

    def classify(self, exercise_crop: np.ndarray, palsy_crop: np.ndarray) -> Verdict:
        """Calibrated verdict on two crops of `align.crop_face`, of the models' sizes."""
        return self.verdict(*self.logits(exercise_crop, palsy_crop))

    def verdict(self, exercise: np.ndarray, palsy: np.ndarray) -> Verdict:
        """Calibrated probabilities of raw outputs."""
        temperature = self.release.temperatures
        return Verdict(
            exercises=softmax(exercise / temperature["exercise"]).tolist(),
            grades=grade_probabilities(palsy[:STEPS] / temperature["grade"]).tolist(),
            right=float(sigmoid(palsy[STEPS] / temperature["side"])),
        )

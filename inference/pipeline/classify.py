"""The network of a release, run by LiteRT: which view, how weak which side, how much each zone still moves."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.pipeline.codes import VIEWS, ZONES
from inference.pipeline.errors import ClassificationFailed
from inference.pipeline.lite import LiteModel
from inference.pipeline.release import Release
from inference.pipeline.shape import SHAPE_SIZE

NETWORK_FILE: Final = "network.tflite"
STEPS: Final = 5
"""Outputs that say "worse than grade I", "worse than II", ... "worse than V"."""
HEADS: Final = {"view": len(VIEWS), "steps": STEPS, "side": 1, "zones": 2 * len(ZONES), "done_side": 1}
"""The network's outputs and their widths, in the order in which they are laid side by side: logits all of them. side,
done_side: positive is the patient's right; zones: brow, eye, midface, mouth, of each the left and then the right."""
OUTPUTS: Final = sum(HEADS.values())


def columns(head: str) -> slice:
    """Where a head's logits lie in the network's output (..., 27)."""
    names = list(HEADS)
    start = sum(HEADS[name] for name in names[: names.index(head)])
    return slice(start, start + HEADS[head])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Calibrated probabilities. exercises: in the order of the release's views; grades: I to VI; right: that the
    weaker side is the patient's right, given a palsy; zones: [left, right] movement left of each of `ZONES`."""

    exercises: list[float]
    grades: list[float]
    right: float
    zones: list[list[float]]

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


def palsy_verdict(palsy: float, thresholds: dict[str, float]) -> str:
    """ "weak", "normal", or "uncertain" between the release's two thresholds."""
    if palsy >= thresholds.get("palsy_high", thresholds["palsy"]):
        return "weak"
    return "normal" if palsy < thresholds.get("palsy_low", thresholds["palsy"]) else "uncertain"


class Classifier:
    """The network of a release, for one photo at a time. Not safe to share between threads.

    It sees each face beside its mirror image and is built so that a mirrored photo gives the other side and else the
    same answers. The scaling of pixels and points is part of it.
    """

    def __init__(self, release: Release, threads: int = 1) -> None:
        self.release = release
        self.size = release.input_sizes["network"]
        self._model = LiteModel(release.path(NETWORK_FILE), threads)
        wanted = {(1, self.size, self.size, 3), (1, SHAPE_SIZE)}
        if self._model.takes != wanted or self._model.gives != {(1, OUTPUTS)} or release.exercises != VIEWS:
            raise ClassificationFailed("The model file has other inputs or outputs than its release says.")

    def logits(self, crop: np.ndarray, shape: np.ndarray) -> np.ndarray:
        """(27,) float64, laid out as `HEADS`, of a crop (size, size, 3), uint8, and its mesh's `shape.features`
        (1434,). Raises ClassificationFailed."""
        return self._model.run(crop, shape)[(1, OUTPUTS)]

    def classify(self, crop: np.ndarray, shape: np.ndarray) -> Verdict:
        """Calibrated verdict on a crop of `align.crop_face` and the features of its mesh."""
        return self.verdict(self.logits(crop, shape))

    def verdict(self, logits: np.ndarray) -> Verdict:
        """Calibrated probabilities of raw outputs (27,)."""
        temperature = self.release.temperatures
        return Verdict(
            exercises=softmax(logits[columns("view")] / temperature["exercise"]).tolist(),
            grades=grade_probabilities(logits[columns("steps")] / temperature["grade"]).tolist(),
            right=float(sigmoid(logits[columns("side")] / temperature["side"])[0]),
            zones=sigmoid(logits[columns("zones")]).reshape(len(ZONES), 2).tolist(),
        )

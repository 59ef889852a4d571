"""The network of a release, run by LiteRT: which view, how weak which side, how much each zone still moves."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.pipeline.codes import VIEWS, ZONES
from inference.pipeline.errors import ClassificationFailed
from inference.pipeline.gauge import NAMES, Gauge
from inference.pipeline.lite import LiteModel
from inference.pipeline.release import EVEN_GAUGE, JUDGEMENT_FILE, Release
from inference.pipeline.shape import SHAPE_SIZE, features

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
class Prediction:
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


def palsy_verdict(palsy: float, thresholds: dict[str, float], view: str = "") -> str:
    """ "weak", "normal", or "uncertain" between the release's two thresholds. A view in which healthy people look
    uneven (a sneer is asked of one side) may have a higher upper one of its own, "palsy_high:sneer"."""
    if palsy >= thresholds.get(f"palsy_high:{view}", thresholds.get("palsy_high", thresholds["palsy"])):
        return "weak"
    return "normal" if palsy < thresholds.get("palsy_low", thresholds["palsy"]) else "uncertain"


class Classifier:
    """The network of a release, for one photo at a time. Not safe to share between threads.

    It looks at each face beside its mirror image and is built so that a mirrored photo gives the other side and else
    the same answers. The scaling of pixels and points is part of it. Releases with a judgement judge a face beside the
    same face at rest, where they are given one; those before 2026.11.6 look and judge in one file, and know none.
    """

    def __init__(self, release: Release, threads: int = 1) -> None:
        """Raises ClassificationFailed, ModelMissing, ModelAltered."""
        self.release = release
        self.size = release.input_sizes["network"]
        self.uses_reference = release.uses_reference
        self._eye = LiteModel(release.path(NETWORK_FILE), threads)
        self._gauge = Gauge(threads) if self.uses_reference else None
        self._judgement = LiteModel(release.path(JUDGEMENT_FILE), threads) if self.uses_reference else None
        if not self._fits():
            raise ClassificationFailed("The model file has other inputs or outputs than its release says.")

    def _fits(self) -> bool:
        takes = {(1, self.size, self.size, 3), (1, SHAPE_SIZE)}
        if self.release.exercises != VIEWS or len(self._eye.gives) != 1:
            return False
        [seen] = self._eye.gives
        if self._judgement is None:
            return self._eye.takes == takes and seen == (1, OUTPUTS)
        judged = self._judgement.takes == {(1, 2, *seen[1:]), (1, 1)}
        return (
            self._eye.takes == takes | {(1, len(NAMES))}
            and judged
            and self._judgement.gives == {(1, OUTPUTS)}
        )

    def see(self, crop: np.ndarray, points: np.ndarray) -> np.ndarray:
        """What there is to judge in one photo, or to judge another by: of a crop (size, size, 3), uint8, and the mesh's
        points (478, 3), px. Nothing of it is ever kept. Raises ClassificationFailed, LandmarksFailed."""
        given = [crop, features(points)]
        if self._gauge is not None:
            evenly = self.release.preprocessing >= EVEN_GAUGE
            given.append(self._gauge.even(points) if evenly else self._gauge.blendshapes(points))
        [seen] = self._eye.run(*given).values()
        return np.asarray(seen)

    def logits(self, seen: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
        """(27,) float64, laid out as `HEADS`. seen: of the photo; reference: of the same face at rest. Raises
        ClassificationFailed."""
        if self._judgement is None:
            return seen
        rest = np.zeros_like(seen) if reference is None else reference
        known = np.array([0.0 if reference is None else 1.0])
        return self._judgement.run(np.stack([seen, rest]), known)[(1, OUTPUTS)]

    def classify(self, seen: np.ndarray, reference: np.ndarray | None = None) -> Prediction:
        """Calibrated verdict on what `see` saw, beside the same face at rest or alone."""
        return self.verdict(self.logits(seen, reference))

    def verdict(self, logits: np.ndarray) -> Prediction:
        """Calibrated probabilities of raw outputs (27,)."""
        temperature = self.release.temperatures
        return Prediction(
            exercises=softmax(logits[columns("view")] / temperature["exercise"]).tolist(),
            grades=grade_probabilities(logits[columns("steps")] / temperature["grade"]).tolist(),
            right=float(sigmoid(logits[columns("side")] / temperature["side"])[0]),
            zones=sigmoid(logits[columns("zones")]).reshape(len(ZONES), 2).tolist(),
        )

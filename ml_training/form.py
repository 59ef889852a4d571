"""The second task that a network learns by: where the landmarks of the face truly lie.

A view, a side and a grade are a few bits of a picture, and a movement of a millimetre is easily lost in them. The
simulator knows each vertex, so the network is asked for all of them while it learns; nothing of that is in a release.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf

from inference.pipeline.shape import MIRROR
from ml_training.datasets import TRUE_POINTS, Pictures
from ml_training.measurement.tables import TRUTH_INDICES

MIRRORED_TRUTH: Final = tuple(TRUTH_INDICES.tolist().index(MIRROR[index]) for index in TRUTH_INDICES)
"""The true point that each one becomes in a mirror."""

FACE: Final = slice(17, TRUE_POINTS)
"""The true points without the line of the jaw, which hair and beards hide."""
EYE_CORNERS: Final = (36, 39, 42, 45)
"""Right outer and inner, left inner and outer, among the Multi-PIE landmarks."""
SIZE: Final = 3 * (TRUE_POINTS - FACE.start)
"""Numbers in the even part, and in the odd part."""
TARGETS: Final = 2 * SIZE + 1
FARTHEST: Final = 8.0
"""No target lies farther from the mean, in spreads."""


@dataclass(frozen=True)
class Form:
    """What is asked: the landmarks in the head's own frame, split into the even part, which a mirror leaves as it is,
    and the odd part, which it turns over, each over its spread among the training pictures.

    mean, even, odd: (SIZE,) mm.
    """

    mean: np.ndarray
    even: np.ndarray
    odd: np.ndarray

    @classmethod
    def fitted(cls, pictures: Pictures) -> "Form":
        """Mean and spreads of the pictures whose truth is known; ValueError where there is none."""
        even, odd = _parts(pictures.truth_mm)
        known = np.isfinite(even).all(1)
        if not known.any():
            raise ValueError("No picture knows where its landmarks truly lie: train without `form`.")
        even, odd = even[known], odd[known]
        return cls(even.mean(0), even.std(0) + 0.1, np.sqrt(np.square(odd).mean(0)) + 0.1)

    def of(self, pictures: Pictures) -> np.ndarray:
        """(N, TARGETS) float32: even part, odd part, and 1 where they are known."""
        even, odd = _parts(pictures.truth_mm)
        known = np.isfinite(even).all(1, keepdims=True)
        parts = np.concatenate([(even - self.mean) / self.even, odd / self.odd], 1)
        parts = np.clip(np.nan_to_num(parts), -FARTHEST, FARTHEST)
        return np.concatenate([parts, known], 1).astype(np.float32)


def _parts(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Even and odd part (N, SIZE) of true points (N, 80, 3), mm, counted from between the eyes."""
    points = truth - truth[:, EYE_CORNERS].mean(1, keepdims=True)
    mirrored = points[:, MIRRORED_TRUTH] * [-1, 1, 1]
    even, odd = ((points + sign * mirrored)[:, FACE].reshape(len(truth), -1) / 2 for sign in (1, -1))
    return even, odd


def loss(target: Any, said: Any) -> Any:
    """(N,): mean squared distance of both parts (N, 2 * SIZE) from their target (N, TARGETS), where it is known."""
    return tf.reduce_mean(tf.square(said - target[:, :-1]), -1) * target[:, -1]

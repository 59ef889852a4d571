"""A face's true form as numbers that a mirror leaves as they are, or turns over."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.pipeline.places import EYE_CORNERS, JAW, MIRRORED
from ml_training.datasets import TRUE_POINTS, Pictures

SIZE: Final = 3 * (TRUE_POINTS - JAW)
"""Numbers in the even part, and in the odd part."""
FARTHEST: Final = 8.0
"""No number lies farther from the mean, in spreads."""


@dataclass(frozen=True)
class Form:
    """The landmarks in the head's own frame, split into the even part, which a mirror leaves as it is, and the odd
    part, which it turns over, each over its spread among the training pictures.

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
            raise ValueError("No picture knows where its landmarks truly lie.")
        even, odd = even[known], odd[known]
        return cls(even.mean(0), even.std(0) + 0.1, np.sqrt(np.square(odd).mean(0)) + 0.1)

    def of(self, pictures: Pictures) -> np.ndarray:
        """(N, 2 * SIZE) float32: even part and odd part of pictures whose truth is known."""
        even, odd = _parts(pictures.truth_mm)
        parts = np.concatenate([(even - self.mean) / self.even, odd / self.odd], 1)
        return np.clip(parts, -FARTHEST, FARTHEST).astype(np.float32)


def _parts(truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Even and odd part (N, SIZE) of true points (N, 80, 3), mm, counted from between the eyes."""
    points = truth - truth[:, np.ravel(EYE_CORNERS)].mean(1, keepdims=True)
    mirrored = points[:, MIRRORED] * [-1, 1, 1]
    even, odd = ((points + sign * mirrored)[:, JAW:].reshape(len(truth), -1) / 2 for sign in (1, -1))
    return even, odd

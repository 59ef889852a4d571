"""Where faces are in a picture, and how they are held: BlazeFace, short range (Bazarevsky et al., arXiv 1907.05047).

The network looks at the whole picture in 128 x 128 px. Its anchors, the decoding and the weighted suppression are those
of MediaPipe's face_detector_graph.cc (Apache-2.0).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from inference.pipeline import bundle
from inference.pipeline.errors import LandmarksFailed
from inference.pipeline.lite import LiteModel

SIDE: Final = 128
"""Side of the picture that the network sees, px."""
CELLS: Final = ((16, 2), (8, 6))
"""Cells across the picture, and anchors in each cell's middle: 896 in all."""
KEYPOINTS: Final = 6
"""Right eye, left eye (the person's own), tip of the nose, mouth, right ear, left ear."""
RIGHT_EYE, LEFT_EYE, NOSE, MOUTH = range(4)
BOXES_SHAPE: Final = (1, 896, 4 + 2 * KEYPOINTS)
SCORES_SHAPE: Final = (1, 896, 1)
LEAST_SCORE: Final = 0.5
SAME_FACE: Final = 0.3
"""Two boxes that share more than this (intersection over union) are one face."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that the detector saw, in px of the picture.

    score: 0 to 1. box: its middle, width and height (4,). keypoints: (6, 2), see `KEYPOINTS`.
    """

    score: float
    box: np.ndarray
    keypoints: np.ndarray

    @property
    def roll_deg(self) -> float:
        """How far the head is turned in the picture's plane, -180 to 180 degrees, 0 upright, positive clockwise as the
        picture is seen: by the line between the eyes."""
        across = self.keypoints[LEFT_EYE] - self.keypoints[RIGHT_EYE]
        return float(np.degrees(np.arctan2(across[1], across[0])))


def _anchors() -> np.ndarray:
    """(896, 2) middles of the anchors, shares of the picture."""
    laid = []
    for count, each in CELLS:
        middles = (np.arange(count) + 0.5) / count
        right, down = np.meshgrid(middles, middles)
        laid.append(np.repeat(np.column_stack([right.ravel(), down.ravel()]), each, axis=0))
    return np.concatenate(laid)


class FaceDetector:
    """For one picture at a time; not safe to share between threads."""

    def __init__(self, threads: int = 1) -> None:
        """Raises ModelMissing, ModelAltered, LandmarksFailed."""
        self._model = LiteModel(bundle.network(bundle.DETECTOR), threads, LandmarksFailed)
        self._anchors = _anchors()

    def find(self, image: np.ndarray) -> list[Detection]:
        """Faces in an RGB image (h, w, 3) uint8, the surest first. Raises LandmarksFailed."""
        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        left, top = (SIDE - width * scale) / 2, (SIDE - height * scale) / 2
        # As MediaPipe lays a picture: its outer edges on the square's, black beside it, no smoothing before.
        matrix = np.array([[scale, 0, left], [0, scale, top]])
        small = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        seen = self._model.run(small.astype(np.float32) / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(seen[SCORES_SHAPE][:, 0], -100, 100)))
        likely = np.flatnonzero(scores >= LEAST_SCORE)
        likely = likely[np.argsort(-scores[likely], kind="stable")]
        places = seen[BOXES_SHAPE][likely].reshape(-1, 2 + KEYPOINTS, 2)  # middle, size, keypoints
        places[:, [0, *range(2, 2 + KEYPOINTS)]] += self._anchors[likely, None] * SIDE
        merged = _merged(places, scores[likely])
        return [_in_picture(score, place, scale, (left, top)) for score, place in merged]


def _in_picture(score: float, place: np.ndarray, scale: float, edge: tuple[float, float]) -> Detection:
    """place: (8, 2) px of the network's square."""
    moved = (place - edge) / scale
    return Detection(score, np.concatenate([moved[0], place[1] / scale]), moved[2:])


def _merged(places: np.ndarray, scores: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """One (8, 2) place for each face, the mean of those that overlap the surest of them, weighted by their scores.

    places: (n, 8, 2), middle, size, keypoints; scores: (n,), falling.
    """
    found = []
    while len(places):
        same = _overlap(places[0], places) > SAME_FACE
        same[0] = True
        found.append((float(scores[0]), np.average(places[same], axis=0, weights=scores[same])))
        places, scores = places[~same], scores[~same]
    return found


def _overlap(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) intersection over union of a box with boxes, each (8, 2) with its middle and size first."""
    low = np.maximum(one[0] - one[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, others[:, 0] + others[:, 1] / 2)
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    both = np.prod(one[1]) + np.prod(others[:, 1], axis=-1) - shared
    return np.asarray(shared / np.maximum(both, 1e-9))

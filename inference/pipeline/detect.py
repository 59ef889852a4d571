"""Where faces are in a picture, and how they are held: BlazeFace, short range (Bazarevsky et al., arXiv 1907.05047).

The network looks at the whole picture in 128 x 128 px. Its anchors, the decoding and the weighted suppression are those
of MediaPipe's face_detector_graph.cc (Apache-2.0).

It knows upright faces. Held up to 75 degrees to a side they are found as they are; beyond that it takes the mouth for
the eyes, less surely. So a picture in which it isn't sure is looked at from all four sides, and the surest look counts.
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
SURE: Final = 0.9
HELD_UPRIGHT_DEG: Final = 45
"""A face found with this score, its eyes turned by less than this, is upright; docs/photo-quality.md says how often."""
PART: Final = 1 / 3
"""Side of the parts of a second look over the picture's longer side."""
LEAST_SCORE_DISTANT: Final = 0.75
"""Twenty parts give a wall or a plant twenty chances to be taken for a face."""
SAME_FACE: Final = 0.3
"""Two boxes that share more than this (intersection over union) are one face."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that the detector saw, in px of the picture.

    score: 0 to 1. box: its middle, and its width and height along the head's own axes (4,). keypoints: (6, 2), see
    `KEYPOINTS`. distant: whether only a second look, at parts of the picture, found it.
    """

    score: float
    box: np.ndarray
    keypoints: np.ndarray
    distant: bool = False

    @property
    def roll_deg(self) -> float:
        """How far the head is turned in the picture's plane, -180 to 180 degrees, 0 upright, positive clockwise as the
        picture is seen: by the line between the eyes."""
        return _roll_deg(self.keypoints)


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
        """Faces in an RGB image (h, w, 3) uint8, the surest first, whichever side of the picture is up. Raises
        LandmarksFailed."""
        return self._find(image) or self._find_distant(image)

    def _find_distant(self, image: np.ndarray) -> list[Detection]:
        """Faces that are too small in the whole picture, found in parts of it that overlap by half."""
        part = round(max(image.shape[:2]) * PART)
        if part < SIDE:
            return []
        found: list[Detection] = []
        for top in _starts(image.shape[0], part):
            for left in _starts(image.shape[1], part):
                corner = np.array([left, top])
                for seen in self._find(np.ascontiguousarray(image[top : top + part, left : left + part])):
                    box = np.concatenate([seen.box[:2] + corner, seen.box[2:]])
                    if seen.score >= LEAST_SCORE_DISTANT:
                        found.append(Detection(seen.score, box, seen.keypoints + corner, distant=True))
        found.sort(key=lambda one: -one.score)
        apart: list[Detection] = []
        for one in found:
            reach = [max(one.box[2:].max(), other.box[2:].max()) / 2 for other in apart]
            away = [float(np.linalg.norm(one.box[:2] - other.box[:2])) for other in apart]
            if all(far > near for far, near in zip(away, reach, strict=True)):
                apart.append(one)
        return apart

    def _find(self, image: np.ndarray) -> list[Detection]:
        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        edge = np.array([SIDE - width * scale, SIDE - height * scale]) / 2
        # As MediaPipe lays a picture: its outer edges on the square's, black beside it, no smoothing before.
        matrix = np.column_stack([np.eye(2) * scale, edge])
        square = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        return [
            Detection(
                score,
                np.concatenate([(place[0] - edge) / scale, place[1] / scale]),
                (place[2:] - edge) / scale,
            )
            for score, place in self._surest(square)
        ]

    def _surest(self, square: np.ndarray) -> list[tuple[float, np.ndarray]]:
        """Score and place (8, 2), px of the square, of each face, from the side of the square that shows them best."""
        best = self._look(square)
        if best and best[0][0] >= SURE and abs(_roll_deg(best[0][1][2:])) <= HELD_UPRIGHT_DEG:
            return best
        for quarters in (1, 2, 3):
            seen = self._look(np.ascontiguousarray(np.rot90(square, quarters)))
            if seen and (not best or seen[0][0] > best[0][0]):
                best = [(score, _turned_back(place, quarters)) for score, place in seen]
        return best

    def _look(self, square: np.ndarray) -> list[tuple[float, np.ndarray]]:
        """Score and place (8, 2), px of the square, of each face, the surest first."""
        seen = self._model.run(square.astype(np.float32) / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(seen[SCORES_SHAPE][:, 0], -100, 100)))
        likely = np.flatnonzero(scores >= LEAST_SCORE)
        likely = likely[np.argsort(-scores[likely], kind="stable")]
        places = seen[BOXES_SHAPE][likely].reshape(-1, 2 + KEYPOINTS, 2)  # middle, size, keypoints
        places[:, [0, *range(2, 2 + KEYPOINTS)]] += self._anchors[likely, None] * SIDE
        return _merged(places, scores[likely])


def _starts(length: int, part: int) -> list[int]:
    """Where parts begin along a side of the picture, so that each lies inside it and half overlaps the next."""
    if length <= part:
        return [0]
    count = 1 + -(-(length - part) * 2 // part)
    return [round(index * (length - part) / (count - 1)) for index in range(count)]


def _roll_deg(keypoints: np.ndarray) -> float:
    across = keypoints[LEFT_EYE] - keypoints[RIGHT_EYE]
    return float(np.degrees(np.arctan2(across[1], across[0])))


def _turned_back(place: np.ndarray, quarters: int) -> np.ndarray:
    """A place (8, 2) of the square turned by `np.rot90(square, quarters)`, in px of the square before. Width and height
    stay those along the head's axes."""
    for _ in range(quarters):
        points = np.column_stack([SIDE - place[:, 1], place[:, 0]])
        points[1] = place[1]
        place = points
    return place


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

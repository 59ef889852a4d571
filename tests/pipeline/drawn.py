"""A face drawn with a ruler: every point that a measure reads, at a place that can be computed by hand."""

from __future__ import annotations

import numpy as np

from inference.pipeline.measure import frame

IRIS_PX = 11.77
"""So that a pixel is a millimetre."""

# x outwards from the midline and y down, px, for the patient's left side; the right is its mirror image.
LEFT = {
    362: (15, 0), 263: (45, 0),  # the eye's corners, inner and outer
    385: (25, -5), 386: (30, -5), 387: (35, -5), 380: (25, 5), 374: (30, 5), 373: (35, 5),  # lids
    336: (10, -22), 296: (20, -22), 334: (30, -22), 293: (40, -22), 300: (50, -22), 301: (50, -22),  # brow
    291: (25, 60), 269: (18, 56), 267: (8, 53),  # the upper lip's edge
    375: (22, 62), 321: (18, 64), 405: (14, 66), 314: (6, 70),  # the lower lip's edge
    308: (23, 60), 312: (12, 58), 317: (12, 63),  # the lips' inner edges
    423: (18, 38), 426: (24, 48), 436: (30, 60),  # the nasolabial fold
    473: (30, 0),  # the pupil
}  # fmt: skip
MIDDLE = {0: 54, 17: 70, 13: 57, 14: 63}
TWINS = {
    362: 133, 263: 33, 385: 158, 386: 159, 387: 160, 380: 153, 374: 145, 373: 144,
    336: 107, 296: 66, 334: 105, 293: 63, 300: 70, 301: 71, 291: 61, 269: 39, 267: 37,
    375: 146, 321: 91, 405: 181, 314: 84, 308: 78, 312: 82, 317: 87, 423: 203, 426: 206, 436: 216, 473: 468,
}  # fmt: skip


def face(**changes: tuple[float, float]) -> np.ndarray:
    """(478, 3) px, alike on both sides but for `changes`: p291=(20, 66) puts that mesh point elsewhere."""
    points = np.zeros((478, 3), np.float32)
    for index, (x, y) in LEFT.items():
        points[index, :2] = (x, y)
        points[TWINS[index], :2] = (-x, y)
    for index, y in MIDDLE.items():
        points[index, :2] = (0, y)
    for side, (first, second) in frame.IRIS_EDGES.items():
        x = 30 * frame.OUTWARDS[side]
        points[first, :2], points[second, :2] = (x - IRIS_PX / 2, 0), (x + IRIS_PX / 2, 0)
    for name, place in changes.items():
        points[int(name[1:]), :2] = place
    return points


def mirrored(points: np.ndarray) -> np.ndarray:
    """The face as it would be with left and right exchanged."""
    twin = np.arange(len(points))
    for left, right in TWINS.items():
        twin[left], twin[right] = right, left
    left_ends, right_ends = list(frame.IRIS_EDGES["left"]), list(frame.IRIS_EDGES["right"])
    twin[left_ends], twin[right_ends] = right_ends[::-1], left_ends[::-1]
    flipped = points[twin].copy()
    flipped[:, 0] *= -1
    return flipped


def moved(points: np.ndarray, turn: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Another photo of it: the camera turned, degrees, and at another distance."""
    angle = np.radians(turn)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result = points.copy()
    result[:, :2] = points[:, :2] @ matrix.T + [300, 200]
    result[:, 2] *= scale
    return result

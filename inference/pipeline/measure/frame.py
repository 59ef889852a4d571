"""A face in its own frame, px: which mesh point is which, and how far lines through them lie up or down.

Standard library only, and an array of numpy's is taken as the plain numbers that it holds: a web process, which has
no numpy, measures points that were moved by hand exactly as the pipeline does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from inference.pipeline.errors import MeasurementFailed

if TYPE_CHECKING:
    import numpy as np

Point = tuple[float, float]
Rows = Sequence[Sequence[float]]
"""Points, px: x, y and, where it is known, z."""
Points: TypeAlias = "np.ndarray | Rows"

# MediaPipe mesh indices; the patient's right side lies on the picture's left. The comments give the Multi-PIE
# landmarks, counted from 0, that Emotrics uses for the same lines.
EYE_CORNERS: Final = {"right": (33, 133), "left": (362, 263)}
LIDS: Final = {
    "right": ((160, 144), (159, 145), (158, 153)),
    "left": ((387, 373), (386, 374), (385, 380)),
}
"""Pairs of upper and lower lid points about the middle of the eye."""
UPPER_LIDS: Final = {"right": (33, 160, 158, 133), "left": (362, 385, 387, 263)}  # 36-39, 42-45
LOWER_LIDS: Final = {"right": (33, 144, 153, 133), "left": (362, 380, 373, 263)}  # 36, 41, 40, 39; 42, 47-45
BROWS: Final = {"right": (70, 63, 105, 66, 107), "left": (336, 296, 334, 293, 300)}
BROW_LINES: Final = {"right": (71, 63, 105, 66, 107), "left": (336, 296, 334, 293, 301)}  # 17-21, 22-26
COMMISSURES: Final = {"right": 61, "left": 291}  # 48, 54
LOWER_LIP: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""The lower lip's outer edge, from the right to the left oral commissure."""
UPPER_LIP_LINE: Final = (61, 39, 37, 0, 267, 269, 291)  # 48-54
LOWER_LIP_LINE: Final = (61, 181, 84, 17, 314, 405, 291)  # 48, 59-54
UPPER_INNER_LIP: Final = (78, 82, 13, 312, 308)  # 60-64
LOWER_INNER_LIP: Final = (78, 87, 14, 317, 308)  # 60, 67-64
PHILTRUM: Final = 0  # 51
FOLDS: Final = {"right": (203, 206, 216), "left": (423, 426, 436)}
"""Mesh points along the nasolabial fold, from the wing of the nose to beside the commissure."""
NOSE_BASE: Final = 2  # 33
PUPILS: Final = {"right": 468, "left": 473}
IRIS_EDGES: Final = {"right": (469, 471), "left": (474, 476)}
"""Both ends of each iris' horizontal diameter."""
OUTWARDS: Final = {"right": -1.0, "left": 1.0}
"""Sign of x on each side of the midline."""


def rows_of(points: Points) -> Rows:
    """The points as plain numbers: an array's, or the given ones."""
    return points.tolist() if hasattr(points, "tolist") else points


def eye_centres(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the right and left eye, px: means of their corners, which stay when an eye closes.

    points: (N, 2 or more); the centres have as many columns.
    """
    right, left = (points[list(EYE_CORNERS[side])].mean(0).astype(float) for side in ("right", "left"))
    return right, left


def centres_of(rows: Rows) -> tuple[list[float], list[float]]:
    """The same of plain points, with as many numbers as they have."""
    right, left = (
        [sum(pair) / 2 for pair in zip(*(rows[index] for index in EYE_CORNERS[side]), strict=True)]
        for side in ("right", "left")
    )
    return right, left


def face_frame(points: Points) -> list[list[float]]:
    """Points [x, y], px, in the face's own frame: origin midway between the eyes, x to the patient's left along
    the line through the centres of the eyes, y down. Raises MeasurementFailed where both eyes are one point."""
    rows = rows_of(points)
    (right_x, right_y, *_), (left_x, left_y, *_) = centres_of(rows)
    length = math.hypot(left_x - right_x, left_y - right_y)
    if not length > 0:
        raise MeasurementFailed("Both eyes lie on one point.")
    x, y = (left_x - right_x) / length, (left_y - right_y) / length
    middle_x, middle_y = (right_x + left_x) / 2, (right_y + left_y) / 2
    return [
        [(row[0] - middle_x) * x + (row[1] - middle_y) * y, (row[1] - middle_y) * x - (row[0] - middle_x) * y]
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class FramedFace:
    """One face in its own frame (`face_frame`), px, as plain numbers."""

    at: list[list[float]]

    @classmethod
    def of(cls, points: Points) -> FramedFace:
        """From points (478, 2 or more), px. Raises MeasurementFailed where they span no frame."""
        return cls(face_frame(points))

    def point(self, index: int) -> Point:
        """A mesh point."""
        x, y = self.at[index]
        return x, y

    def height(self, line: Sequence[int], x: float) -> float:
        """How far down a smooth line through these mesh points lies at `x`, px."""
        return curve_at([self.point(index) for index in line], x)


def curve_at(line: Sequence[Point], x: float) -> float:
    """y at `x` of a smooth curve through the points; beyond the curve's ends, y of the end.

    A cubic Hermite spline whose tangents are the slopes between each point's neighbours (Catmull and Rom,
    Computer Aided Geometric Design, 1974): it passes through each point, needs no solver, and one wrong
    point bends no more than two stretches on either side of it.
    """
    points = sorted(line)
    if x <= points[0][0]:
        return points[0][1]
    if x >= points[-1][0]:
        return points[-1][1]
    place = next(i for i in range(1, len(points)) if points[i][0] >= x)
    (x0, y0), (x1, y1) = points[place - 1], points[place]
    width = x1 - x0
    if not width > 0:
        return (y0 + y1) / 2
    start = _slope(points[max(place - 2, 0)], points[place])
    end = _slope(points[place - 1], points[min(place + 1, len(points) - 1)])
    t = (x - x0) / width
    return (
        y0 * (1 + 2 * t) * (1 - t) ** 2
        + y1 * t * t * (3 - 2 * t)
        + width * (start * t * (1 - t) ** 2 - end * t * t * (1 - t))
    )


def _slope(before: Point, after: Point) -> float:
    run = after[0] - before[0]
    return (after[1] - before[1]) / run if run > 0 else 0.0

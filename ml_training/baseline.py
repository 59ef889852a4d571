"""What no network at all reaches: five differences between left and right from the face mesh.

A network that is not clearly above this has learnt nothing that a ruler could not tell.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.pipeline.align import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from ml_training.datasets import Pictures

MOUTH_CORNERS = (61, 291)
LIPS = (0, 13, 14, 17)
"""Middle of the outer upper, inner upper, inner lower and outer lower lip."""
UPPER_LIDS, LOWER_LIDS = (159, 386), (145, 374)
BROWS = ((105, 66), (334, 296))
"""All pairs: the patient's right, then left."""
NAMES = (
    "corner height",
    "corner distance from the midline",
    "offset of the lips",
    "lid opening",
    "brow to lid",
)


def differences(points: np.ndarray) -> np.ndarray:
    """(N, 5) signed differences, right minus left, in distances between the eyes' centres, of points (N, 478, 2 or 3).

    The frame: origin between the eyes' centres (means of their corners), x along the line through them to the
    person's left, y down. In the order of `NAMES`.
    """
    points = points[..., :2].astype(np.float64)
    right, left = points[:, RIGHT_EYE_CORNERS].mean(1), points[:, LEFT_EYE_CORNERS].mean(1)
    across = left - right
    unit = np.linalg.norm(across, axis=1, keepdims=True)
    along = across / unit
    down = np.column_stack([-along[:, 1], along[:, 0]])
    offset = (points - ((right + left) / 2)[:, None]) / unit[:, None]
    x, y = (offset * along[:, None]).sum(-1), (offset * down[:, None]).sum(-1)
    corner = y[:, MOUTH_CORNERS[0]] - y[:, MOUTH_CORNERS[1]]
    from_midline = -x[:, MOUTH_CORNERS[0]] - x[:, MOUTH_CORNERS[1]]
    lid = [y[:, low] - y[:, high] for low, high in zip(LOWER_LIDS, UPPER_LIDS, strict=True)]
    brow = [y[:, lid] - y[:, brows].mean(1) for lid, brows in zip(UPPER_LIDS, BROWS, strict=True)]
    return np.column_stack([corner, from_midline, x[:, LIPS].mean(1), lid[0] - lid[1], brow[0] - brow[1]])


@dataclass(frozen=True)
class Baseline:
    """spread: (5,) standard deviation of each difference in healthy faces of training people."""

    spread: np.ndarray

    @classmethod
    def fit(cls, pictures: Pictures) -> "Baseline":
        """From the healthy among these pictures (training people's)."""
        healthy = differences(pictures.points[~pictures.weak])
        return cls(np.maximum(healthy.std(0), 1e-6))

    def score(self, points: np.ndarray) -> np.ndarray:
        """(N,) how uneven each face is: the differences over their spreads, added up."""
        return np.asarray(np.abs(differences(points) / self.spread).sum(1))

    def as_dict(self) -> dict[str, Any]:
        return {name: round(float(value), 5) for name, value in zip(NAMES, self.spread, strict=True)}

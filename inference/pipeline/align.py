"""The one crop that the models see, in training and in serving."""

from typing import Final, NamedTuple

import cv2
import numpy as np

RIGHT_EYE_CORNERS: Final = (33, 133)
LEFT_EYE_CORNERS: Final = (362, 263)
"""Mesh indices of the outer and inner corners; the patient's right eye lies on the picture's left."""
HALF_WIDTH: Final = 1.45
"""Half the crop's side, in distances between the eyes' centres."""
DROP: Final = 0.55
"""How far the crop's centre lies below the eyes, in the same unit."""


class Jitter(NamedTuple):
    """A training-only shift of the crop: right and down in interocular distances, and a relative scale."""

    right: float = 0.0
    down: float = 0.0
    scale: float = 0.0


NO_JITTER = Jitter()


def _eyes(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of points (..., 478, 2 or more), px: the point midway between the eyes' centres, the directions along the line
    between them and down from it, all (..., 2), and the distance between them, (..., 1)."""
    right, left = (
        points[..., corners, :2].mean(-2).astype(np.float64)
        for corners in (list(RIGHT_EYE_CORNERS), list(LEFT_EYE_CORNERS))
    )
    across = left - right
    interocular = np.hypot(across[..., :1], across[..., 1:])
    along = across / interocular
    down = np.concatenate([-along[..., 1:], along[..., :1]], -1)
    return (right + left) / 2, along, down, interocular


def in_crop(places: np.ndarray, points: np.ndarray, size: int) -> np.ndarray:
    """(..., K, 2) px of the crop: where `crop_face` without jitter puts places (..., K, 2 or more), px of photos whose
    faces have these points (..., 478, 2 or more)."""
    middle, along, down, interocular = _eyes(points)
    centre = middle + interocular * DROP * down
    offset = (places[..., :2] - centre[..., None, :]) * (size / (2 * HALF_WIDTH * interocular))[..., None]
    return np.asarray(offset @ np.stack([along, down], -1) + (size - 1) / 2)


def crop_face(image: np.ndarray, points: np.ndarray, size: int, jitter: Jitter = NO_JITTER) -> np.ndarray:
    """The face, upright and centred, as RGB uint8 of shape (size, size, 3).

    image: RGB uint8 (h, w, 3). points: (478, 2 or more), px. The eyes' centres (means of their corners, which
    no expression moves much) are laid level at a fixed distance by a similarity transform. A larger photo is
    first reduced by area, so that fine skin does not alias; what lies outside the photo is mirrored.
    """
    middle, along, down, apart = _eyes(points)
    interocular = float(apart[0])
    centre = middle + interocular * (jitter.right * along + (DROP + jitter.down) * down)
    scale = size / (2 * HALF_WIDTH * interocular * (1 + jitter.scale))
    if scale < 1:
        height, width = image.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        ratio = np.array([small[0] / width, small[1] / height])
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        centre, scale = (centre + 0.5) * ratio - 0.5, scale / float(ratio.mean())
    turn = scale * np.array([along, down])
    matrix = np.column_stack([turn, np.full(2, (size - 1) / 2) - turn @ centre])
    return cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

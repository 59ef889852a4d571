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


def in_crop(places: np.ndarray, points: np.ndarray, size: int) -> np.ndarray:
    """(N, K, 2) px of the crop: where `crop_face` without jitter puts places (N, K, 2 or more), px of photos whose
    faces have these points (N, 478, 2 or more)."""
    places, points = (some[..., :2].astype(np.float64) for some in (places, points))
    right, left = (points[:, corners].mean(1) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    across = left - right
    interocular = np.linalg.norm(across, axis=1)[:, None]
    along = across / interocular
    down = np.column_stack([-along[:, 1], along[:, 0]])
    centre = (right + left) / 2 + interocular * DROP * down
    offset = (places - centre[:, None]) * (size / (2 * HALF_WIDTH * interocular))[:, None]
    x, y = (offset * along[:, None]).sum(-1), (offset * down[:, None]).sum(-1)
    return np.stack([x, y], -1) + (size - 1) / 2


def crop_face(image: np.ndarray, points: np.ndarray, size: int, jitter: Jitter = NO_JITTER) -> np.ndarray:
    """The face, upright and centred, as RGB uint8 of shape (size, size, 3).

    image: RGB uint8 (h, w, 3). points: (478, 2 or more), px. The eyes' centres (means of their corners, which
    no expression moves much) are laid level at a fixed distance by a similarity transform. A larger photo is
    first reduced by area, so that fine skin does not alias; what lies outside the photo is mirrored.
    """
    right = points[list(RIGHT_EYE_CORNERS), :2].mean(0).astype(np.float64)
    left = points[list(LEFT_EYE_CORNERS), :2].mean(0).astype(np.float64)
    across = left - right
    interocular = float(np.hypot(*across))
    along = across / interocular
    down = np.array([-along[1], along[0]])
    centre = (right + left) / 2 + interocular * (jitter.right * along + (DROP + jitter.down) * down)
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

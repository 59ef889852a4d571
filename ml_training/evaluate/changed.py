"""Pictures changed on purpose, for controls: mirrored, face masked out, background swapped."""

from dataclasses import replace

import cv2
import numpy as np

from inference.pipeline.align import in_crop
from inference.pipeline.shape import MIRROR
from ml_training.datasets import BOTH, NEITHER, Pictures

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""Mesh indices around the face, from the middle of the forehead (MediaPipe's FACEMESH_FACE_OVAL, in order)."""
GROWN = 1.12
"""The oval is widened by this factor, since the mesh ends short of ears and hair, and crops are jittered."""
FEATHER = 0.03
"""Softness of the oval's edge, as a share of the crop: a hard edge is no background that a camera makes."""


def face_mask(points: np.ndarray, size: int, grown: float = GROWN) -> np.ndarray:
    """(size, size) float32, 1 inside the widened face oval of one face's points in the crop (478, 2)."""
    oval = points[list(FACE_OVAL)]
    middle = oval.mean(0)
    mask = np.zeros((size, size), np.float32)
    cv2.fillPoly(mask, [np.round(middle + grown * (oval - middle)).astype(np.int32)], 1.0)
    return mask


def mirrored(pictures: Pictures) -> Pictures:
    """Every picture as a mirror shows it, with labels, points and zones swapped."""
    points = pictures.points[:, list(MIRROR)].copy()
    points[..., 0] = pictures.photo_size[:, :1] - 1 - points[..., 0]

    def swapped(side: np.ndarray) -> np.ndarray:
        return np.where((side == NEITHER) | (side == BOTH), side, 1 - side)

    return replace(
        pictures,
        crops=np.ascontiguousarray(pictures.crops[:, :, ::-1]),
        points=points,
        side=swapped(pictures.side),
        done_side=swapped(pictures.done_side),
        zones=pictures.zones[:, :, ::-1],
        droop=pictures.droop[:, ::-1],
        synkinesis=pictures.synkinesis[:, ::-1],
    )


def common_mask(pictures: Pictures, share: float = 0.02) -> np.ndarray:
    """(size, size) bool: where at least this share of the pictures has face. One mask for all, since a mask that
    followed each face would tell by its outline whose mouth is open."""
    size = pictures.crops.shape[1]
    total = np.zeros((size, size), np.float32)
    for points in in_crop(pictures.points, pictures.points, size):
        total += face_mask(points, size)
    return np.asarray(total / max(1, len(pictures)) >= share)


def faceless(pictures: Pictures, mask: np.ndarray, points: np.ndarray) -> Pictures:
    """Grey where any face may be, and the same points (478, 3) for everyone: all that is left is background."""
    crops = pictures.crops.copy()
    crops[:, mask] = 128
    return replace(pictures, crops=crops, points=np.broadcast_to(points, pictures.points.shape))


def backgrounds(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """(count, size, size, 3) uint8: walls, gradients and blurred clutter of random colours."""
    made = np.empty((count, size, size, 3), np.uint8)
    ramp = np.linspace(-1, 1, size)
    for row in made:
        base, slope = rng.uniform(30, 225, 3), rng.uniform(-40, 40, (2, 3))
        wall = base + ramp[:, None, None] * slope[0] + ramp[None, :, None] * slope[1]
        if rng.random() < 0.5:
            cells = int(rng.integers(3, 10))
            clutter = rng.uniform(-90, 90, (cells, cells, 3)).astype(np.float32)
            wall = wall + cv2.resize(clutter, (size, size), interpolation=cv2.INTER_CUBIC)
        row[:] = np.clip(wall, 0, 255)
    return made


def other_background(pictures: Pictures, seed: int = 0) -> Pictures:
    """Everything outside the face replaced by another background; hair and neck go with it."""
    size = pictures.crops.shape[1]
    crops = np.empty_like(pictures.crops)
    behind = backgrounds(len(pictures), size, np.random.default_rng(seed))
    for n, points in enumerate(in_crop(pictures.points, pictures.points, size)):
        mask = cv2.GaussianBlur(face_mask(points, size), (0, 0), FEATHER * size)[..., None]
        crops[n] = np.round(pictures.crops[n] * mask + behind[n] * (1 - mask))
    return replace(pictures, crops=crops)

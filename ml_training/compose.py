"""The portrait of a person who doesn't exist, blended from six portraits or more.

The portraits are warped to the weighted mean of their landmarks, triangle by triangle, and averaged with the
same weights, none above a quarter: what comes out is nobody's picture.
"""

import cv2
import numpy as np
from scipy.spatial import Delaunay

from inference.pipeline.landmarks import FaceMesh
from ml_training.silhouette import Silhouette

MINIMUM_PORTRAITS = 6
LARGEST_SHARE = 0.25
_BORDER = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0], [0, 0.5], [1, 0.5], [0.5, 1]])


def shares(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) random weights that sum to 1, none above a quarter. Raises ValueError under six portraits."""
    if count < MINIMUM_PORTRAITS:
        raise ValueError(f"Compose at least {MINIMUM_PORTRAITS} portraits, or the face is somebody's.")
    while (weight := rng.dirichlet(np.full(count, 3.0))).max() > LARGEST_SHARE:
        pass
    return weight


def _warp(image: np.ndarray, source: np.ndarray, target: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    size = len(image)
    x, y = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    for corners in triangles:
        back = cv2.getAffineTransform(target[corners].astype(np.float32), source[corners].astype(np.float32))
        left, top = np.floor(target[corners].min(0)).astype(int)
        right, bottom = np.ceil(target[corners].max(0)).astype(int) + 1
        mask = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillConvexPoly(mask, np.round(target[corners] - [left, top]).astype(np.int32), 1)
        rows, columns = np.nonzero(mask)
        rows, columns = rows + top, columns + left
        inside = (rows >= 0) & (rows < size) & (columns >= 0) & (columns < size)
        rows, columns = rows[inside], columns[inside]
        x[rows, columns] = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
        y[rows, columns] = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
    return cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def _framed(image: np.ndarray, points: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The portrait with level eyes at the same place and distance, so that hair and shoulders meet as well."""
    right, left = points[[33, 133], :2].mean(0), points[[362, 263], :2].mean(0)
    across = (left - right).astype(np.float64)
    scale = 0.235 * size / np.hypot(*across)
    along = across / np.hypot(*across) * scale
    turn = np.array([[along[0], along[1]], [-along[1], along[0]]])
    shift = np.array([0.5, 0.45]) * size - turn @ ((right + left) / 2)
    matrix = np.column_stack([turn, shift])
    moved = cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
    )
    return moved, points[:, :2] @ turn.T + shift


def backdrop(size: int, rng: np.random.Generator) -> np.ndarray:
    """A plain, slightly uneven wall, RGB float64 (size, size, 3)."""
    wall = rng.uniform(150, 205) + rng.uniform(-6, 6, 3)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + 0.16 * (np.cos(angle) * x + np.sin(angle) * y) - 0.25 * (x**2 + y**2)
    return np.clip(wall * light[..., None], 0, 255)


def compose(
    images: list[np.ndarray],
    mesh: FaceMesh,
    silhouette: Silhouette,
    rng: np.random.Generator,
    size: int = 640,
) -> np.ndarray:
    """RGB uint8 (size, size, 3), before a plain wall. Raises ValueError for fewer than six faces.

    images: RGB uint8, one face each. Each portrait counts only where it shows its person, so that hair is
    averaged with hair and no background shines through.
    """
    faces = []
    for image in images:
        if found := mesh.find(image):
            moved, points = _framed(image, found[0], size)
            person = cv2.GaussianBlur(silhouette(moved), (0, 0), size / 300)
            faces.append((np.dstack([moved, (255 * person).astype(np.uint8)]), points))
    weight = shares(len(faces), rng)
    border = _BORDER * (size - 1)
    mean = np.vstack([sum(w * points for w, (_, points) in zip(weight, faces, strict=True)), border])
    triangles = Delaunay(mean).simplices
    blend, person, total = np.zeros((size, size, 3)), np.zeros((size, size, 1)), np.zeros((size, size, 1))
    for share, (image, points) in zip(weight, faces, strict=True):
        warped = _warp(image, np.vstack([points, border]), mean, triangles).astype(np.float64)
        present = share * (warped[..., 3:] / 255) ** 2 + 1e-6
        blend += present * warped[..., :3]
        person += share * warped[..., 3:] / 255
        total += present
    alpha = np.clip((person - 0.5) / 0.2, 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha)
    wall = backdrop(size, rng)
    return np.clip(alpha * blend / total + (1 - alpha) * wall, 0, 255).astype(np.uint8)

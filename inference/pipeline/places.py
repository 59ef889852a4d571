"""The landmarks that a locator finds, and how they join the face mesh.

The mesh is made for any face and draws weak ones more alike than they are; a locator has learnt these points from
faces whose true places are known. Each is a point of the mesh, so whatever reads the mesh can read them.
"""

from typing import Final

import numpy as np

from inference.pipeline.measure.frame import eye_centres
from inference.pipeline.shape import MIRROR

MULTI_PIE: Final[tuple[int, ...]] = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389, 71, 63, 105,
    66, 107, 336, 296, 334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305, 33, 160, 158, 133, 153,
    144, 362, 385, 387, 263, 373, 380, 61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82,
    13, 312, 308, 317, 14, 87,
)  # fmt: skip
"""The mesh index of each of the 68 Multi-PIE landmarks, in their order."""
FOLDS_AND_CHEEKS: Final[tuple[int, ...]] = (205, 425, 206, 426, 216, 436, 203, 423, 92, 322, 50, 280)
"""Mesh indices of pairs (right, left) along the nasolabial fold, and of the cheeks."""
PLACES: Final = MULTI_PIE + FOLDS_AND_CHEEKS
"""The mesh index of each place."""
MIRRORED: Final = tuple(PLACES.index(MIRROR[index]) for index in PLACES)
"""The place that each one becomes in a mirror."""
JAW: Final = 17
"""The first places lie on the line of the jaw, which slides over the skin as the head turns and which hair and beards
hide: they are learnt by the way and read by nothing."""
FACE: Final = np.array(PLACES[JAW:])
"""Mesh indices of the places that are read."""
FACE_MIRRORED: Final = tuple(PLACES[JAW:].index(MIRROR[index]) for index in PLACES[JAW:])
"""The place of `FACE` that each one becomes in a mirror."""
EYE_CORNERS: Final = ((36, 39), (42, 45))
"""Of the right and of the left eye, among the places."""
PAIRS: Final = np.array([(index, MIRROR[index]) for index in PLACES[JAW:] if MIRROR[index] < index])
"""(Q, 2) mesh indices, left and right, of the places that are read and have a twin; the mesh counts its right first."""
MIDDLE: Final = np.array([index for index in PLACES[JAW:] if MIRROR[index] == index])
"""(R,) mesh indices of those on the midline."""
FARTHEST: Final = 0.2
"""In distances between the eyes, some 12 mm: beyond it one of the two has lost the face, and the mesh is safer."""
BETWEEN: Final = {
    (300, 70): {(301, 71): 1.0},
    (386, 159): {(385, 158): 0.5, (387, 160): 0.5},
    (374, 145): {(380, 153): 0.5, (373, 144): 0.5},
    (375, 146): {(291, 61): 2 / 3, (405, 181): 1 / 3},
    (321, 91): {(291, 61): 1 / 3, (405, 181): 2 / 3},
}
"""Points of the mesh, left and right, that measures read and nobody finds: they go with their neighbours."""


def with_places(points: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The mesh (478, 3), px, with the found places instead of its own.

    found: (63, 2) of `FACE` in the eyes' frame: right and down of the middle between the eyes, in distances between
    them. The eyes' centres stay the mesh's; nothing lies further than `FARTHEST` from where the mesh has it.
    """
    right, left = (complex(x, y) for x, y, *_ in eye_centres(points))
    face = points.astype(np.float32, copy=True)
    laid = (right + left) / 2 + (found[:, 0] + 1j * found[:, 1]) * (left - right)
    away = laid - (face[FACE, 0] + 1j * face[FACE, 1])
    most = FARTHEST * abs(left - right)
    away *= np.minimum(1.0, most / np.maximum(np.abs(away), most))
    face[FACE, 0] += away.real
    face[FACE, 1] += away.imag
    moved = face - points
    for pair, neighbours in BETWEEN.items():
        for side, index in enumerate(pair):
            face[index] += sum(share * moved[twins[side]] for twins, share in neighbours.items())
    return face

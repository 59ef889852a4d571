"""What an open eye hides: the skin of the upper lid, and the eyeball under the lids."""

from collections.abc import Callable

import cv2
import numpy as np

from ml_training.simulate.facemodel import FaceModel

UPPER_LIDS = (
    (263, 466, 388, 387, 386, 385, 384, 398, 362),
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
)
LOWER_LIDS = (
    (263, 249, 390, 373, 374, 380, 381, 382, 362),
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
)
"""Mesh indices of the lids' edges, left and right eye, from the outer to the inner corner."""
IRIS_CENTRES = (473, 468)
IRIS_RADIUS, PUPIL_RADIUS = 0.59, 0.2
"""In the model's units (cm)."""
LASHES, RIM = 0.065, 0.02
"""How far above the upper and below the lower lid's edge plain skin begins, in interocular distances."""
LID_TRAVEL = 0.15
"""Skin that a blink moves down by more than this (cm) belongs to an upper lid."""
PALE = np.array([0.70, 0.66, 0.64])
UNDER_LID = 0.75
"""The white of the eye is darker in the shadow of the lid."""


def lid_texels(model: FaceModel, before: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(V, 2) px: where each vertex takes its colour from in the portrait.

    That is where it lies, but for skin that lies inside the eye's opening or on the lashes, which a closing lid would
    carry along: it takes the skin just beyond. before: (V, 3) px, y up; points: (478, 3) px.
    """
    texel = (before * [1, -1, 1])[:, :2].astype(np.float64)
    apart = float(np.linalg.norm(points[33, :2] - points[263, :2])) / 1.5
    skin = model.textured & ~model.eyes.any(0)
    for blink, upper, lower in zip(("eyeBlink_L", "eyeBlink_R"), UPPER_LIDS, LOWER_LIDS, strict=True):
        falls = model.expression[model.units.index(blink)][:, 1] < -LID_TRAVEL
        top, bottom = (_curve(points[list(lid), :2]) for lid in (upper, lower))
        wide = np.sort(points[[upper[0], upper[-1]], 0]) + [-0.05 * apart, 0.05 * apart]
        near = skin & (texel[:, 0] > wide[0]) & (texel[:, 0] < wide[1])
        high, low = top(texel[:, 0]) - LASHES * apart, bottom(texel[:, 0]) + RIM * apart
        inside = near & (texel[:, 1] > high) & (texel[:, 1] < low)
        above = inside & (falls | (texel[:, 1] < top(texel[:, 0])))
        texel[inside & ~above, 1] = low[inside & ~above]
        texel[above, 1] = high[above]
        texel[near & falls, 1] = np.minimum(texel[near & falls, 1], high[near & falls])
    return texel


def _curve(edge: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    order = edge[np.argsort(edge[:, 0])]
    return lambda x: np.interp(x, order[:, 0], order[:, 1])


def paint_eyeballs(
    model: FaceModel,
    image: np.ndarray,
    points: np.ndarray,
    before: np.ndarray,
    colour: np.ndarray,
    textured: np.ndarray,
) -> None:
    """Give the parts of both eyeballs that the lids hide a colour of their own, in `colour` (V, 3), 0 to 1, and take
    them out of `textured` (V,)."""
    height, width = image.shape[:2]
    at = np.clip(np.round(before[:, :2] * [1, -1]).astype(int), 0, [width - 1, height - 1])
    for n, eye in enumerate(model.eyes):
        seen = np.zeros((height, width), np.uint8)
        edge = points[[*UPPER_LIDS[n], *LOWER_LIDS[n][::-1]], :2]
        cv2.fillPoly(seen, [np.round(edge).astype(np.int32)], 1)
        shown = cv2.dilate(seen, np.ones((3, 3), np.uint8))
        hidden = eye & (shown[at[:, 1], at[:, 0]] == 0)
        textured[hidden] = False
        colour[hidden] = _white(image, seen) * UNDER_LID
        away = np.linalg.norm(model.neutral - model.neutral[model.poles[n]], axis=1)
        colour[hidden & (away < IRIS_RADIUS)] = _iris(image, points, IRIS_CENTRES[n])
        colour[hidden & (away < PUPIL_RADIUS)] = 0.06


def _iris(image: np.ndarray, points: np.ndarray, centre: int) -> np.ndarray:
    """(3,) 0 to 1: between the pupil and the rim, on both sides and below."""
    rims = points[[centre + 1, centre + 3, centre + 4], :2]
    places = np.round(rims * 0.65 + points[centre, :2] * 0.35).astype(int)
    height, width = image.shape[:2]
    return np.asarray(np.mean([image[min(y, height - 1), min(x, width - 1)] for x, y in places], 0) / 255)


def _white(image: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(3,) 0 to 1: the white of the eye where `seen` (h, w) shows it, a pale grey where it is too narrow."""
    pixels = image[seen > 0].astype(np.float64)
    if len(pixels) < 12:
        return PALE
    light = pixels[np.argsort(pixels.sum(1))[-max(4, len(pixels) // 5) :]]
    return np.asarray(0.7 * np.median(light, 0) / 255 + 0.3 * PALE)

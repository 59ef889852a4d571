"""Is something before one eye or the mouth? Each eye is judged against the other, the lower face against the skin.

The limits were set on portraits and on palsies of the demo, as they are and with tape, pads, hair and cloth painted
over them; docs/photo-quality.md has the table of what they let through and stop.
"""

from typing import Any, Final

import cv2
import numpy as np

from inference.pipeline.align import HALF_WIDTH
from inference.pipeline.measure import EYE_CORNERS

CHEEKS: Final = {"right": (50, 205, 187, 123, 117), "left": (280, 425, 411, 352, 346)}
NOSE: Final = (193, 417, 4)
FOREHEAD: Final = (108, 337, 9)
LOWER_FACE: Final = (205, 216, 164, 436, 425, 411, 288, 397, 379, 152, 150, 172, 58, 187)
LIPS: Final = (61, 291, 0, 17, 37, 267, 84, 314)
OTHER_COLOUR: Final = 16.0
"""Distance from the skin in CIELAB's a and b beyond which a pixel is no skin."""
DARK: Final = 0.6
"""Of the skin's lightness: what is darker may be a beard, unless its colour is VIVID."""
VIVID: Final = 35.0
PLAIN_CLOTH: Final = 0.6
"""Share of the lower face in another colour than the skin."""
PATTERNED_CLOTH: Final = (0.28, 0.14)
"""That share with this much contrast finer than a face's own."""
PLAIN: Final = 0.4
FLAT_AND_LIGHT: Final = ((0.57, 1.3), (0.8, 1.7), (np.inf, 2.2))
ROUGH_AND_DARK: Final = ((1.3, 0.6), (0.0, 0.45))
"""An eye's contrast and its light over its own cheek, both over the other eye's: below PLAIN, or less contrast and more
light (tape), or more contrast and less light (hair), something covers it."""
EYE_SEEN: Final = 0.08
"""Contrast of an eye that can be seen at all, for the other to be judged by it."""


def figures(crop: np.ndarray, place: np.ndarray) -> dict[str, float]:
    """What `one_eye` and `mouth` read, of a crop of `align.crop_face`, RGB uint8, and its mesh in px of the crop.

    eye_contrast, eye_light: of the patient's right eye over the left one; eye_seen: contrast of the clearer one.
    cloth, cloth_contrast: share of the lower face in another colour than the skin, and its fine contrast.
    """
    unit = len(crop) / (2 * HALF_WIDTH)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    eyes = {side: _eye(grey, place, side, unit) for side in EYE_CORNERS}
    (contrast, light), (other_contrast, other_light) = eyes["right"], eyes["left"]
    cloth, cloth_contrast = _lower_face(crop, grey, place)
    return {
        "eye_contrast": contrast / max(other_contrast, 1e-6),
        "eye_light": light / max(other_light, 1e-6),
        "eye_seen": max(contrast, other_contrast),
        "cloth": cloth,
        "cloth_contrast": cloth_contrast,
    }


def one_eye(numbers: dict[str, Any]) -> bool:
    """Whether something covers one eye, the other being seen."""
    if numbers["eye_seen"] < EYE_SEEN:
        return False
    contrast, light = max(numbers["eye_contrast"], 1e-6), max(numbers["eye_light"], 1e-6)
    return _is_covered(contrast, light) or _is_covered(1 / contrast, 1 / light)


def mouth(numbers: dict[str, Any]) -> bool:
    """Whether cloth covers the lower face, plain or with a pattern, in another colour than the skin's."""
    share, contrast = PATTERNED_CLOTH
    cloth = numbers["cloth"]
    return bool(cloth > PLAIN_CLOTH or (cloth > share and numbers["cloth_contrast"] > contrast))


def _is_covered(contrast: float, light: float) -> bool:
    return (
        contrast < PLAIN
        or any(contrast < below and light > above for below, above in FLAT_AND_LIGHT)
        or any(contrast > above and light < below for above, below in ROUGH_AND_DARK)
    )


def _eye(grey: np.ndarray, place: np.ndarray, side: str, unit: float) -> tuple[float, float]:
    """Contrast of an eye, and its light over that of the cheek below."""
    x, y = place[list(EYE_CORNERS[side])].mean(0)
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.023 * unit)  # no cloth's weave, no sensor's noise
    eye, about = _box(smooth, x, y, 0.26 * unit, 0.15 * unit), _box(smooth, x, y, 0.30 * unit, 0.22 * unit)
    cheek = grey[_inside(place, CHEEKS[side], grey.shape)]
    if not eye.size or not cheek.size:
        return 1e-6, 1.0
    return float(eye.std() / (eye.mean() + 8)), float(np.median(about) / (np.median(cheek) + 8))


def _lower_face(crop: np.ndarray, grey: np.ndarray, place: np.ndarray) -> tuple[float, float]:
    """Share of the lower face in another colour than nose and forehead, and its fine contrast beside the lips."""
    lab = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    bare = np.concatenate([lab[_inside(place, NOSE, grey.shape)], lab[_inside(place, FOREHEAD, grey.shape)]])
    lower = _inside(place, LOWER_FACE, grey.shape)
    lips = cv2.dilate(_inside(place, LIPS, grey.shape).astype(np.uint8), np.ones((9, 9))).astype(bool)
    if not len(bare) or not (lower & ~lips).any():
        return 0.0, 0.0
    skin = np.median(bare, 0)
    away = np.hypot(lab[..., 1] - skin[1], lab[..., 2] - skin[2])
    other = (away > OTHER_COLOUR) & ((lab[..., 0] > DARK * skin[0]) | (away > VIVID))
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), 6))[lower & ~lips]
    return float(other[lower].mean()), float(fine.std() / (grey[lower & ~lips].mean() + 8))


def _box(grey: np.ndarray, x: float, y: float, half: float, tall: float) -> np.ndarray:
    return grey[
        max(0, round(y - tall)) : max(0, round(y + tall)), max(0, round(x - half)) : max(0, round(x + half))
    ]


def _inside(place: np.ndarray, indices: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) bool: the hull of some points."""
    mask = np.zeros(shape[:2], np.uint8)
    hull = cv2.convexHull(place[list(indices), :2].astype(np.float32))
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), (1,))
    return mask.astype(bool)

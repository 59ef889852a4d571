"""Distances of a face in millimetres, left and right, and how alike both sides are.

After the measures of Emotrics (Guarin et al., Facial Plast Surg Aesthet Med 2018), in a frame of our own that
a tilted head, a sideways glance or a closed eye does not upset. No result is a clinical scale.
"""

from typing import Any, Final

import numpy as np

from inference.pipeline.codes import IRIS_DIAMETER_MM
from inference.pipeline.errors import MeasurementFailed

# MediaPipe mesh indices; the patient's right side lies on the picture's left.
EYE_CORNERS: Final = {"right": (33, 133), "left": (362, 263)}
LIDS: Final = {
    "right": ((160, 144), (159, 145), (158, 153)),
    "left": ((387, 373), (386, 374), (385, 380)),
}
"""Pairs of upper and lower lid points about the middle of the eye."""
BROWS: Final = {"right": (70, 63, 105, 66, 107), "left": (336, 296, 334, 293, 300)}
COMMISSURES: Final = {"right": 61, "left": 291}
LOWER_LIP: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""The lower lip's outer edge, from the right to the left oral commissure."""
IRIS_EDGES: Final = {"right": (469, 471), "left": (474, 476)}
"""Both ends of each iris' horizontal diameter."""
SMALLEST_IRIS_PX: Final = 3.0
COMPARABLE_MM: Final = 0.5
"""Lengths that are both shorter than this lie within the landmarks' noise; their ratio says nothing."""


def face_frame(points: np.ndarray) -> np.ndarray:
    """Points (N, 2), px, in the face's own frame: origin midway between the eyes, x to the patient's left along
    the line through the centres of the eyes (means of their corners, which stay when an eye closes), y down."""
    right, left = (
        points[list(EYE_CORNERS[side]), :2].mean(0).astype(np.float64) for side in ("right", "left")
    )
    across = left - right
    length = float(np.hypot(*across))
    if not length > 0:
        raise MeasurementFailed("Both eyes lie on one point.")
    along = across / length
    return np.asarray(
        (points[:, :2] - (right + left) / 2) @ np.array([[along[0], -along[1]], [along[1], along[0]]])
    )


def iris_diameter_px(points: np.ndarray) -> float:
    """Mean horizontal diameter of both irises, px. Raises MeasurementFailed where it is no usable scale."""
    sizes = [float(np.linalg.norm(points[a, :2] - points[b, :2])) for a, b in IRIS_EDGES.values()]
    size = float(np.mean(sizes))
    if not size >= SMALLEST_IRIS_PX:
        raise MeasurementFailed("The irises are too small to give a scale.")
    return size


def ratio(left: float, right: float) -> float | None:
    """Smaller over larger, 0 to 1; 0 where one is not positive; None where both are too short to compare."""
    small, large = sorted((left, right))
    if large < COMPARABLE_MM:
        return None
    return round(max(0.0, small) / large, 3)


def brow_height(frame: np.ndarray, side: str) -> float:
    """From the eye's centre straight up to the brow's upper edge, px; negative if the brow lies below."""
    centre = frame[list(EYE_CORNERS[side])].mean(0)
    brow = frame[list(BROWS[side])]
    brow = brow[np.argsort(brow[:, 0])]
    return float(centre[1] - np.interp(centre[0], brow[:, 0], brow[:, 1]))


def palpebral_fissure(frame: np.ndarray, side: str) -> float:
    """Opening between the lids at mid-eye, px; the mesh draws closed eyes a little open."""
    return float(np.mean([frame[lower, 1] - frame[upper, 1] for upper, lower in LIDS[side]]))


def commissure_excursion(frame: np.ndarray, side: str) -> float:
    """From where the facial midline meets the lower lip's edge to the oral commissure, px."""
    lip = frame[list(LOWER_LIP)]
    lip = lip[np.argsort(lip[:, 0])]
    middle = np.array([0.0, np.interp(0.0, lip[:, 0], lip[:, 1])])
    return float(np.linalg.norm(frame[COMMISSURES[side]] - middle))


def measure(points: np.ndarray, mm_per_px: float | None = None) -> dict[str, Any]:
    """Brow height, palpebral fissure and commissure excursion of both sides, mm, and their ratios.

    points: (478, 2 or more), px. mm_per_px: scale of another photo, for views with closed eyes, whose irises
    give none. The result:

        {"unit": "mm", "mm_per_px", "iris_px", "iris_mm", "brow" | "eye" | "mouth": {"left", "right", "ratio"},
         "commissure_drop": mm by which the left oral commissure lies lower than the right (negative: higher),
         "composite": mean of the ratios, 0 to 1: our own summary, not a validated scale}

    Raises MeasurementFailed.
    """
    if not np.isfinite(points[:, :2]).all():
        raise MeasurementFailed("Some landmarks are no numbers.")
    iris = iris_diameter_px(points)
    scale = mm_per_px or IRIS_DIAMETER_MM / iris
    frame = face_frame(points)
    result: dict[str, Any] = {
        "unit": "mm",
        "mm_per_px": round(scale, 5),
        "iris_px": round(iris, 2),
        "iris_mm": IRIS_DIAMETER_MM,
    }
    ratios = []
    for name, of in (("brow", brow_height), ("eye", palpebral_fissure), ("mouth", commissure_excursion)):
        left, right = of(frame, "left") * scale, of(frame, "right") * scale
        alike = ratio(left, right)
        ratios += [] if alike is None else [alike]
        result[name] = {"left": round(left, 2), "right": round(right, 2), "ratio": alike}
    drop = (frame[COMMISSURES["left"], 1] - frame[COMMISSURES["right"], 1]) * scale
    result["commissure_drop"] = round(float(drop), 2)
    result["composite"] = round(float(np.mean(ratios)), 3) if ratios else None
    return result

"""Lengths and angles of a face, left and right, and how alike both sides are. No result is a clinical scale.

`registry` defines each measure, `scale` turns pixels into millimetres, `refinement` (which alone loads numpy)
takes back the face mesh's pull towards symmetry, `sides` compares. Importing this package loads the standard
library only.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from inference.pipeline.codes import IRIS_DIAMETER_MM
from inference.pipeline.errors import MeasurementFailed

from . import scale as scales
from .frame import (
    BROWS,
    COMMISSURES,
    EYE_CORNERS,
    IRIS_EDGES,
    LIDS,
    LOWER_LIP,
    FramedFace,
    Points,
    face_frame,
    rows_of,
)
from .registry import BY_NAME, MEASURES, Measure
from .scale import carried_scale, eyes_apart_px, iris_diameter_px, needs_rest, with_rest_scale
from .sides import COMPARABLE_MM, ratio, since_rest, weak_share

__all__ = [
    "BROWS",
    "BY_NAME",
    "COMMISSURES",
    "COMPARABLE_MM",
    "EYE_CORNERS",
    "IRIS_EDGES",
    "LIDS",
    "LOWER_LIP",
    "MEASURES",
    "FramedFace",
    "Measure",
    "carried_scale",
    "eyes_apart_px",
    "face_frame",
    "iris_diameter_px",
    "measure",
    "needs_rest",
    "ratio",
    "since_rest",
    "values",
    "weak_share",
    "with_rest_scale",
]


def measure(points: Points, mm_per_px: float | None = None) -> dict[str, Any]:
    """Every measure of one face, as plain data; sides are the patient's own.

    points: (478, 2 or 3), px, an array or plain numbers. mm_per_px: a scale carried from the visit's photo at rest
    (`carried_scale`), for views with closed eyes, whose irises give none. The result:

        {"unit": "mm", "mm_per_px", "iris_px", "iris_mm", "scale_from": "iris" | "rest_photo",
         "eyes_px", "eyes_mm": distance between the eyes, by which a scale is carried to another photo,
         "measures": see `values`,
         "brow" | "eye" | "mouth": {"left", "right", "ratio"}: what the charts draw, defined below,
         "commissure_drop": mm by which the left oral commissure lies lower than the right (negative: higher),
         "composite": mean of the three ratios, 0 to 1: our own summary, not a validated scale}

    Raises MeasurementFailed where landmarks are no numbers, or where they give no frame or no scale.
    """
    points = rows_of(points)
    if not all(math.isfinite(number) for row in points for number in row[:2]):
        raise MeasurementFailed("Some landmarks are no numbers.")
    if mm_per_px is not None and not (math.isfinite(mm_per_px) and mm_per_px > 0):
        raise MeasurementFailed("The scale carried from another photo is no length.")
    scale = mm_per_px or scales.iris_scale(points)
    face = FramedFace.of(points)
    eyes = eyes_apart_px(points)
    result: dict[str, Any] = {
        "unit": "mm",
        "mm_per_px": round(scale, 5),
        "iris_px": round(iris_diameter_px(points), 2),
        "iris_mm": IRIS_DIAMETER_MM,
        "scale_from": scales.FROM_REST if mm_per_px else scales.FROM_IRIS,
        "eyes_px": round(eyes, 2),
        "eyes_mm": round(eyes * scale, 2),
    }
    ratios = []
    for name, of in (("brow", _brow), ("eye", _eye), ("mouth", _mouth)):
        left, right = of(face, "left") * scale, of(face, "right") * scale
        alike = ratio(left, right)
        ratios += [] if alike is None else [alike]
        result[name] = {"left": round(left, 2), "right": round(right, 2), "ratio": alike}
    found = values(face, scale)
    result["commissure_drop"] = found["commissure_height"]["value"]
    result["composite"] = round(math.fsum(ratios) / len(ratios), 3) if ratios else None
    result["measures"] = found
    return result


def values(face: FramedFace, mm_per_px: float) -> dict[str, dict[str, float | None]]:
    """Each measure of `MEASURES` by its name, mm or degrees.

    Two-sided: {"left", "right", "ratio": smaller over larger (of lengths), "difference": left minus right};
    of the face as a whole: {"value", "share": value over the distance between the eyes}. None where the face
    gives no such figure. Left and right stand apart: which one is weak is not guessed here (see `weak_share`).
    """
    found: dict[str, dict[str, float | None]] = {}
    eyes = _eyes_in_frame(face)
    for one in MEASURES:
        unit = mm_per_px if one.unit == "mm" else 1.0
        if one.of_side is not None:
            left, right = (_scaled(one.of_side(face, side), unit) for side in ("left", "right"))
            known = None if left is None or right is None else (left, right)
            found[one.name] = {
                "left": _rounded(left),
                "right": _rounded(right),
                "ratio": ratio(*known) if known and one.unit == "mm" else None,
                "difference": _rounded(known[0] - known[1]) if known else None,
            }
        elif one.of_face is not None:
            value = one.of_face(face)
            found[one.name] = {"value": _rounded(value * unit), "share": round(value / eyes, 4)}
    return found


def _eyes_in_frame(face: FramedFace) -> float:
    right, left = (sum(face.point(index)[0] for index in EYE_CORNERS[side]) / 2 for side in ("right", "left"))
    return left - right


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value * unit


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


# The three figures that charts and lists have drawn from the first release on. They differ a little from the
# registry's measures of the same region and stay as they are, so that a course can be read as one.


def _brow(face: FramedFace, side: str) -> float:
    """From the eye's centre straight up to the brow's upper edge, px; negative if the brow lies below."""
    corners = [face.point(index) for index in EYE_CORNERS[side]]
    x, y = (sum(part) / 2 for part in zip(*corners, strict=True))
    return y - _broken_line(face, BROWS[side], x)


def _eye(face: FramedFace, side: str) -> float:
    """Opening between the lids at mid-eye, px; where a closed eye is found with crossed lids, one lies on the other."""
    gaps = [max(0.0, face.point(lower)[1] - face.point(upper)[1]) for upper, lower in LIDS[side]]
    return sum(gaps) / len(gaps)


def _mouth(face: FramedFace, side: str) -> float:
    """From where the facial midline meets the lower lip's edge to the oral commissure, px."""
    return math.dist(face.point(COMMISSURES[side]), (0.0, _broken_line(face, LOWER_LIP, 0.0)))


def _broken_line(face: FramedFace, line: tuple[int, ...], x: float) -> float:
    """y at `x` of the straight stretches between the points; beyond the ends, y of the end."""
    points = sorted(face.point(index) for index in line)
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y1
    return points[-1][1]

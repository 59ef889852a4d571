"""Millimetres: from the irises, or carried from the visit's photo at rest where the eyes are shut.

Closed lids hide the irises, and the mesh draws some that mean nothing. The distance between the eyes stays, so
what it was at rest in millimetres gives the scale of a photo taken from any distance. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from inference.pipeline.codes import IRIS_DIAMETER_MM, Caution
from inference.pipeline.errors import MeasurementFailed

from .frame import IRIS_EDGES, Points, centres_of, rows_of
from .registry import BY_NAME, CLOSURE_VIEWS

SMALLEST_IRIS_PX: Final = 3.0
FROM_IRIS: Final = "iris"
FROM_REST: Final = "rest_photo"
REGIONS: Final = ("brow", "eye", "mouth")


def iris_diameter_px(points: Points) -> float:
    """Mean horizontal diameter of both irises, px, whatever it is worth."""
    rows = rows_of(points)
    sizes = [math.dist(rows[a][:2], rows[b][:2]) for a, b in IRIS_EDGES.values()]
    return sum(sizes) / len(sizes)


def iris_scale(points: Points) -> float:
    """mm per px by the irises. Raises MeasurementFailed where they are too small to tell."""
    size = iris_diameter_px(points)
    if not size >= SMALLEST_IRIS_PX:
        raise MeasurementFailed("The irises are too small to give a scale.")
    return IRIS_DIAMETER_MM / size


def eyes_apart_px(points: Points) -> float:
    """Distance between the centres of the eyes, px, in depth as well, so that a turn of the head shortens it less.

    points: (478, 2 or 3).
    """
    return math.dist(*centres_of(rows_of(points)))


def carried_scale(points: Points, eyes_mm: float) -> float:
    """mm per px of a photo from the same person's `eyes_mm` at rest."""
    return eyes_mm / eyes_apart_px(points)


def needs_rest(exercise: str, warnings: tuple[str, ...] | list[str] = ()) -> bool:
    """Whether a photo has no scale of its own: a view with closed eyes, or eyes found closed in any other."""
    return exercise in CLOSURE_VIEWS or Caution.EYES_CLOSED.value in warnings


def with_rest_scale(symmetry: Mapping[str, Any], rest: Mapping[str, Any] | None) -> dict[str, Any]:
    """A result of `measure` with its lengths in the scale of the visit's photo at rest; the given one stays.

    rest: the result of the photo at rest. The result comes back as it is where there is none, or where either
    was made before the eyes' distance was kept. Angles and ratios have no scale.
    """
    eyes_px, eyes_mm = symmetry.get("eyes_px"), (rest or {}).get("eyes_mm")
    before = symmetry.get("mm_per_px")
    if not (eyes_px and eyes_mm and before) or symmetry.get("scale_from") != FROM_IRIS:
        return dict(symmetry)
    scale = eyes_mm / eyes_px
    factor = scale / before
    scaled = dict(symmetry) | {
        "mm_per_px": round(scale, 5),
        "eyes_mm": eyes_mm,
        "scale_from": FROM_REST,
        "commissure_drop": _times(symmetry.get("commissure_drop"), factor),
    }
    for region in REGIONS:
        scaled[region] = _lengths_times(symmetry.get(region), factor)
    scaled["measures"] = {
        name: _lengths_times(value, factor) if name in BY_NAME and BY_NAME[name].unit == "mm" else value
        for name, value in (symmetry.get("measures") or {}).items()
    }
    return scaled


def _lengths_times(sides: Any, factor: float) -> Any:
    """All but the ratio and the share, which have no unit."""
    if not isinstance(sides, Mapping):
        return sides
    return {
        key: value if key in ("ratio", "share") else _times(value, factor) for key, value in sides.items()
    }


def _times(value: Any, factor: float) -> Any:
    return value if value is None else round(value * factor, 2)

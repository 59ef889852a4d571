"""The measures of a photo as data: value, sign, unit, measurement error, and where the scale comes from.

Page, CSV and API read the same result: lengths of closed eyes in the scale of the photo at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from inference.pipeline.measure.registry import MEASURES

from .measures import PhotoPoint, Result
from .noise import length_error


@dataclass(frozen=True, slots=True)
class MeasureFigure:
    """One measure of one photo. left, right: of a measure with two sides, the patient's own; difference: left less
    right;
    value: of a measure of the whole face, its sign as `docs/measures.md` tells. unit: "mm" or "deg". error: smallest
    change
    of the difference, or of the one value, that is more than noise; side_error: of one side; None where unknown."""

    name: str
    unit: str
    left: float | None
    right: float | None
    difference: float | None
    value: float | None
    error: float | None
    side_error: float | None
    scale_from: str | None
    release: str


def measures_of(photo: PhotoPoint, result: Result | None = None) -> list[MeasureFigure]:
    """Those measures that are read in the photo's exercise, by that result or the newest."""
    result = result or photo.result
    found = (result.symmetry.get("measures") or {}) if result is not None else {}
    if result is None or not found:
        return []
    scale_from = result.symmetry.get("scale_from")
    figures = []
    for one in MEASURES:
        known = found.get(one.name)
        if known is None or photo.exercise not in one.views:
            continue
        left, right = (known.get(side) for side in ("left", "right"))
        both = left is not None and right is not None
        own = length_error(one.name, result.release)
        figures.append(
            MeasureFigure(
                one.name,
                one.unit,
                left,
                right,
                round(left - right, 2) if both else None,
                known.get("value"),
                length_error(f"{one.name}_difference", result.release) if one.sided else own,
                own if one.sided else None,
                scale_from if one.unit == "mm" else None,
                result.release,
            )
        )
    return figures

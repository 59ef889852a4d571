"""Points that a person put where they belong, and the measures that follow from them. Standard library only.

The measures are `measure`'s own. What is stored of an analysis are its points to a ten-thousandth of the picture's
sides, without depth, and its measures, which were taken before that rounding. So both the points as they are stored
and those with the moved ones are measured, and only figures that differ are taken from the latter: whatever does not
depend on a moved point stays the model's to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from inference.pipeline.codes import LANDMARK_COUNT
from inference.pipeline.errors import MeasurementFailed

from . import eyes_apart_px, measure
from .frame import EYE_CORNERS
from .places import IRISES, PLACES

Shares = Sequence[Sequence[float]]
"""Points as shares of the picture's width and height."""
Moved = Mapping[int, Sequence[float]]
"""By index: where a point belongs, as shares."""
DECIMALS: Final = 5
"""Of a moved point's shares: a tenth of a pixel in the widest photo that is kept."""
SAME: Final = 5.1e-5
"""Half of the step to which an analysis' own points are known: nearer than this a point lies where the model has it."""


def can_move(symmetry: Mapping[str, Any], landmarks: Shares | None) -> bool:
    """Whether an analysis holds what measures of moved points are taken from: the whole mesh, measured in mm."""
    whole = landmarks is not None and len(landmarks) == LANDMARK_COUNT
    return whole and symmetry.get("unit") == "mm" and bool(symmetry.get("mm_per_px"))


def checked(moved: Moved, landmarks: Shares) -> dict[int, list[float]]:
    """The moved points, rounded, without those that lie where the model has them.

    Raises ValueError for a point that no measure reads, or one that lies outside the picture.
    """
    found = {}
    for index, place in moved.items():
        if index not in PLACES:
            raise ValueError(f"No measure reads point {index}.")
        if len(place) != 2 or not all(math.isfinite(share) and 0 <= share <= 1 for share in place):
            raise ValueError(f"Point {index} lies outside the picture.")
        known = [round(float(share), DECIMALS) for share in place]
        if any(abs(a - b) > SAME for a, b in zip(known, landmarks[index], strict=True)):
            found[index] = known
    return dict(sorted(found.items()))


def with_moved(landmarks: Shares, moved: Moved) -> list[list[float]]:
    """All points of the mesh, the moved ones in their new places."""
    return [list(moved.get(index, place)) for index, place in enumerate(landmarks)]


def remeasured(
    symmetry: Mapping[str, Any], landmarks: Shares, moved: Moved, size: tuple[int, int]
) -> dict[str, Any]:
    """The measures of a face with those points moved, in the form of `measure`. symmetry: the model's, as it was
    stored; size: the picture's width and height, px.

    The scale changes where an edge of an iris was moved, and stays the model's else. Raises MeasurementFailed where the
    points give no frame or no scale.
    """
    if not can_move(symmetry, landmarks):
        raise MeasurementFailed("There are no measures in millimetres that points could be moved for.")
    if not moved:
        return dict(symmetry)
    scale = float(symmetry["mm_per_px"])
    depth = _depth(symmetry, landmarks, size)
    before = measure(_in_pixels(landmarks, size, depth), scale)
    after = measure(
        _in_pixels(with_moved(landmarks, moved), size, depth), None if IRISES & moved.keys() else scale
    )
    after["scale_from"] = before["scale_from"]
    found: dict[str, Any] = _changed(symmetry, before, after)
    return found


def mirrored(moved: Moved) -> dict[int, list[float]]:
    """Where the same points lie in the photo's mirror image."""
    return {PLACES[index].partner: [round(1 - x, DECIMALS), y] for index, (x, y) in moved.items()}


def _depth(symmetry: Mapping[str, Any], landmarks: Shares, size: tuple[int, int]) -> float:
    """By how much one eye lies farther away than the other, px, from the distance that was measured in depth."""
    flat = eyes_apart_px(_in_pixels(landmarks, size, 0.0))
    return math.sqrt(max(0.0, float(symmetry.get("eyes_px") or 0.0) ** 2 - flat**2))


def _in_pixels(landmarks: Shares, size: tuple[int, int], depth: float) -> list[tuple[float, float, float]]:
    width, height = size
    far = EYE_CORNERS["left"]
    return [(x * width, y * height, depth if index in far else 0.0) for index, (x, y) in enumerate(landmarks)]


def _changed(stored: Any, before: Any, after: Any) -> Any:
    """What was stored, but for the figures that are others after than before."""
    if before == after:
        return stored
    if not (isinstance(stored, Mapping) and isinstance(before, Mapping) and isinstance(after, Mapping)):
        return after
    return {
        key: _changed(stored.get(key), before.get(key), after[key]) if key in after else value
        for key, value in stored.items()
    }

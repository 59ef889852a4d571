"""The measures of a photo as data: value, sign, unit, measurement error, and where the scale comes from.

Page, CSV and API read the same result: lengths of closed eyes in the scale of the photo at rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from inference.pipeline.measure.registry import MEASURES

from .measures import PhotoPoint, Result
from .noise import length_error

_BY_NAME: Final = {one.name: one for one in MEASURES}


class Read(NamedTuple):
    """A measure as it was read in a photo: left and right, or one value of the whole face."""

    name: str
    left: float | None
    right: float | None
    value: float | None


class AboutMeasure(NamedTuple):
    """What `MeasureFigure` says beside the values."""

    unit: str
    error: float | None
    side_error: float | None
    scale_from: str | None
    release: str


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


def measured_in(photo: PhotoPoint, result: Result) -> Iterator[Read]:
    """What was measured in the photo by that result, of the measures that are read in its exercise."""
    found = result.symmetry.get("measures") or {}
    for one in MEASURES if found else ():
        known = found.get(one.name)
        if known is not None and photo.exercise in one.views:
            yield Read(one.name, known.get("left"), known.get("right"), known.get("value"))


def measures_of(photo: PhotoPoint, result: Result | None = None) -> list[MeasureFigure]:
    """Those measures that are read in the photo's exercise, by that result or the newest."""
    result = result or photo.result
    if result is None:
        return []
    figures = []
    for name, left, right, value in measured_in(photo, result):
        about = about_measure(name, result.release, result.symmetry.get("scale_from"))
        figures.append(
            MeasureFigure(name, about.unit, left, right, difference_of(left, right), value, *about[1:])
        )
    return figures


def about_measure(name: str, release: str, scale_from: str | None) -> AboutMeasure:
    """What is said of each figure of that measure by that release, in a photo of that scale."""
    one = _BY_NAME[name]
    own = length_error(name, release)
    return AboutMeasure(
        one.unit,
        length_error(f"{name}_difference", release) if one.sided else own,
        own if one.sided else None,
        scale_from if one.unit == "mm" else None,
        release,
    )


def difference_of(left: float | None, right: float | None) -> float | None:
    """Left less right, where both were measured."""
    return None if left is None or right is None else round(left - right, 2)

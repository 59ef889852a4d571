"""How much of a change may be noise: the smallest detectable change (95 %) of the figures that pages show, by release.

The clinic's own figure where it has measured one (`rules.MEASUREMENT_ERROR`), else that of the release which made the
figures, from repeated photographs of simulated faces: light, turn and distance are in it, a patient's second attempt
isn't. None where nobody has measured it: then nothing is called a change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from inference.releases import registry

from . import rules
from .compared import Kind, Reading


def measurement_error(reading: Reading, region: str) -> float | None:
    """Of that reading of that region."""
    return error_of(region=region, exercises=reading.exercises, release=reading.release, kind=reading.kind)


def error_of(*, region: str, exercises: Sequence[str], release: str, kind: Kind = "distance") -> float | None:
    """Of a region's figure in those exercises: a share of the other side's movement, or a ratio of distances."""
    if rules.MEASUREMENT_ERROR is not None:
        return rules.MEASUREMENT_ERROR
    if kind == "movement":
        return _stated(f"movement.{region}.{'+'.join(exercises)}", release)
    return mean_error([_stated(f"{region}_ratio.{exercise}", release) for exercise in exercises])


def exercise_error(*, exercise: str, region: str, release: str, kind: Kind) -> float | None:
    """Of the figure of one exercise alone, whether or not its region is read from it."""
    if rules.MEASUREMENT_ERROR is None and kind == "movement":
        return _stated(f"share.{exercise}", release)
    return error_of(region=region, exercises=(exercise,), release=release, kind=kind)


def mean_error(errors: Sequence[float | None]) -> float | None:
    """Of the mean of figures whose errors are independent."""
    known = [error for error in errors if error is not None]
    if not known or len(known) < len(errors):
        return None
    return math.sqrt(math.fsum(error**2 for error in known)) / len(known)


def length_error(name: str, release: str) -> float | None:
    """Of the release's measure of that name, in its own unit: millimetres or degrees, of which a clinic states none."""
    return _stated(name, release)


def _stated(name: str, release: str) -> float | None:
    value = registry.repeatability(release).get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

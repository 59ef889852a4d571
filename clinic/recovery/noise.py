"""How much of a change may be noise: the smallest detectable change of the figures that the charts draw."""

from __future__ import annotations

from inference import registry

from . import rules
from .measures import Reading


def measurement_error(reading: Reading, region: str) -> float | None:
    """Smallest change of the region's symmetry, in that exercise, that is more than noise (95 %); None if unknown.

    The clinic's own figure where it has measured one, else that of the release which made the reading, from repeated
    photographs of simulated faces: light, turn and distance are in it, a patient's second attempt isn't.
    """
    return error_of(region=region, exercise=reading.exercise, release=reading.release)


def error_of(*, region: str, exercise: str, release: str) -> float | None:
    """As `measurement_error`, by names."""
    if rules.MEASUREMENT_ERROR is not None:
        return rules.MEASUREMENT_ERROR
    info = registry.by_name(release)
    known = info.repeatability if info else {}
    value = known.get(f"{region}_ratio.{exercise}")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

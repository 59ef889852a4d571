"""Smallest detectable changes of figures that were defined after a release was made.

They depend on how a face's points are found and corrected, so they hold for every release with the very same locator
and correction, and for no other. Measured by `ml_training.measurement.movement` on simulated people, as those that
releases state themselves; a release that states one is believed first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FINDING_POINTS: Final = ("locator.tflite", "refinement.npz")
_OF_2026_11_5: Final = (
    "4b9aac77cf12297e8b2659a17df9616e4933cd7604b46dcac9cceaf3f02d4619",
    "1765dbbe9f60151f5d0e1a6e252cc38074e80ddd74c7a725c40c225923c0b41d",
)
MEASURED: Final[Mapping[tuple[str, ...], Mapping[str, float]]] = {
    _OF_2026_11_5: {
        "along.chin.gentle_eye_closure": 5.2829,
        "along.chin.gentle_eye_closure_difference": 2.1506,
        "along.chin.tight_eye_closure": 5.1253,
        "along.chin.tight_eye_closure_difference": 2.935,
        "along.eye.closed_smile": 2.7626,
        "along.eye.closed_smile_difference": 1.7131,
        "along.eye.pucker": 2.8508,
        "along.eye.pucker_difference": 1.7248,
        "along.eye.smile_with_teeth": 2.9474,
        "along.eye.smile_with_teeth_difference": 1.8313,
        "along.mouth.brow_raise": 4.5817,
        "along.mouth.brow_raise_difference": 2.8661,
        "along.mouth.gentle_eye_closure": 5.11,
        "along.mouth.gentle_eye_closure_difference": 2.8987,
        "along.mouth.tight_eye_closure": 5.3799,
        "along.mouth.tight_eye_closure_difference": 3.4316,
        "moved.lower_teeth": 5.509,
        "share.lower_teeth": 0.3496,
    }
}
"""By the SHA-256 of these files: figure and its smallest detectable change, mm or a share."""


def measured_since(files: Mapping[str, str]) -> Mapping[str, float]:
    """Of a release with these files, name to SHA-256; empty where nobody has measured any."""
    return MEASURED.get(tuple(files.get(name, "") for name in FINDING_POINTS), {})

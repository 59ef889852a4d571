"""How far both eyes close: the share of their opening at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from .scale import with_rest_scale

Lengths = dict[str, tuple[float, float]]
"""By region: the patient's left and right, mm."""
REGIONS: Final = ("brow", "eye", "mouth")
LEAST_CLOSURE: Final = 0.2
"""Where neither eye closes by this share of its opening at rest, the exercise was not done, or both sides are
paralysed: there is nothing to compare. Above the landmarks' noise on a lid opening; without a study behind it."""


def lengths_of(symmetry: Any) -> Lengths:
    """Left and right of each region that was measured in millimetres."""
    if not isinstance(symmetry, dict) or symmetry.get("unit") != "mm":
        return {}
    pairs = {region: symmetry.get(region) or {} for region in REGIONS}
    return {
        region: (float(pair["left"]), float(pair["right"]))
        for region, pair in pairs.items()
        if pair.get("left") is not None and pair.get("right") is not None
    }


@dataclass(frozen=True, slots=True)
class Closure:
    """The share of its opening at rest by which each eye closes, 0 to 1; nothing else makes closed eyes comparable."""

    left: float
    right: float

    @property
    def ratio(self) -> float | None:
        """How alike both close, 0 to 1; None where neither does (`LEAST_CLOSURE`)."""
        most = max(self.left, self.right)
        return round(min(self.left, self.right) / most, 3) if most >= LEAST_CLOSURE else None


def closure(closed: dict[str, Any], rest: dict[str, Any] | None) -> Closure | None:
    """How far both eyes close. closed, rest: `symmetry` of two photos of one visit by one release.

    The lengths of the closed eyes are taken in the scale of the photo at rest. None without the lid openings of both
    photos, or where an eye is shut at rest.
    """
    now, before = lengths_of(with_rest_scale(closed, rest)).get("eye"), lengths_of(rest).get("eye")
    if now is None or before is None or min(before) <= 0:
        return None
    return Closure(*(min(1.0, max(0.0, 1 - a / b)) for a, b in zip(now, before, strict=True)))

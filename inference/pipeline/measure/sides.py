"""Left against right, the weak side against the strong, and a view against the face at rest. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inference.pipeline.codes import SIDES

COMPARABLE_MM: Final = 0.5
"""Lengths that are both shorter than this lie within the landmarks' noise; their ratio says nothing."""


def ratio(left: float, right: float) -> float | None:
    """Smaller over larger, 0 to 1; 0 where one is not positive; None where both are too short to compare, mm."""
    small, large = sorted((left, right))
    if large < COMPARABLE_MM:
        return None
    return round(max(0.0, small) / large, 3)


def weak_share(sides: Mapping[str, Any], weak_side: str) -> float | None:
    """What the weak side measures as a share of the strong side: 1 is alike, below 0 is the other direction.

    sides: a measure's {"left", "right"}, mm. weak_side: as the clinician says it, "left" or "right"; the face
    alone doesn't tell (Emotrics guesses it from the lip). None where either is missing or the strong side is
    too short to compare. Raises ValueError for any other side.
    """
    if weak_side not in SIDES:
        raise ValueError(f"The weak side is left or right, not {weak_side!r}.")
    weak = sides.get(weak_side)
    strong = sides.get("left" if weak_side == "right" else "right")
    if weak is None or strong is None or strong < COMPARABLE_MM:
        return None
    return round(float(weak / strong), 3)


def since_rest(
    measures: Mapping[str, Mapping[str, Any]], rest: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, float | None]]:
    """How far each measure moved from rest: {name: {"left", "right"} | {"value"}}, mm or degrees.

    The movement of the exercise itself, and what moves along with it: an eye that narrows (a negative
    `palpebral_fissure`) in a smile is what a clinician looks for as synkinesis; no figure here calls it so.
    Both are `measures` of results of one visit, release and scale.
    """
    return {
        name: {
            key: None if now[key] is None or (was := before.get(key)) is None else round(now[key] - was, 2)
            for key in ("left", "right", "value")
            if key in now
        }
        for name, now in measures.items()
        if (before := rest.get(name)) is not None
    }

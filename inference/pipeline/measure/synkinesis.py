"""What moves along with an exercise and shouldn't: by how much an eye narrows in a smile, by how much a corner of the
mouth or the lower lip moves when the eyes close. Standard library only.

Both are lengths of two photos of one visit, the exercise's less those at rest, on each side by itself. No figure here
is called synkinesis: a healthy eye narrows in a broad smile too, on both sides, so the two sides stand beside each
other, and a person says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inference.pipeline.codes import SIDES, Exercise

from .movement import MeasuredFace, MovementRule, moved_by

PARTS: Final[Mapping[str, MovementRule]] = {
    "eye": MovementRule("eye", "palpebral_fissure", -1),
    "mouth": MovementRule("mouth", "corner_drop", -1),
    "chin": MovementRule("mouth", "lower_lip_drop", -1),
}
"""What may move along, and its length: an eye that narrows, a corner of the mouth that rises, a lower lip
that the chin's muscle pushes up."""
_WHILE_THE_MOUTH_MOVES: Final = ("eye",)
_WHILE_THE_EYES_CLOSE: Final = ("mouth", "chin")
ALONG: Final[Mapping[str, tuple[str, ...]]] = {
    Exercise.CLOSED_SMILE.value: _WHILE_THE_MOUTH_MOVES,
    Exercise.SMILE_WITH_TEETH.value: _WHILE_THE_MOUTH_MOVES,
    Exercise.SMILE.value: _WHILE_THE_MOUTH_MOVES,
    Exercise.PUCKER.value: _WHILE_THE_MOUTH_MOVES,
    Exercise.GENTLE_EYE_CLOSURE.value: _WHILE_THE_EYES_CLOSE,
    Exercise.TIGHT_EYE_CLOSURE.value: _WHILE_THE_EYES_CLOSE,
    Exercise.BROW_RAISE.value: ("mouth",),
}
"""Exercise -> what is watched in it. Not the eye while the brow is raised: people look up as they raise it, which no
simulated face does, so that nobody knows the error."""
SHORTEST_MM: Final = 3.0
"""Of a shorter length at rest no share is told."""


@dataclass(frozen=True, slots=True)
class MovedAlong:
    """What one part did in one exercise that isn't about it, mm in the scale of the photo at rest. left, right: the
    patient's own sides; above 0 narrower, or up. left_at_rest, right_at_rest: the length that it started
    from."""

    exercise: str
    part: str
    left: float
    right: float
    left_at_rest: float
    right_at_rest: float

    def of(self, side: str) -> float:
        """One side's movement, mm."""
        return self.left if side == "left" else self.right

    def share(self, side: str) -> float | None:
        """One side's movement as a share of its length at rest; None where that is shorter than `SHORTEST_MM`."""
        length = self.left_at_rest if side == "left" else self.right_at_rest
        return round(self.of(side) / length, 3) if length >= SHORTEST_MM else None

    def more_on(self, side: str) -> float:
        """By how much that side moved more than the other, mm."""
        return round(self.left - self.right if side == "left" else self.right - self.left, 2)


def moved_along(exercise: str, face: MeasuredFace, rest: MeasuredFace | None) -> tuple[MovedAlong, ...]:
    """What moved along in an exercise. face, rest: two results of one release, of photos of one visit.

    Of each part of `ALONG` that both of them measured; nothing without a photo at rest.
    """
    found = []
    for part in ALONG.get(exercise, ()) if rest is not None else ():
        rule = PARTS[part]
        moved = moved_by(rule, face, rest)
        lengths = [rest.level(rule.measure, side) for side in SIDES] if rest is not None else []
        if moved is None or None in lengths:
            continue
        left, right = (round(length, 2) for length in lengths if length is not None)
        found.append(MovedAlong(exercise, part, moved.left, moved.right, left, right))
    return tuple(found)

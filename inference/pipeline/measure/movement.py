"""What moved since the face at rest: by which measure each exercise is read, how far each side went, and how both
compare. Standard library only.

A length of one photo compares the distances that two faces happen to have; a paralysed forehead has nearly the distance
of a healthy one. What an exercise adds to the same face at rest is movement, and a side that doesn't move has none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeGuard

from inference.pipeline.codes import SIDES, Exercise

from .scale import FROM_REST

Direction = Literal[1, -1]


@dataclass(frozen=True, slots=True)
class MovementRule:
    """How an exercise is read. zone: of `codes.ZONES`. direction: 1 where the measure grows when the exercise is
    done, -1 where it shrinks."""

    zone: str
    measure: str
    direction: Direction


WAYS: Final[Mapping[str, MovementRule]] = {
    Exercise.BROW_RAISE.value: MovementRule("brow", "brow_height", 1),
    Exercise.GENTLE_EYE_CLOSURE.value: MovementRule("eye", "palpebral_fissure", -1),
    Exercise.TIGHT_EYE_CLOSURE.value: MovementRule("eye", "palpebral_fissure", -1),
    Exercise.CLOSED_SMILE.value: MovementRule("mouth", "commissure_excursion", 1),
    Exercise.SMILE_WITH_TEETH.value: MovementRule("mouth", "commissure_excursion", 1),
    Exercise.SMILE.value: MovementRule("mouth", "commissure_excursion", 1),
    Exercise.SHOW_TEETH.value: MovementRule("mouth", "commissure_excursion", 1),
    Exercise.OPEN_MOUTH.value: MovementRule("mouth", "dental_show", 1),
    Exercise.LOWER_TEETH.value: MovementRule("mouth", "lower_lip_drop", 1),
}
"""Exercise -> how its movement is read. The others have no measure that tells movement from error: wrinkling the nose
or sneering shortens the nasolabial fold by 1 mm where 2.7 can be detected, a pucker moves the corners by 1 of 5.7, and
no landmark follows a puffed cheek."""

PER_DEGREE: Final[Mapping[str, float]] = {
    "brow_height": 0.0053,
    "corner_drop": 0.0067,
    "lower_lip_drop": 0.0046,
}
"""What a head bent forward by one degree takes from a length, as a share of the distance between the eyes."""
OPENING_PER_DEGREE: Final = 0.0093
"""What it takes from the opening between the lids, as a share of that opening. Both fitted on repeated photographs of
simulated validation people (`ml_training.measurement.movement`); a bent head would else pass for a raised brow."""

LEAST_MM: Final = 2.0
"""Where the other side moves less than this for each exercise, the exercise was hardly done: its share says nothing."""


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much each side moved in an exercise, mm in the scale of the photo at rest; below 0: against its
    direction, as a slack corner of the mouth that the other side drags along."""

    left: float
    right: float

    def of(self, side: str) -> float:
        """Of the patient's "left" or "right"."""
        return self.left if side == "left" else self.right


@dataclass(frozen=True, slots=True)
class MeasuredFace:
    """What one release measured in one photo. symmetry: as `measure` gives it; pitch: degrees, above 0 bent forward."""

    symmetry: Mapping[str, Any]
    pitch: float = 0.0

    def level(self, measure: str, side: str, mm_per_mm: float = 1.0) -> float | None:
        """One side's measure as of a head held level, mm; None where it wasn't measured."""
        value = ((self.symmetry.get("measures") or {}).get(measure) or {}).get(side)
        if value is None or not _is_number(value):
            return None
        eyes_mm = self.symmetry.get("eyes_mm") or 0.0
        bent = (
            OPENING_PER_DEGREE * value
            if measure == "palpebral_fissure"
            else PER_DEGREE.get(measure, 0.0) * eyes_mm
        )
        return float((value + bent * self.pitch) * mm_per_mm)


def moved(exercise: str, face: MeasuredFace, rest: MeasuredFace | None) -> Moved | None:
    """How far both sides moved since rest. face, rest: two results of one release.

    Lengths of the exercise are taken in the scale of the photo at rest, by the distance between the eyes, which no
    expression changes: irises differ by 8 % between photos of one face, more than many movements. Both are taken as
    of a head held level. None where the exercise has no measure, or either result lacks it or its scale.
    """
    way = WAYS.get(exercise)
    return None if way is None else moved_by(way, face, rest)


def moved_by(way: MovementRule, face: MeasuredFace, rest: MeasuredFace | None) -> Moved | None:
    """The same of a measure that is watched in whichever exercise."""
    if rest is None or any(one.symmetry.get("unit") != "mm" for one in (face, rest)):
        return None
    factor = _to_rest(face.symmetry, rest.symmetry)
    if factor is None:
        return None
    sides = []
    for side in SIDES:
        now, before = face.level(way.measure, side, factor), rest.level(way.measure, side)
        if now is None or before is None:
            return None
        sides.append(round(way.direction * (now - before), 2))
    return Moved(*sides)


def _to_rest(symmetry: Mapping[str, Any], rest: Mapping[str, Any]) -> float | None:
    """What a length of a result is to be multiplied by to be in the scale of the photo at rest."""
    if symmetry.get("scale_from") == FROM_REST:
        return 1.0
    per_px, eyes_px, eyes_mm = symmetry.get("mm_per_px"), symmetry.get("eyes_px"), rest.get("eyes_mm")
    if not (_is_number(per_px) and _is_number(eyes_px) and _is_number(eyes_mm) and per_px * eyes_px):
        return None
    return float(eyes_mm / (eyes_px * per_px))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Sides(Protocol):
    """How far each side moved, mm."""

    @property
    def left(self) -> float: ...

    @property
    def right(self) -> float: ...


def share(movements: Iterable[Sides], weak_side: str) -> float | None:
    """The weak side's movement as a share of the other's, -1 to 1: 0 doesn't move, 1 as far as the other or farther,
    below 0 the wrong way. Of several exercises, their movements are added up first.

    weak_side: "left" or "right"; for any other word the smaller movement over the larger. None without a movement, or
    where the other side moved less than `LEAST_MM` for each.
    """
    found = list(movements)
    return share_of_sums(
        sum(one.left for one in found), sum(one.right for one in found), len(found), weak_side
    )


def share_of_sums(left: float, right: float, count: int, weak_side: str) -> float | None:
    """The same of so many movements that are added up."""
    weak, other = {"left": (left, right), "right": (right, left)}.get(
        weak_side, (min(left, right), max(left, right))
    )
    if not count or other < LEAST_MM * count:
        return None
    return round(max(-1.0, min(1.0, weak / other)), 3)

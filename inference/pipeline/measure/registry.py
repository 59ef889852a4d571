"""Every measure of a face in one table: what it is, in which unit, in which views it is read, how it is computed.

After Emotrics (Guarin, Dusseldorp, Hadlock and Jowett, JAMA Facial Plast Surg 2018;20(4):335-337), in a frame
of our own that a tilted head, a sideways glance or a closed eye does not upset. Where Emotrics takes an absolute
value we keep the sign; where it guesses the healthy side we ask (`sides.weak_share`). None of it is a clinical scale.

A measure is added by one entry of `MEASURES`. Standard library only, since pages read names and definitions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from inference.pipeline.codes import EXERCISES, FROM_BELOW, UNTAUGHT, VIEWS, Exercise

from . import frame
from .frame import FramedFace

CLOSURE_VIEWS: Final = (Exercise.GENTLE_EYE_CLOSURE.value, Exercise.TIGHT_EYE_CLOSURE.value)
"""Views in which the irises are hidden: no scale, and no pupil to measure from."""
FRONTAL: Final = (*VIEWS, *(view for view in EXERCISES if view in UNTAUGHT - FROM_BELOW))
"""Views of a face that looks straight at the camera."""
OPEN_EYES: Final = tuple(view for view in FRONTAL if view not in CLOSURE_VIEWS)
_SMILING: Final = (
    Exercise.REST.value,
    Exercise.CLOSED_SMILE.value,
    Exercise.SMILE_WITH_TEETH.value,
    Exercise.SHOW_TEETH.value,
)
_MOUTH: Final = (*_SMILING, Exercise.PUCKER.value, Exercise.OPEN_MOUTH.value)
_TEETH: Final = (Exercise.SMILE_WITH_TEETH.value, Exercise.SHOW_TEETH.value, Exercise.OPEN_MOUTH.value)
_LOWER_LIP: Final = (
    Exercise.REST.value,
    Exercise.SHOW_TEETH.value,
    Exercise.LOWER_TEETH.value,
    *CLOSURE_VIEWS,
)
_CORNER: Final = (*_SMILING, Exercise.BROW_RAISE.value, *CLOSURE_VIEWS)
_FOLD: Final = (*_SMILING, Exercise.NOSE_WRINKLE.value, Exercise.SNEER.value)

OfSide = Callable[[FramedFace, str], float | None]
OfFace = Callable[[FramedFace], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure.

    unit: "mm" or "deg". of_side: its value on one side, or of_face: one value for the face; px or degrees.
    definition: one sentence, with what its sign means. views: where it is read; elsewhere it says nothing.
    """

    name: str
    unit: Literal["mm", "deg"]
    definition: str
    views: tuple[str, ...]
    of_side: OfSide | None = None
    of_face: OfFace | None = None
    source: str = "Emotrics (Guarin et al. 2018)"

    @property
    def sided(self) -> bool:
        """Whether left and right have values of their own."""
        return self.of_side is not None


def brow_height(face: FramedFace, side: str) -> float:
    """Pupil up to the brow, px."""
    x, y = face.point(frame.PUPILS[side])
    return y - face.height(frame.BROW_LINES[side], x)


def margin_reflex_1(face: FramedFace, side: str) -> float:
    """Pupil up to the upper lid's margin, px; negative where the lid hangs below the pupil."""
    x, y = face.point(frame.PUPILS[side])
    return y - face.height(frame.UPPER_LIDS[side], x)


def margin_reflex_2(face: FramedFace, side: str) -> float:
    """Pupil down to the lower lid's margin, px."""
    x, y = face.point(frame.PUPILS[side])
    return face.height(frame.LOWER_LIDS[side], x) - y


def fissure_height(face: FramedFace, side: str) -> float:
    """Opening between the lids midway between the eye's corners, px; 0 where they meet or overlap."""
    first, second = frame.EYE_CORNERS[side]
    x = (face.point(first)[0] + face.point(second)[0]) / 2
    return max(0.0, face.height(frame.LOWER_LIDS[side], x) - face.height(frame.UPPER_LIDS[side], x))


def _from_lip_middle(face: FramedFace, side: str) -> tuple[float, float]:
    """From where the midline meets the lower lip's edge to the oral commissure: right and down, px."""
    x, y = face.point(frame.COMMISSURES[side])
    return x, y - face.height(frame.LOWER_LIP_LINE, 0.0)


def commissure_excursion(face: FramedFace, side: str) -> float:
    """Midline of the lower lip's edge to the oral commissure, px."""
    return math.hypot(*_from_lip_middle(face, side))


def smile_angle(face: FramedFace, side: str) -> float | None:
    """Direction of the commissure seen from the lower lip's middle, degrees from straight down."""
    right, down = _from_lip_middle(face, side)
    distance = math.hypot(right, down)
    return 90 - math.degrees(math.asin(down / distance)) if distance > 0 else None


def _half_lip(face: FramedFace, side: str) -> float:
    """x halfway between midline and commissure."""
    return face.point(frame.COMMISSURES[side])[0] / 2


def dental_show(face: FramedFace, side: str) -> float:
    """Gap between the lips' inner edges halfway to the commissure, px; 0 where they meet or overlap."""
    x = _half_lip(face, side)
    return max(0.0, face.height(frame.LOWER_INNER_LIP, x) - face.height(frame.UPPER_INNER_LIP, x))


def lower_lip_drop(face: FramedFace, side: str) -> float:
    """From the nose's base down to the lower lip's edge, halfway to the commissure, px."""
    return face.height(frame.LOWER_LIP_LINE, _half_lip(face, side)) - face.point(frame.NOSE_BASE)[1]


def commissure_drop(face: FramedFace, side: str) -> float:
    """From the nose's base down to the oral commissure, px."""
    return face.point(frame.COMMISSURES[side])[1] - face.point(frame.NOSE_BASE)[1]


def commissure_height(face: FramedFace) -> float:
    """How much lower the left commissure lies, px."""
    return face.point(frame.COMMISSURES["left"])[1] - face.point(frame.COMMISSURES["right"])[1]


def _lip_height(face: FramedFace, line: tuple[int, ...]) -> float:
    left, right = (face.height(line, _half_lip(face, side)) for side in ("left", "right"))
    return left - right


def upper_lip_height(face: FramedFace) -> float:
    """How much lower the upper lip's edge lies on the left, halfway to the commissures, px."""
    return _lip_height(face, frame.UPPER_LIP_LINE)


def lower_lip_height(face: FramedFace) -> float:
    """How much lower the lower lip's edge lies on the left, halfway to the commissures, px."""
    return _lip_height(face, frame.LOWER_LIP_LINE)


def fold_distance(face: FramedFace, side: str) -> float:
    """From the midline to the middle of the nasolabial fold, px."""
    return frame.OUTWARDS[side] * face.point(frame.FOLDS[side][1])[0]


def fold_length(face: FramedFace, side: str) -> float:
    """Along the nasolabial fold from the nose's wing to beside the commissure, px."""
    top, middle, bottom = (face.point(index) for index in frame.FOLDS[side])
    return math.dist(top, middle) + math.dist(middle, bottom)


def fold_angle(face: FramedFace, side: str) -> float | None:
    """How far the nasolabial fold leans outwards on its way down, degrees from the vertical."""
    top, _, bottom = (face.point(index) for index in frame.FOLDS[side])
    outwards, down = frame.OUTWARDS[side] * (bottom[0] - top[0]), bottom[1] - top[1]
    return math.degrees(math.atan2(outwards, down)) if outwards or down else None


def philtrum_offset(face: FramedFace) -> float:
    """From the midline to the middle of the upper lip's edge, px; positive towards the patient's left."""
    return face.point(frame.PHILTRUM)[0]


_OURS: Final = "our own, from the face mesh; asked for by users of Emotrics"

MEASURES: Final[tuple[Measure, ...]] = (
    Measure("brow_height", "mm", "From the pupil's centre straight up to the brow; negative if the brow lies below.",
            (Exercise.REST.value, Exercise.BROW_RAISE.value), brow_height),
    Measure("mrd1", "mm", "Marginal reflex distance 1: from the pupil's centre up to the upper lid; negative if the "
            "lid hangs below the pupil's centre.", OPEN_EYES, margin_reflex_1),
    Measure("mrd2", "mm", "Marginal reflex distance 2: from the pupil's centre down to the lower lid.",
            OPEN_EYES, margin_reflex_2),
    Measure("palpebral_fissure", "mm", "Opening between the lids midway between the eye's corners; 0 where they meet.",
            FRONTAL, fissure_height),
    Measure("commissure_excursion", "mm", "From where the midline meets the lower lip's edge to the oral "
            "commissure.", _MOUTH, commissure_excursion),
    Measure("smile_angle", "deg", "Direction of the oral commissure seen from the same point, from straight down: "
            "90 is level, more is raised.", _SMILING, smile_angle),
    Measure("dental_show", "mm", "Gap between the lips' inner edges halfway between midline and commissure; it "
            "holds whatever shows there, teeth or not.", _TEETH, dental_show),
    Measure("commissure_height", "mm", "By how much the left oral commissure lies lower than the right; negative: "
            "higher.", _MOUTH, of_face=commissure_height),
    Measure("upper_lip_height", "mm", "By how much the upper lip's edge lies lower on the left than on the right, "
            "halfway between midline and commissure; negative: higher.", _MOUTH, of_face=upper_lip_height),
    Measure("lower_lip_height", "mm", "By how much the lower lip's edge lies lower on the left than on the right, "
            "halfway between midline and commissure; negative: higher.", _MOUTH, of_face=lower_lip_height),
    Measure("corner_drop", "mm", "From the nose's base down to the oral commissure.", _CORNER, commissure_drop,
            source=_OURS),
    Measure("lower_lip_drop", "mm", "From the nose's base down to the lower lip's edge, halfway between midline and "
            "commissure; the muscles that draw the lip down make it longer.", _LOWER_LIP, lower_lip_drop, source=_OURS),
    Measure("nasolabial_distance", "mm", "From the midline to the middle of the nasolabial fold.",
            _FOLD, fold_distance, source=_OURS),
    Measure("nasolabial_length", "mm", "Along the nasolabial fold from beside the nose's wing to beside the oral "
            "commissure.", _FOLD, fold_length, source=_OURS),
    Measure("nasolabial_angle", "deg", "How far the nasolabial fold leans outwards on its way down; 0 is upright.",
            _FOLD, fold_angle, source=_OURS),
    Measure("philtrum_deviation", "mm", "From the midline to the middle of the upper lip's edge; positive towards "
            "the patient's left, negative towards the right.", _MOUTH, of_face=philtrum_offset, source=_OURS),
)  # fmt: skip
BY_NAME: Final[Mapping[str, Measure]] = {measure.name: measure for measure in MEASURES}

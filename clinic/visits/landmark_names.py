"""The points of a face that a clinician may put right, in words. Sides are the patient's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.pipeline.measure.places import PLACES, Place

GROUPS: Final[Mapping[tuple[str, str], str | Promise]] = {
    ("eye", "right"): _("Right eye"),
    ("eye", "left"): _("Left eye"),
    ("brow", "right"): _("Right brow"),
    ("brow", "left"): _("Left brow"),
    ("mouth", ""): _("Mouth"),
    ("fold", "right"): _("Right nasolabial fold"),
    ("fold", "left"): _("Left nasolabial fold"),
}
"""What is shown at a time: part and side; of the mouth both sides together."""
IN_GROUP: Final[Mapping[tuple[str, str], str | Promise]] = {
    ("eye", "right"): _("Right eye: %(point)s"),
    ("eye", "left"): _("Left eye: %(point)s"),
    ("brow", "right"): _("Right brow: %(point)s"),
    ("brow", "left"): _("Left brow: %(point)s"),
    ("mouth", "right"): _("Mouth, right side: %(point)s"),
    ("mouth", "left"): _("Mouth, left side: %(point)s"),
    ("mouth", ""): _("Mouth, midline: %(point)s"),
    ("fold", "right"): _("Right nasolabial fold: %(point)s"),
    ("fold", "left"): _("Left nasolabial fold: %(point)s"),
}
POINTS: Final[Mapping[str, str | Promise]] = {
    "eye_outer_corner": _("outer corner"),
    "eye_inner_corner": _("inner corner"),
    "upper_lid_outer": _("upper lid, towards the temple"),
    "upper_lid_middle": _("upper lid, middle"),
    "upper_lid_inner": _("upper lid, towards the nose"),
    "lower_lid_outer": _("lower lid, towards the temple"),
    "lower_lid_middle": _("lower lid, middle"),
    "lower_lid_inner": _("lower lid, towards the nose"),
    "pupil": _("pupil"),
    "iris_inner": _("iris, edge towards the nose"),
    "iris_outer": _("iris, edge towards the temple"),
    "brow_outer_end": _("outer end"),
    "brow_outer": _("beside the outer end"),
    "brow_outer_third": _("outer third"),
    "brow_middle": _("middle of the brow"),
    "brow_inner_third": _("inner third"),
    "brow_inner_end": _("inner end"),
    "mouth_corner": _("corner of the mouth"),
    "upper_lip_half": _("upper lip's edge, halfway"),
    "upper_lip_inner": _("upper lip's edge, beside the middle"),
    "nose_base": _("base of the nose, middle"),
    "upper_lip_middle": _("upper lip's edge, middle"),
    "lower_lip_corner": _("lower lip's edge, beside the corner"),
    "lower_lip_outer": _("lower lip's edge, outer third"),
    "lower_lip_half": _("lower lip's edge, halfway"),
    "lower_lip_inner": _("lower lip's edge, beside the middle"),
    "lower_lip_middle": _("lower lip's edge, middle"),
    "lips_corner": _("where the lips meet"),
    "upper_lip_inside": _("inner edge of the upper lip, halfway"),
    "upper_lip_inside_middle": _("inner edge of the upper lip, middle"),
    "lower_lip_inside": _("inner edge of the lower lip, halfway"),
    "lower_lip_inside_middle": _("inner edge of the lower lip, middle"),
    "fold_nose": _("beside the wing of the nose"),
    "fold_middle": _("middle of the fold"),
    "fold_mouth": _("beside the corner of the mouth"),
}


def name_of(place: Place) -> str:
    """Which point it is, with its side."""
    return str(IN_GROUP[place.part, place.side]) % {"point": POINTS[place.name]}


def group_of(place: Place) -> str:
    """The key of the group that it is shown in."""
    return "mouth" if place.part == "mouth" else f"{place.part}-{place.side}"


def groups() -> list[tuple[str, str]]:
    """Key and name of each group, the patient's right first."""
    return [("-".join(filter(None, key)), str(name)) for key, name in GROUPS.items()]


def names() -> dict[int, str]:
    """Of each point by its index."""
    return {index: name_of(place) for index, place in PLACES.items()}

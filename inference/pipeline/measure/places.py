"""The points of the mesh that measures read, by name: those that a person may put where they belong.

A point of one side has a partner on the other; those of the midline have none. A mirrored photo shows each point where
its partner was. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PARTS: Final = ("eye", "brow", "mouth", "fold")
MIDLINE: Final = ""

_SIDED: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "eye": {
        "eye_outer_corner": (33, 263), "upper_lid_outer": (160, 387), "upper_lid_middle": (159, 386),
        "upper_lid_inner": (158, 385), "eye_inner_corner": (133, 362), "lower_lid_inner": (153, 380),
        "lower_lid_middle": (145, 374), "lower_lid_outer": (144, 373), "pupil": (468, 473),
        "iris_inner": (469, 476), "iris_outer": (471, 474),
    },
    "brow": {
        "brow_outer_end": (71, 301), "brow_outer": (70, 300), "brow_outer_third": (63, 293),
        "brow_middle": (105, 334), "brow_inner_third": (66, 296), "brow_inner_end": (107, 336),
    },
    "mouth": {
        "mouth_corner": (61, 291), "upper_lip_half": (39, 269), "upper_lip_inner": (37, 267),
        "lower_lip_corner": (146, 375), "lower_lip_outer": (91, 321), "lower_lip_half": (181, 405),
        "lower_lip_inner": (84, 314), "lips_corner": (78, 308), "upper_lip_inside": (82, 312),
        "lower_lip_inside": (87, 317),
    },
    "fold": {"fold_nose": (203, 423), "fold_middle": (206, 426), "fold_mouth": (216, 436)},
}  # fmt: skip
"""By part and name: the index on the patient's right, and that on the left."""
_MIDDLE: Final[Mapping[str, int]] = {
    "nose_base": 2,
    "upper_lip_middle": 0,
    "lower_lip_middle": 17,
    "upper_lip_inside_middle": 13,
    "lower_lip_inside_middle": 14,
}
"""Those of the mouth that lie on the midline, and the base of the nose, below which lip and corner are measured."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the mesh that measures read. side: the patient's own; empty on the midline. partner: the index of the
    same place on the other side; its own on the midline."""

    index: int
    part: str
    name: str
    side: str
    partner: int


PLACES: Final[Mapping[int, Place]] = {
    place.index: place
    for place in (
        *(
            Place(pair[own], part, name, side, pair[1 - own])
            for part, names in _SIDED.items()
            for own, side in enumerate(("right", "left"))
            for name, pair in names.items()
        ),
        *(Place(index, "mouth", name, MIDLINE, index) for name, index in _MIDDLE.items()),
    )
}
"""By index, part by part, the patient's right before the left."""
IRISES: Final = frozenset(index for index, place in PLACES.items() if place.name.startswith("iris_"))
"""The points that the scale is taken from."""
EYES: Final = frozenset(index for index, place in PLACES.items() if place.part == "eye")
LIDS: Final[Mapping[str, frozenset[int]]] = {
    side: frozenset(
        index
        for index, place in PLACES.items()
        if place.side == side and place.part == "eye" and index not in IRISES and place.name != "pupil"
    )
    for side in ("left", "right")
}
"""By side: the points that tell how far an eye is open."""

"""The face at rest: how the weak side differs from the other, with its sign.

A slack eye stands wide and a contracted one narrow; both are as unlike the other eye, and only the sign tells them
apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_noop

from clinic.common import written
from inference.pipeline.codes import SIDES

from .measures import MeasuredVisit
from .noise import length_error

RESTING: Final[Mapping[str, str]] = {
    "palpebral_fissure": "eye",
    "commissure_height": "mouth",
    "brow_height": "brow",
}
"""What is read at rest, and the region that it belongs to."""
ERRORS: Final[Mapping[str, str]] = {
    "palpebral_fissure": "palpebral_fissure_difference",
    "commissure_height": "commissure_height",
    "brow_height": "brow_height_difference",
}


@dataclass(frozen=True, slots=True)
class Resting:
    """One asymmetry of the face at rest. value: mm, the weak side's less the other's, or left less right where no
    weak side is known; above 0 a wider eye, a lower corner of the mouth, a higher brow."""

    name: str
    value: float
    release: str
    photo: str
    side: str
    reviewed: bool = False

    @property
    def error(self) -> float | None:
        """Smallest change that is more than noise, None where unknown."""
        return resting_error(self.name, self.release)

    @property
    def words(self) -> str:
        """In words, on the side that it was measured from."""
        return self.words_by(written.Writer())

    def words_by(self, writer: written.Writer) -> str:
        """The same, by whoever writes a page."""
        amount = writer.decimal(abs(round(self.value, 1)), 1)
        side = writer.text(_SIDES[self.side])
        return writer.text(_WORDS[self.name, self.value >= 0]) % {"side": side, "mm": amount}


_SIDES: Final = {"left": gettext_noop("left"), "right": gettext_noop("right")}
_WORDS: Final = {
    ("palpebral_fissure", True): gettext_noop("%(side)s eye %(mm)s mm wider"),
    ("palpebral_fissure", False): gettext_noop("%(side)s eye %(mm)s mm narrower"),
    ("commissure_height", True): gettext_noop("%(side)s corner of the mouth %(mm)s mm lower"),
    ("commissure_height", False): gettext_noop("%(side)s corner of the mouth %(mm)s mm higher"),
    ("brow_height", True): gettext_noop("%(side)s brow %(mm)s mm higher"),
    ("brow_height", False): gettext_noop("%(side)s brow %(mm)s mm lower"),
}
"""By the asymmetry, and whether it is above 0."""


def resting_of(measured: MeasuredVisit) -> tuple[Resting, ...]:
    """Of a visit's own photo at rest, by its newest release; empty without one."""
    photo = next((one for one in measured.counted if one.exercise == "rest"), None)
    result = photo.result if photo is not None else None
    if photo is None or result is None or result.symmetry.get("unit") != "mm":
        return ()
    side = measured.weak_side if measured.weak_side in SIDES else "left"
    found = []
    for name in RESTING:
        value = signed((result.symmetry.get("measures") or {}).get(name), side)
        if value is not None:
            found.append(Resting(name, value, result.release, str(photo.photo_id), side, photo.is_reviewed))
    return tuple(found)


def resting_error(name: str, release: str) -> float | None:
    """Smallest change of that asymmetry that is more than noise, mm; None where unknown."""
    return length_error(ERRORS[name], release)


def signed(measure: Any, side: str) -> float | None:
    """That side's less the other's; of a measure of the whole face, whose sign is the left side's, turned to that
    side."""
    if not isinstance(measure, Mapping):
        return None
    left, right, value = (measure.get(key) for key in ("left", "right", "value"))
    if value is None and left is not None and right is not None:
        value = left - right
    return None if value is None else round(float(value if side == "left" else -value), 2)

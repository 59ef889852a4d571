"""Capture protocols: which exercises a visit asks for, and in which order.

A protocol never changes: where a list is to be another, it gets the next version, and visits that were begun with the
one before stay as complete as they were. `KEYS` are stored; the rest is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.pipeline.codes import UNTAUGHT

from .exercises import PROTOCOL, ProtocolExercise, Step, by_code, steps_of

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic


@dataclass(frozen=True, slots=True)
class CaptureProtocol:
    """An ordered list of exercises. about: what it is for, in one sentence."""

    code: str
    version: int
    name: str | Promise
    about: str | Promise
    exercises: tuple[str, ...]

    @property
    def key(self) -> str:
        """As clinics and visits keep it: `twelve-1`."""
        return f"{self.code}-{self.version}"

    @property
    def asked(self) -> tuple[ProtocolExercise, ...]:
        """Its exercises, in their order."""
        return tuple(by_code(code) for code in self.exercises)

    @property
    def others(self) -> tuple[ProtocolExercise, ...]:
        """What can be taken besides."""
        return tuple(one for one in PROTOCOL if one.code not in self.exercises)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is taken, one photo each, of a sided exercise one of each side."""
        return tuple(steps_of(self.asked))

    @property
    def taught(self) -> tuple[str, ...]:
        """The views that a model tells apart, in the order of the protocol, then all others."""
        wanted = (*self.asked, *self.others)
        return tuple(one.code for one in wanted if one.code not in UNTAUGHT)


_STANDARD: Final = (
    "rest", "brow_raise", "gentle_eye_closure", "tight_eye_closure", "closed_smile", "smile_with_teeth", "lower_teeth",
    "pucker", "nose_wrinkle",
)  # fmt: skip
_FIRST: Final = (
    "rest", "brow_raise", "gentle_eye_closure", "tight_eye_closure", "closed_smile", "smile_with_teeth", "show_teeth",
    "pucker", "nose_wrinkle", "sneer", "puff_cheek", "open_mouth",
)  # fmt: skip
PROTOCOLS: Final[tuple[CaptureProtocol, ...]] = (
    CaptureProtocol(
        "twelve",
        1,
        _("Twelve: standard views and exercises"),
        _("The ten standard views, and puffed cheeks and an open mouth, which two scales ask for."),
        (*_STANDARD, "puff_cheek", "open_mouth", "nasal_base"),
    ),
    CaptureProtocol(
        "ten",
        1,
        _("Ten standard views"),
        _("The minimum of the Sir Charles Bell Society (Santosa et al., JAMA Facial Plast Surg 2017)."),
        (*_STANDARD, "nasal_base"),
    ),
    CaptureProtocol(
        "sunnybrook",
        1,
        _("Sunnybrook six"),
        _("The face at rest and the five movements of the Sunnybrook scale."),
        ("rest", "brow_raise", "gentle_eye_closure", "smile_with_teeth", "nose_wrinkle", "pucker"),
    ),
    CaptureProtocol(
        "short",
        1,
        _("Short: rest, brow, eyes, smile"),
        _("Four views for a quick look in between. They are what a House-Brackmann grade needs."),
        ("rest", "brow_raise", "gentle_eye_closure", "smile_with_teeth"),
    ),
    CaptureProtocol(
        "first",
        1,
        _("Twelve with both rows of teeth and a sneer"),
        _("What was asked for before protocols could be chosen."),
        _FIRST,
    ),
)
FROM_HOME: Final = CaptureProtocol(
    "home",
    1,
    _("From home"),
    _(
        "What a home programme asks for, which is another list for each patient. Movement is told by the photo at rest."
    ),
    ("rest",),
)
"""Of visits whose photos a patient sends; no clinic chooses it."""
BY_KEY: Final = {protocol.key: protocol for protocol in (*PROTOCOLS, FROM_HOME)}
DEFAULT: Final = BY_KEY["twelve-1"]
"""Of a clinic that chose none."""
FIRST: Final = BY_KEY["first-1"]
"""Of visits that were begun before protocols could be chosen."""


def of_clinic(clinic: Clinic) -> CaptureProtocol:
    """With which its visits begin."""
    return BY_KEY.get(clinic.protocol, DEFAULT)


def of_key(key: str) -> CaptureProtocol:
    """With which a visit was begun."""
    return BY_KEY.get(key, FIRST)


def choices() -> list[tuple[str, str | Promise]]:
    """Key and name of each."""
    return [(protocol.key, protocol.name) for protocol in PROTOCOLS]


def can_be_chosen(key: str) -> bool:
    """Whether a clinic, or whoever begins a visit, may choose it."""
    return any(protocol.key == key for protocol in PROTOCOLS)

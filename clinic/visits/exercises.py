"""The exercises that a patient is asked for: data, so that the set can grow to the ten standard views."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of the capture protocol.

    `sided` says that the patient does it with one side of the face, which is then recorded with the photo.
    `drawing` is a static file.
    """

    code: str
    name: str | Promise
    instruction: str | Promise
    drawing: str
    sided: bool = False


PROTOCOL: tuple[Exercise, ...] = (
    Exercise(
        "rest",
        _("Rest"),
        _("Look straight at the camera and let the face relax."),
        "img/exercises/rest.svg",
    ),
    Exercise(
        "smile", _("Smile"), _("Smile as widely as you can."), "img/exercises/smile.svg"
    ),
    Exercise(
        "sneer",
        _("Sneer"),
        _("Lift one side of the nose and upper lip."),
        "img/exercises/sneer.svg",
        sided=True,
    ),
    Exercise(
        "puff_cheek",
        _("Puff cheeks"),
        _("Close the lips and fill both cheeks with air."),
        "img/exercises/puff_cheek.svg",
    ),
    Exercise(
        "show_teeth",
        _("Show teeth"),
        _("Clench the teeth and show both rows."),
        "img/exercises/show_teeth.svg",
    ),
    Exercise(
        "open_mouth",
        _("Open mouth"),
        _("Open the mouth as wide as you can."),
        "img/exercises/open_mouth.svg",
    ),
)
BY_CODE = {exercise.code: exercise for exercise in PROTOCOL}


def by_code(code: str) -> Exercise:
    """The exercise of that code; KeyError if the protocol has none."""
    return BY_CODE[code]


def choices() -> list[tuple[str, str | Promise]]:
    return [(exercise.code, exercise.name) for exercise in PROTOCOL]

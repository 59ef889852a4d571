"""The exercises that a patient is asked for: data, so that the set can grow to the ten standard views."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of the capture protocol.

    `sides` are the instructions by side where the patient does it with one side of the face, which is then
    recorded with the photo. `drawing` is a static file; a sided one is drawn on the patient's left.
    """

    code: str
    name: str | Promise
    instruction: str | Promise
    drawing: str
    sides: dict[str, str | Promise] = field(default_factory=dict, hash=False)

    @property
    def sided(self) -> bool:
        return bool(self.sides)


PROTOCOL: tuple[Exercise, ...] = (
    Exercise(
        "rest",
        _("Rest"),
        _("Look straight at the camera and let the face relax."),
        "img/exercises/rest.svg",
    ),
    Exercise("smile", _("Smile"), _("Smile as widely as you can."), "img/exercises/smile.svg"),
    Exercise(
        "sneer",
        _("Sneer"),
        _("Lift one side of the nose and upper lip."),
        "img/exercises/sneer.svg",
        sides={
            "left": _("Lift the left side of the nose and upper lip."),
            "right": _("Lift the right side of the nose and upper lip."),
        },
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


@dataclass(frozen=True, slots=True)
class Step:
    """An exercise as it is taken: one photo of it, for a sided one of each side."""

    exercise: Exercise
    side: str = ""

    @property
    def value(self) -> str:
        """As forms send it: `smile`, `sneer:left`."""
        return f"{self.exercise.code}:{self.side}" if self.side else self.exercise.code

    @property
    def name(self) -> str:
        if self.side == "left":
            return gettext("%(exercise)s, left") % {"exercise": self.exercise.name}
        if self.side == "right":
            return gettext("%(exercise)s, right") % {"exercise": self.exercise.name}
        return str(self.exercise.name)

    @property
    def side_name(self) -> str | Promise:
        """The side alone, empty for an exercise without one."""
        return {"left": _("Left"), "right": _("Right")}.get(self.side, "")

    @property
    def instruction(self) -> str:
        return str(self.exercise.sides.get(self.side, self.exercise.instruction))


STEPS: tuple[Step, ...] = tuple(
    Step(exercise, side) for exercise in PROTOCOL for side in (exercise.sides or ("",))
)


def by_code(code: str) -> Exercise:
    """The exercise of that code; KeyError if the protocol has none."""
    return BY_CODE[code]


def step_of(code: str, side: str = "") -> Step:
    """The exercise with its side; a sided one may still lack it."""
    return Step(by_code(code), side)


def parse_step(value: str) -> tuple[str, str]:
    """Exercise and side from what a form sent; neither is checked."""
    code, _separator, side = value.partition(":")
    return code, side


def choices() -> list[tuple[str, str | Promise]]:
    """Code and name of each exercise, in the protocol's order."""
    return [(exercise.code, exercise.name) for exercise in PROTOCOL]

"""The exercises that a patient may be asked for: the ten standard views of a face of the Sir Charles Bell Society
(Santosa et al., JAMA Facial Plast Surg 2017), and both rows of teeth, puffed cheeks, an open mouth and a sneer of each
side besides. Which of them a visit asks for, and in which order, its protocol says (`protocols`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inference.pipeline.codes import SMILES, same_exercise


@dataclass(frozen=True, slots=True)
class ProtocolExercise:
    """One exercise that a patient can be asked for.

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


PROTOCOL: tuple[ProtocolExercise, ...] = (
    ProtocolExercise(
        "rest",
        _("Rest"),
        _("Look straight at the camera and let the face relax."),
        "img/exercises/rest.svg",
    ),
    ProtocolExercise(
        "brow_raise",
        _("Brow raise"),
        _("Raise both eyebrows as high as you can."),
        "img/exercises/brow_raise.svg",
    ),
    ProtocolExercise(
        "gentle_eye_closure",
        _("Gentle eye closure"),
        _("Close both eyes gently, as if falling asleep."),
        "img/exercises/gentle_eye_closure.svg",
    ),
    ProtocolExercise(
        "tight_eye_closure",
        _("Tight eye closure"),
        _("Squeeze both eyes shut as tightly as you can."),
        "img/exercises/tight_eye_closure.svg",
    ),
    ProtocolExercise(
        "closed_smile",
        _("Closed-mouth smile"),
        _("Smile with the lips closed."),
        "img/exercises/closed_smile.svg",
    ),
    ProtocolExercise(
        "smile_with_teeth",
        _("Smile with teeth"),
        _("Smile as widely as you can and let the teeth show."),
        "img/exercises/smile_with_teeth.svg",
    ),
    ProtocolExercise(
        "show_teeth",
        _("Show teeth"),
        _("Clench the teeth and show both rows."),
        "img/exercises/show_teeth.svg",
    ),
    ProtocolExercise(
        "lower_teeth",
        _("Show bottom teeth"),
        _("Keep the teeth together and pull the lower lip down to show the bottom teeth."),
        "img/exercises/lower_teeth.svg",
    ),
    ProtocolExercise(
        "pucker",
        _("Pucker"),
        _("Push the lips forward, as if to whistle or kiss."),
        "img/exercises/pucker.svg",
    ),
    ProtocolExercise(
        "nose_wrinkle",
        _("Nose wrinkle"),
        _("Wrinkle the nose and lift the upper lip on both sides."),
        "img/exercises/nose_wrinkle.svg",
    ),
    ProtocolExercise(
        "sneer",
        _("Sneer"),
        _("Lift one side of the nose and upper lip."),
        "img/exercises/sneer.svg",
        sides={
            "left": _("Lift the left side of the nose and upper lip."),
            "right": _("Lift the right side of the nose and upper lip."),
        },
    ),
    ProtocolExercise(
        "puff_cheek",
        _("Puff cheeks"),
        _("Close the lips and fill both cheeks with air."),
        "img/exercises/puff_cheek.svg",
    ),
    ProtocolExercise(
        "open_mouth",
        _("Open mouth"),
        _("Open the mouth as wide as you can."),
        "img/exercises/open_mouth.svg",
    ),
    ProtocolExercise(
        "nasal_base",
        _("Nasal base"),
        _("Tilt the head back and relax the face; take it from below, with both nostrils in view."),
        "img/exercises/nasal_base.svg",
    ),
)
"""All that a patient can be asked for: the face at rest first, then from the forehead down, and from below."""

EITHER_SMILE = ProtocolExercise(
    "smile", _("Smile"), _("Smile as widely as you can."), "img/exercises/smile.svg"
)
"""What was asked before closed and open smile were told apart. Records keep it and programs may still send it."""

_SMILES_FROM = next(place for place, exercise in enumerate(PROTOCOL) if exercise.code in SMILES)
KNOWN: tuple[ProtocolExercise, ...] = (*PROTOCOL[:_SMILES_FROM], EITHER_SMILE, *PROTOCOL[_SMILES_FROM:])
"""Every exercise that a record may name, in the order in which photos are shown."""
CLOSURES = frozenset({"gentle_eye_closure", "tight_eye_closure"})
"""Exercises whose aim is a lid opening of nothing. The ratio of both openings says little there: two eyes that close
well leave 0.5 and 1 mm, which is noise, and two that don't close at all leave alike much. What the recovery history
compares instead is how much of its opening at rest each eye closes."""
REGIONS_SHOWN: dict[str, tuple[str, ...]] = {
    "rest": ("brow", "eye", "mouth"),
    "brow_raise": ("brow",),
    "gentle_eye_closure": ("eye",),
    "tight_eye_closure": ("eye",),
    "lower_teeth": (),
    "nasal_base": (),
}
"""Whose left and right a view compares; of all others it is the mouth's. Bottom teeth are shown by the lower lip alone,
which has a measure of its own, and from below no length means anything."""
ZONES_SHOWN: dict[str, tuple[str, ...]] = {
    "brow_raise": ("brow",),
    "gentle_eye_closure": ("eye",),
    "tight_eye_closure": ("eye",),
    "closed_smile": ("midface", "mouth"),
    "smile_with_teeth": ("midface", "mouth"),
    "smile": ("midface", "mouth"),
    "show_teeth": ("mouth",),
    "pucker": ("mouth",),
    "nose_wrinkle": ("midface",),
}
"""Whose movement a view asks for, as in a visit (`inference.pipeline.visit`). A face at rest moves nothing, and a
puffed cheek, an open mouth and a sneer ask little of the muscles that a grade is about."""
BY_CODE = {exercise.code: exercise for exercise in KNOWN}
ORDER = {exercise.code: place for place, exercise in enumerate(KNOWN)}


@dataclass(frozen=True, slots=True)
class Step:
    """An exercise as it is taken: one photo of it, for a sided one of each side."""

    exercise: ProtocolExercise
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


def steps_of(some: Iterable[ProtocolExercise]) -> Iterator[Step]:
    """These exercises as they are taken."""
    return (Step(exercise, side) for exercise in some for side in (exercise.sides or ("",)))


STEPS: tuple[Step, ...] = tuple(steps_of(PROTOCOL))


def regions_shown(code: str) -> tuple[str, ...]:
    """The regions whose sides that view compares."""
    return REGIONS_SHOWN.get(code, ("mouth",))


def zones_shown(code: str) -> tuple[str, ...]:
    """The zones whose movement that view shows; none at rest."""
    return ZONES_SHOWN.get(code, ())


def by_code(code: str) -> ProtocolExercise:
    """The exercise of that code; KeyError if there is none."""
    return BY_CODE[code]


def step_of(code: str, side: str = "") -> Step:
    """The exercise with its side; a sided one may still lack it."""
    return Step(by_code(code), side)


def parse_step(value: str) -> tuple[str, str]:
    """Exercise and side from what a form sent; neither is checked."""
    code, _separator, side = value.partition(":")
    return code, side


def choices(*also: str) -> list[tuple[str, str | Promise]]:
    """Code and name of each exercise of the protocol, and of what else a record names, in their order."""
    return [
        (exercise.code, exercise.name)
        for exercise in KNOWN
        if exercise is not EITHER_SMILE or exercise.code in also
    ]


def all_choices() -> list[tuple[str, str | Promise]]:
    """Code and name of everything that a record may name."""
    return choices(EITHER_SMILE.code)


def asked_now(code: str) -> str:
    """The exercise of the protocol that takes the place of that one; empty for an unknown code."""
    return kinds_of(code)[-1] if code in BY_CODE else ""


def kinds_of(code: str) -> tuple[str, ...]:
    """The exercises of the protocol that such a photo may show: for either smile both, else the one itself."""
    return tuple(exercise.code for exercise in PROTOCOL if same_exercise(code, exercise.code))

"""What moved along with an exercise of a visit: lengths of paired photos beside the clinician's own answers.

An eye that narrows in a smile or a pucker, a corner of the mouth or a chin that moves as the eyes close. It is told as
movement since rest of the same visit on each side, with its error, and never called synkinesis: whether it is one, and
how bad, a clinician says, by the items of the Sunnybrook scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.visits import exercises
from clinic.visits.selectors import PhotoCard
from inference.finding import figures_of
from inference.pipeline.codes import SIDES, Exercise
from inference.pipeline.measure.movement import MeasuredFace
from inference.pipeline.measure.synkinesis import MovedAlong, moved_along
from inference.releases import registry

HEALTHY_MM: Final[Mapping[tuple[str, str], float]] = {
    ("chin", "gentle_eye_closure"): 2.22,
    ("chin", "tight_eye_closure"): 1.97,
    ("eye", "closed_smile"): 1.48,
    ("eye", "pucker"): 1.33,
    ("eye", "smile_with_teeth"): 1.91,
    ("mouth", "brow_raise"): 2.8,
    ("mouth", "gentle_eye_closure"): 1.88,
    ("mouth", "tight_eye_closure"): 3.19,
}
"""By part and exercise: by how much one side moves more than the other in nineteen of twenty healthy faces. Of the
simulated people of grade I (`ml_training/measurement/synkinesis.json`): no patient was measured for it."""
ITEMS: Final[Mapping[str, str]] = {
    "brow_raise": "forehead_synkinesis",
    "gentle_eye_closure": "closure_synkinesis",
    "smile_with_teeth": "smile_synkinesis",
    "pucker": "pucker_synkinesis",
}
"""By exercise: the item of the Sunnybrook scale that grades what moves along with it, 0 to 3."""
_DOES: Final[Mapping[str, str | Promise]] = {
    "eye": gettext_lazy("Eye narrows by"),
    "mouth": gettext_lazy("Corner of the mouth rises by"),
    "chin": gettext_lazy("Lower lip is pushed up by"),
}

_PARTS: Final[Mapping[str, str | Promise]] = {
    "eye": gettext_lazy("eye"),
    "mouth": gettext_lazy("corner of the mouth"),
    "chin": gettext_lazy("chin"),
}


@dataclass(frozen=True, slots=True)
class Along:
    """What one part did in one exercise of a visit, by one release, in photos of that visit alone. photo: whose."""

    moved: MovedAlong
    release: str
    photo: str
    reviewed: bool = False

    @property
    def name(self) -> str:
        """By which the release's errors know it."""
        return f"along.{self.moved.part}.{self.moved.exercise}"

    @property
    def exercise_name(self) -> str:
        return str(exercises.by_code(self.moved.exercise).name)

    def is_of(self, part: str, exercise: str) -> bool:
        """Whether it is what that part did in that exercise."""
        return (self.moved.part, self.moved.exercise) == (part, exercise)

    @property
    def part_name(self) -> str:
        return str(_PARTS[self.moved.part])

    @property
    def does(self) -> str:
        """What the part does, as the beginning of a line: “Eye narrows by”."""
        return str(_DOES[self.moved.part])

    @property
    def side_error(self) -> float | None:
        """Half of the 95 % interval of one side's movement, mm; None where nobody has measured it."""
        return error_of_one(self.name, self.release)

    @property
    def error(self) -> float | None:
        """The same of the difference of both sides."""
        return error_of_one(f"{self.name}_difference", self.release)

    @property
    def limit(self) -> float | None:
        """From which difference on one side moves more: beyond its error, and beyond what healthy faces show."""
        healthy = HEALTHY_MM.get((self.moved.part, self.moved.exercise))
        return None if self.error is None or healthy is None else max(self.error, healthy)

    @property
    def more(self) -> str:
        """The side that moves more than the other and than the limit; empty where neither does, or none is known."""
        difference = self.moved.more_on("left")
        if self.limit is None or abs(difference) <= self.limit:
            return ""
        return "left" if difference > 0 else "right"

    def in_words(self, side: str) -> str:
        """One side's movement: “2.1 ± 0.8 mm (24 %)”."""
        told = _mm(self.moved.of(side), self.side_error)
        share = self.moved.share(side)
        return told if share is None else f"{told} ({_per_cent(share)})"

    @property
    def sentence(self) -> str:
        """Both sides and how they compare, in one sentence."""
        values: dict[str, Any] = {
            "does": self.does,
            "left": self.in_words("left"),
            "right": self.in_words("right"),
            "verdict": self.verdict,
        }
        return _("%(does)s: left %(left)s, right %(right)s. %(verdict)s") % values

    @property
    def verdict(self) -> str:
        """How both sides compare; a difference within error or among healthy faces is none."""
        if self.limit is None:
            return _("Nobody has measured the error of this figure.")
        values = {"mm": _mm(abs(self.moved.more_on("left")), self.error), "limit": _mm(self.limit)}
        if self.more == "left":
            return _("Left %(mm)s more than right; healthy faces and error reach %(limit)s.") % values
        if self.more == "right":
            return _("Right %(mm)s more than left; healthy faces and error reach %(limit)s.") % values
        return _("No difference of the sides beyond error and healthy faces (%(limit)s).") % values


def error_of_one(name: str, release: str) -> float | None:
    """Half of the 95 % interval of a single figure: the smallest detectable change is one between two of them."""
    stated = registry.repeatability(release).get(name)
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        return None
    return round(float(stated) / math.sqrt(2), 2)


def along_of(cards: Iterable[PhotoCard]) -> list[Along]:
    """What moved along in a visit's photos, the last of each exercise against the last at rest, by the same release."""
    last: dict[str, PhotoCard] = {}
    for card in sorted(cards, key=lambda one: one.photo.created_at):
        if card.succeeded and card.analysis is not None:
            last[card.photo.exercise] = card
    rest = last.get(Exercise.REST.value)
    if rest is None or rest.analysis is None:
        return []
    found = []
    for exercise in sorted(last, key=exercises.ORDER.__getitem__):
        card = last[exercise]
        if card.analysis is None or card.analysis.release != rest.analysis.release:
            continue
        for moved in moved_along(exercise, face_of(card), face_of(rest)):
            found.append(
                Along(moved, card.analysis.release, str(card.photo.pk), card.confirmation is not None)
            )
    return found


def face_of(card: PhotoCard) -> MeasuredFace:
    """What movement is read from."""
    figures = figures_of(card.analysis.findings if card.analysis is not None else None)
    return MeasuredFace(figures.symmetry, float(figures.quality.get("pitch_deg") or 0.0))


def _mm(value: float, error: float | None = None) -> str:
    shown = number_format(round(value, 1) + 0.0, 1).replace("-", "\N{MINUS SIGN}")
    if error is None:
        return f"{shown}\N{NO-BREAK SPACE}mm"
    return f"{shown}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{number_format(error, 1)}\N{NO-BREAK SPACE}mm"


def _per_cent(share: float) -> str:
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True, slots=True)
class PairedView:
    """One exercise as the visit's page asks about it: the clinician's grade 0 to 3, and what was measured, which is
    shown once they have answered. answer: None where nobody has."""

    exercise: str
    item: str
    answer: int | None
    measured: tuple[Along, ...]

    @property
    def name(self) -> str:
        return str(exercises.by_code(self.exercise).name)

    @property
    def shown(self) -> tuple[Along, ...]:
        """What is measured, if the clinician has answered."""
        return self.measured if self.answer is not None else ()


def paired_views(*, cards: Iterable[PhotoCard], answers: Mapping[str, Any]) -> list[PairedView]:
    """What is asked of a visit: the exercises of the Sunnybrook scale in which something was measured. answers: that
    scale's, as they stand in the visit."""
    measured: dict[str, list[Along]] = {}
    for one in along_of(cards):
        measured.setdefault(one.moved.exercise, []).append(one)
    return [
        PairedView(exercise, item, answers.get(item), tuple(measured[exercise]))
        for exercise, item in ITEMS.items()
        if exercise in measured
    ]


def sides_of(found: Iterable[Along]) -> dict[str, str]:
    """By side, what moved along, in one line each; empty without any."""
    every = list(found)
    if not every:
        return {}
    return {side: ", ".join(f"{one.part_name} {one.in_words(side)}" for one in every) for side in SIDES}

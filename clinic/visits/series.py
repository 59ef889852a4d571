"""A visit's series: what its protocol asks for, what is there, what was left out and why, and where it goes on."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from inference.pipeline.codes import UNTAUGHT, same_exercise

from . import exercises, protocols
from .models import SkippedExercise, SkipReason
from .protocols import CaptureProtocol

if TYPE_CHECKING:
    from .models import Visit
    from .selectors import PhotoCard


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """One exercise in a visit. skip: why it was not taken, None unless that holds."""

    exercise: exercises.ProtocolExercise
    taken: bool
    skip: SkippedExercise | None = None
    asked: bool = True

    @property
    def state(self) -> str:
        """A photo says more than that there is none: "taken", "skipped", or "missing"."""
        return "taken" if self.taken else "skipped" if self.skip is not None else "missing"


@dataclass(frozen=True, slots=True)
class Series:
    """The exercises of a visit's protocol in their order, and all others that are there or left out."""

    protocol: CaptureProtocol
    places: tuple[SeriesPlace, ...]
    besides: tuple[SeriesPlace, ...]

    @property
    def missing(self) -> list[exercises.ProtocolExercise]:
        """What is asked for and neither there nor left out."""
        return [place.exercise for place in self.places if place.state == "missing"]

    @property
    def skipped(self) -> list[SeriesPlace]:
        """What was left out, the protocol's first."""
        return [place for place in (*self.places, *self.besides) if place.state == "skipped"]

    @property
    def addable(self) -> list[exercises.ProtocolExercise]:
        """What can be taken besides."""
        return [place.exercise for place in self.besides if place.state == "missing"]

    @property
    def of(self) -> int:
        """How many exercises are asked for."""
        return len(self.places)

    @property
    def taken(self) -> int:
        """Of how many there is a photo."""
        return sum(place.state == "taken" for place in self.places)

    @property
    def done(self) -> int:
        """How many are there or left out."""
        return self.of - len(self.missing)

    @property
    def next_number(self) -> int:
        """The number of the exercise with which it goes on; one more than there are where none is open."""
        return next(
            (number for number, place in enumerate(self.places, 1) if place.state == "missing"), self.of + 1
        )

    @property
    def is_begun(self) -> bool:
        """Whether it was begun and is not complete."""
        return 0 < self.done < self.of

    @property
    def sentence(self) -> str:
        """How much of it is there; a series without a photo says so first."""
        said = _("%(there)s of %(all)s exercises photographed.") % {"there": self.taken, "all": self.of}
        return " ".join(filter(None, [said, self.skipped_sentence]))

    @property
    def skipped_sentence(self) -> str:
        """What was left out of the protocol and why; empty where nothing was."""
        return skipped_sentence(
            [place.skip for place in self.places if place.state == "skipped" and place.skip], self.of
        )

    @property
    def for_a_file(self) -> list[exercises.ProtocolExercise]:
        """Under which exercises files lie that name none, in this order: of what a model tells apart, for it is by what
        they show that they are filed in the end."""
        found = [*self.missing, *self.addable]
        return [exercise for exercise in found if exercise.code not in UNTAUGHT]


def skipped_sentence(skips: Collection[SkippedExercise], of: int) -> str:
    """“2 of 10 not taken: Pucker (Pain), Nasal base (No time).” Empty where there are none."""
    if not skips:
        return ""
    told = ", ".join(f"{exercises.by_code(one.exercise).name} ({one.in_words})" for one in skips)
    return _("%(count)s of %(all)s not taken: %(exercises)s.") % {
        "count": len(skips),
        "all": of,
        "exercises": told,
    }


def lacking(views: Iterable[str], series: Series) -> list[str]:
    """The names of those of these views that are missing in the series: neither left out with a reason, nor never asked
    for."""
    missing = {exercise.code for exercise in series.missing}
    return [str(exercises.by_code(view).name) for view in views if view in missing]


def series_of(*, visit: Visit, cards: Iterable[PhotoCard]) -> Series:
    """The series of a visit whose photos are at hand, in one query. A photo of either smile answers for both."""
    return series_with(visit=visit, there={card.photo.exercise for card in cards})


def series_with(
    *, visit: Visit, there: Collection[str], skips: Iterable[SkippedExercise] | None = None
) -> Series:
    """The same of a visit with photos of these exercises. skips: of the visit, where they are at hand."""
    if skips is None:
        skips = standing_skips(visit_ids=[visit.pk])[visit.pk]
    reasons = {one.exercise: one for one in skips}
    protocol = protocols.of_key(visit.protocol)

    def place(exercise: exercises.ProtocolExercise, *, asked: bool) -> SeriesPlace:
        taken = any(same_exercise(code, exercise.code) for code in there)
        return SeriesPlace(exercise, taken, reasons.get(exercise.code), asked)

    return Series(
        protocol,
        tuple(place(exercise, asked=True) for exercise in protocol.asked),
        tuple(place(exercise, asked=False) for exercise in protocol.others),
    )


def standing_skips(*, visit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[SkippedExercise]]:
    """What was left out of those visits, in the order of the exercises; an empty list where nothing was."""
    found: dict[uuid.UUID, list[SkippedExercise]] = defaultdict(list)
    rows = SkippedExercise.objects.standing().filter(visit_id__in=visit_ids).select_related("by")
    for row in sorted(rows, key=lambda one: exercises.ORDER[one.exercise]):
        found[row.visit_id].append(row)
    return found


def reasons() -> list[tuple[str, str]]:
    """Code and name of each reason."""
    return [(value, str(label)) for value, label in SkipReason.choices]

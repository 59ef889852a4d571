"""Under which exercise the photos of a visit are filed.

A file whose name names an exercise is filed under it, any other one for the moment under the exercises still missing,
in the order of the list. Once those are analysed, what all of them show proposes one assignment
(`inference.pipeline.assignment`): each exercise once, rest first. It is a proposal: a person takes it, changes it, or
leaves the photos where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from inference.pipeline.assignment import filed

from . import exercises, names, protocols
from .contradictions import Case, Contradiction, register
from .refusals import refuse
from .selectors import PhotoCard
from .series import series_with

if TYPE_CHECKING:
    from .models import Visit


@dataclass(frozen=True, slots=True)
class FilingPlace:
    """Where a photo goes whose exercise nobody chose. named: by the file's name; else by its place in the list."""

    exercise: str
    side: str
    named: bool


def place_of(*, visit: Visit, name: str) -> FilingPlace:
    """Where a file of that name goes; IntakeError where it names no exercise and none is missing."""
    exercise, side = names.exercise_in(name)
    if exercise:
        return FilingPlace(exercise, side, named=True)
    there = set(visit.photos.filter(archived_at__isnull=True).values_list("exercise", flat=True))
    missing = series_with(visit=visit, there=there).for_a_file
    if not missing:
        raise refuse("unknown_exercise")
    return FilingPlace(missing[0].code, "", named=False)


@dataclass(frozen=True, slots=True)
class ProposedFiling:
    """Under what one photo would be filed. judged: whether its picture says anything; where it doesn't, the photo stays
    where it is. sure: whether the picture alone does not speak against it, of the probability that it shows it."""

    card: PhotoCard
    step: exercises.Step
    judged: bool
    sure: bool
    probability: float

    @property
    def differs(self) -> bool:
        photo = self.card.photo
        return self.step != exercises.step_of(photo.exercise, photo.side)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One assignment of a visit's photos that nobody filed, in the order of the protocol, and the release behind it."""

    filings: tuple[ProposedFiling, ...]
    release: str

    @property
    def differing(self) -> tuple[ProposedFiling, ...]:
        """Those that would be filed otherwise than they are."""
        return tuple(one for one in self.filings if one.differs)


def proposal(*, visit: Visit, cards: Iterable[PhotoCard]) -> Proposal | None:
    """How the visit's photos that were filed by their place in the list belong together.

    None where there are none, where one of them is still being analysed, and where the clinic is shown no results.
    """
    cards = list(cards)
    open_ones = sorted(
        (card for card in cards if not card.photo.exercise_named),
        key=lambda card: (card.photo.taken_at, card.photo.created_at),
    )
    if not open_ones or not visit.patient.clinic.shows_results or not all(c.settled for c in open_ones):
        return None
    told = [dict(card.figures.exercises) if card.succeeded else {} for card in open_ones]
    if not any(told):
        return None
    judged = [card for card, found in zip(open_ones, told, strict=True) if found]
    doubt = judged[0].figures.doubt
    thresholds = {} if doubt is None else {"doubt": doubt}
    taken = [card.photo.exercise for card in cards if card.photo.exercise_named]
    views = filed(told, thresholds, protocols.of_key(visit.protocol).taught, taken)
    filings = [
        ProposedFiling(card, _step(card, one.view), one.view is not None, one.sure, one.probability)
        for card, one in zip(open_ones, views, strict=True)
    ]
    filings.sort(key=lambda one: exercises.ORDER[one.step.exercise.code])
    assert judged[0].analysis is not None
    return Proposal(tuple(filings), judged[0].analysis.release)


def _step(card: PhotoCard, view: str | None) -> exercises.Step:
    """A photo that stays under its exercise keeps its side; which side of a sneer moved, no model says."""
    photo = card.photo
    if view is None or view == photo.exercise:
        return exercises.step_of(photo.exercise, photo.side)
    return exercises.step_of(view)


@register
def filed_by_place(case: Case) -> Iterator[Contradiction]:
    """Photos that nobody filed and that show something else than where they lie, against whatever is signed."""
    if case.photo is not None:
        return
    found = proposal(visit=case.visit, cards=case.photos)
    differing: Sequence[ProposedFiling] = found.differing if found is not None else ()
    if differing:
        sentence = ngettext(
            "%(count)s photo was filed by its place in the list and shows another exercise.",
            "%(count)s photos were filed by their place in the list and show other exercises.",
            len(differing),
        )
        photos = tuple(one.card.photo.pk for one in differing)
        yield Contradiction("filing", sentence % {"count": len(differing)}, photos)

"""Photos that show the other side than the record says: a camera that mirrors, or a record that errs.

Front cameras often store what their screen shows, the mirrored picture. A whole visit of such photos reads as a
weakness of the other side, with the same certainty. So a visit's finding is held against the side of its care episode,
and each photo against the visit's others. What the model says of the side is a suggestion: a person turns photos over
or keeps them. Nothing is said where the record names no side, or both.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from inference.pipeline.codes import Exercise
from inference.pipeline.visit import VisitFindings

from .contradictions import Case, Contradiction, register
from .models import Dismissal, Suggestion
from .selectors import PhotoCard
from .together import Together, side_of, together

OPPOSITE: Final = 0.95
"""From this probability of the other side on, given a weakness, a visit is held to contradict its record."""
LEAST_WEAKNESS: Final = 0.2
"""And from this probability of a weakness on: less than a verdict asks for, since the side is sure long before. Of 100
visits of the demo from grade III on, of 6 to 12 views drawn at random, 99 are named when they are mirrored and none
when they are true; see docs/photo-quality.md."""
ODD_ONE: Final = 0.9
"""The same for one photo among the others of its visit: both the photo's side and that of the others without it."""
FEWEST: Final = 3
"""Photos that must speak for one side before another one is called the odd one."""
OTHER: Final = {"left": "right", "right": "left"}
# A sneer is asked of one side of the face, and looks like a palsy of the other.
TELLING_NOTHING: Final = frozenset({Exercise.SNEER.value, Exercise.REST.value})


@dataclass(frozen=True, slots=True)
class Mirrored:
    """Photos of a visit that contradict its side. whole: all of them; else the one that differs from the others.

    found: the side that the photos show; expected: the record's, or that of the other photos.
    """

    whole: bool
    found: str
    expected: str
    photos: tuple[uuid.UUID, ...]
    release: str

    @property
    def suggestion(self) -> str:
        """What is kept with a person's word that it is as it should be."""
        return self.found

    @property
    def sentence(self) -> str:
        """What contradicts what."""
        if self.whole and self.found == "left":
            return _("These photos look mirrored: weakness on the left, the record says right.")
        if self.whole:
            return _("These photos look mirrored: weakness on the right, the record says left.")
        if self.found == "left":
            return _("This photo looks mirrored: weakness on the left, in the others on the right.")
        return _("This photo looks mirrored: weakness on the right, in the others on the left.")


def mirrored_in(
    *, cards: Iterable[PhotoCard], weak_side: str, found: Together | None = None
) -> list[Mirrored]:
    """What of a visit's photos looks mirrored and was not kept as it is: the whole series, or single photos.

    weak_side: the care episode's, "left", "right", "both" or empty. found: all of them together, where that is at hand.
    """
    cards = [card for card in cards if card.succeeded and card.analysis is not None]
    series = _series(cards, weak_side, found)
    doubted = [series] if series is not None else _odd_ones(cards)
    kept = _kept(cards) if doubted else set()
    return [one for one in doubted if (None if one.whole else one.photos[0], one.suggestion) not in kept]


@register
def looks_mirrored(case: Case) -> Iterator[Contradiction]:
    """Photos that look mirrored against whatever is signed of their visit: of them the sides may be the wrong ones."""
    if case.photo is not None:
        return
    for one in mirrored_in(cards=case.photos, weak_side=case.episode.weak_side, found=case.known.together):
        yield Contradiction("mirrored", one.sentence, one.photos)


def _series(cards: Sequence[PhotoCard], weak_side: str, found: Together | None) -> Mirrored | None:
    """The whole visit, where all that it says together is of the other side than the record's."""
    if weak_side not in OTHER:
        return None
    found = found or together(cards=cards)
    other = OTHER[weak_side]
    if found is None or not contradicts(found.findings, other):
        return None
    return Mirrored(True, other, weak_side, tuple(card.photo.pk for card in cards), found.release)


def contradicts(found: VisitFindings, other: str) -> bool:
    """Whether a visit's findings speak for that side, the one that the record does not name."""
    likely = found.palsy_probability is not None and found.palsy_probability >= LEAST_WEAKNESS
    return likely and found.weak_side_probabilities.get(other, 0.0) >= OPPOSITE


def _odd_ones(cards: Sequence[PhotoCard]) -> list[Mirrored]:
    """Single photos that are of the other side than all others together."""
    found = []
    for card in cards:
        side = _side_shown(card)
        if not side:
            continue
        others = [other for other in cards if other is not card]
        same = sum(_side_shown(other) == OTHER[side] for other in others)
        if same < FEWEST or any(_side_shown(other) == side for other in others):
            continue
        rest = together(cards=others)
        if rest is not None and side_of(rest, at_least=ODD_ONE) == OTHER[side]:
            found.append(Mirrored(False, side, OTHER[side], (card.photo.pk,), rest.release))
    return found


def _side_shown(card: PhotoCard) -> str:
    """The side that one photo shows beyond doubt; empty for one that tells none."""
    if card.photo.exercise in TELLING_NOTHING or card.found is None or not card.found.palsy:
        return ""
    sides = card.figures.sides
    return next((side for side in OTHER if float(sides.get(side, 0.0)) >= ODD_ONE), "")


def _kept(cards: Sequence[PhotoCard]) -> set[tuple[uuid.UUID | None, str]]:
    """What people said is as it should be: of single photos, or (None) of the whole visit."""
    if not cards:
        return set()
    rows = Dismissal.objects.filter(visit=cards[0].photo.visit_id, suggestion=Suggestion.MIRRORED)
    return set(rows.values_list("photo_id", "value"))

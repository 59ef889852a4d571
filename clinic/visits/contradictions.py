"""What contradicts what, named before a clinician signs.

A statement (the model's that is to be confirmed, or a clinician's own) is held against whatever else the record knows.
Each check is one function of a `Case`; `CHECKS` lists them, and another room adds its own with `register`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.patients.models import Episode
from inference.finding import Finding, Verdict
from inference.pipeline.codes import Exercise

from . import exercises
from .grading import VisitFinding
from .models import Visit
from .selectors import PhotoCard
from .sentences import ROMAN

ALIKE: Final = 0.95
"""A weakness whose measured symmetry is at least this everywhere contradicts itself: healthy faces measure less."""
UNLIKE: Final = 0.7
"""No weakness, and one side moves by less than this share of the other: more than healthy faces are apart."""
GRADES_APART: Final = 2
"""Two grades this far apart contradict each other; within one is how far clinicians agree."""
GRADES_SINCE: Final = 3
"""A change of grade from visit to visit that is more often a slip than a course."""
PHOTOS_WEAK: Final = 1 / 3
"""The share of a visit's photos that a model may call weak by itself while the visit is not."""
SYMMETRIC_AT_REST: Final = 4
"""Up to this grade a face is symmetric at rest (House and Brackmann 1985)."""

VIEW_REGIONS: Final[dict[str, tuple[str, ...]]] = {
    "brow_raise": ("brow",),
    "closed_smile": ("mouth",),
    "smile_with_teeth": ("mouth",),
    "smile": ("mouth",),
    "show_teeth": ("mouth",),
}
"""In which views the ratio of both sides tells a weakness of which region."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things that can't both be true. `code` names the pair; photos: where it shows."""

    code: str
    sentence: str
    photos: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """What a statement is held against.

    stated: what is to be signed. photo: the photo that it is about, None where it is about the visit. photos: all of
    the visit, that one among them. previous: the clinician's finding at the visit before.
    """

    stated: Finding
    visit: Visit
    episode: Episode
    photos: Sequence[PhotoCard]
    known: VisitFinding
    previous: Finding | None = None
    photo: PhotoCard | None = None


Check = Callable[[Case], Iterable[Contradiction]]


def opposite(one: str, other: str) -> bool:
    """Whether one names the left and the other the right."""
    return {one, other} == {"left", "right"}


def side_in_words(side: str) -> str:
    return {"left": _("left"), "right": _("right")}.get(side, _("both sides"))


def episode_side(case: Case) -> Iterator[Contradiction]:
    """The side against the care episode's."""
    if opposite(case.stated.weak_side, case.episode.weak_side):
        values = {
            "side": side_in_words(case.stated.weak_side),
            "known": side_in_words(case.episode.weak_side),
        }
        sentence = _("Weak side here: %(side)s. Weak side of the care episode: %(known)s.")
        yield Contradiction("episode_side", sentence % values)


def visit_clinician(case: Case) -> Iterator[Contradiction]:
    """A photo against what the clinician said of the visit."""
    if case.photo is not None and case.known.clinician is not None:
        sentence = _("The clinician's finding of the visit: %(finding)s")
        if _differ(case.stated, case.known.clinician, _is_rest(case.photo)):
            yield Contradiction("visit", sentence % {"finding": case.known.clinician_sentence})


def model_verdict(case: Case) -> Iterator[Contradiction]:
    """Against the model's verdict on all views together."""
    model = case.known.model
    if model is None or model.uncertain:
        return
    at_rest = case.photo is not None and _is_rest(case.photo)
    apart = case.photo is None and _grades_apart(case.stated.grade, case.known.model_grade, GRADES_APART)
    if _differ(case.stated, model, at_rest) or apart:
        sentence = _("The model, from all views together: %(finding)s")
        yield Contradiction("model", sentence % {"finding": case.known.model_sentence})


def other_photos(case: Case) -> Iterator[Contradiction]:
    """Against single photos: the clinicians' words on them, and the sides that the model names in them."""
    shown = [card for card in case.photos if card is not case.photo]
    words = [
        card for card in shown if card.confirmed is not None and _photo_differs(case, card.confirmed, card)
    ]
    if words:
        names = ", ".join(dict.fromkeys(str(card.exercise.name) for card in words))
        sentence = _("Clinicians found otherwise in single photos: %(views)s.") % {"views": names}
        yield Contradiction("photos_confirmed", sentence, tuple(card.photo.pk for card in words))
    found = [card for card in shown if card.confirmed is None and card.found is not None]
    other = [card for card in found if card.found and opposite(card.found.weak_side, case.stated.weak_side)]
    weak = [card for card in found if card.found is not None and card.found.palsy]
    if other:
        sentence = ngettext(
            "The model names the other side in %(count)s photo: %(views)s.",
            "The model names the other side in %(count)s photos: %(views)s.",
            len(other),
        )
        yield Contradiction("photos_side", _counted(sentence, other), tuple(card.photo.pk for card in other))
    elif _is_normal(case) and case.photo is None and len(weak) > PHOTOS_WEAK * len(found):
        sentence = ngettext(
            "The model sees a weakness in %(count)s photo: %(views)s.",
            "The model sees a weakness in %(count)s photos: %(views)s.",
            len(weak),
        )
        yield Contradiction("photos_weak", _counted(sentence, weak), tuple(card.photo.pk for card in weak))


def measures(case: Case) -> Iterator[Contradiction]:
    """Against what was measured where a view tells it."""
    shown = case.photos if case.photo is None else [case.photo]
    ratios = [(card, ratio) for card in shown for ratio in measured_ratios(card)]
    if not ratios:
        return
    if case.stated.palsy and case.stated.weak_side != "both" and min(r for _, r in ratios) >= ALIKE:
        least = min(ratio for _, ratio in ratios)
        sentence = _("Both sides measure alike: a symmetry of %(ratio)s or more.") % {
            "ratio": number_format(least, 2)
        }
        yield Contradiction("measures_alike", sentence)
    if _is_normal(case):
        unlike = [card for card, ratio in ratios if ratio < UNLIKE]
        if unlike:
            sentence = _("Both sides measure far apart: %(views)s.") % {"views": _names(unlike)}
            yield Contradiction("measures_unlike", sentence, tuple(card.photo.pk for card in unlike))


def previous_visit(case: Case) -> Iterator[Contradiction]:
    """Against what a clinician found at the visit before."""
    before = case.previous
    if before is None or case.photo is not None:
        return
    if opposite(before.weak_side, case.stated.weak_side):
        sentence = _("At the visit before, a clinician found the weakness on the other side: %(side)s.")
        yield Contradiction("previous_side", sentence % {"side": side_in_words(before.weak_side)})
    elif _grades_apart(before.grade, case.stated.grade, GRADES_SINCE):
        values = {"before": ROMAN[before.grade or 1], "grade": ROMAN[case.stated.grade or 1]}
        sentence = _("At the visit before the clinician's grade was %(before)s, here it is %(grade)s.")
        yield Contradiction("previous_grade", sentence % values)


CHECKS: list[Check] = [
    episode_side,
    visit_clinician,
    model_verdict,
    other_photos,
    measures,
    previous_visit,
]


def register(check: Check) -> Check:
    """Add a check of another room, such as a series that was taken in a mirror."""
    if check not in CHECKS:
        CHECKS.append(check)
    return check


def contradictions(case: Case) -> list[Contradiction]:
    """All that contradicts the statement, in the order of the checks; nothing where nothing is stated."""
    if case.stated.uncertain:
        return []
    return [one for check in CHECKS for one in check(case)]


@dataclass(frozen=True, slots=True)
class NamedContradictions:
    """The contradictions of a statement, and whether they were all named to whoever signs."""

    found: tuple[Contradiction, ...] = ()
    codes: frozenset[str] = field(default=frozenset())

    @property
    def all_named(self) -> bool:
        return {one.code for one in self.found} <= self.codes


def named(case: Case, codes: Collection[str]) -> NamedContradictions:
    """The contradictions of the statement beside the codes that were named to whoever signs it."""
    return NamedContradictions(tuple(contradictions(case)), frozenset(codes))


def measured_ratios(card: PhotoCard) -> list[float]:
    """The symmetry, 0 to 1, of the regions that the photo's view moves, as measured."""
    if card.analysis is None or not card.succeeded:
        return []
    found = (card.ratio(region) for region in VIEW_REGIONS.get(card.photo.exercise, ()))
    return [ratio for ratio in found if ratio is not None]


def _is_rest(card: PhotoCard) -> bool:
    return card.photo.exercise == Exercise.REST


def _is_normal(case: Case) -> bool:
    return case.stated.verdict == Verdict.NORMAL


def _differ(one: Finding, other: Finding, at_rest: bool) -> bool:
    """Whether one finds a weakness and the other none, or both on opposite sides.

    At rest a face without asymmetry contradicts no grade up to `SYMMETRIC_AT_REST`.
    """
    if one.uncertain or other.uncertain:
        return False
    if one.palsy and other.palsy:
        return opposite(one.weak_side, other.weak_side)
    weak = one if one.palsy else other
    return one.palsy != other.palsy and not (at_rest and (weak.grade or 0) <= SYMMETRIC_AT_REST)


def _photo_differs(case: Case, word: Finding, card: PhotoCard) -> bool:
    """Whether a clinician's word on a photo contradicts the statement: its weakness, its side, or its old grade."""
    if case.photo is not None:
        return opposite(word.weak_side, case.stated.weak_side)
    apart = word.palsy and _grades_apart(word.grade, case.stated.grade, GRADES_APART)
    return apart or _differ(word, case.stated, _is_rest(card))


def _grades_apart(one: int | None, other: int | None, by: int) -> bool:
    return one is not None and other is not None and abs(one - other) >= by


def _counted(sentence: str, found: Sequence[PhotoCard]) -> str:
    return sentence % {"count": len(found), "views": _names(found)}


def _names(found: Sequence[PhotoCard]) -> str:
    return ", ".join(
        dict.fromkeys(exercises.step_of(card.photo.exercise, card.photo.side).name for card in found)
    )


__all__ = ["CHECKS", "Case", "Contradiction", "NamedContradictions", "contradictions", "named", "register"]

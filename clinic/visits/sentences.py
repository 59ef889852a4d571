"""A result as a sentence: what was found first, how sure second. Each sentence is whole, so that it translates.

A model's finding without weakness is never worded as a diagnosis, nor as the absence of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inference.finding import Finding
from inference.jobs.states import Status
from inference.pipeline.codes import FROM_BELOW
from inference.sentences import WEAKNESS, model_finding

from . import exercises

if TYPE_CHECKING:
    from .selectors import PhotoCard
    from .series import Series

ROMAN: Final = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI"}
SEVERITY: Final[dict[int, str | Promise]] = {
    1: gettext_lazy("barely visible"),
    2: gettext_lazy("mild"),
    3: gettext_lazy("moderate"),
    4: gettext_lazy("moderately severe"),
    5: gettext_lazy("severe"),
    6: gettext_lazy("total"),
}


def no_stroke_excluded() -> str:
    """The one word of caution beside a model's finding without weakness."""
    return _("This does not exclude a stroke.")


def uncertain() -> str:
    """Why the model doesn't choose, and what to do about it."""
    return _(
        "In this photo a slight weakness and natural unevenness look alike to the model. "
        "Take the other views too, or judge yourself."
    )


def untaught_view(view: str) -> str:
    """What stands in the place of a model's finding in a view of which no network has seen any."""
    if view in FROM_BELOW:
        return _("Taken from below: no model looks at it and nothing is measured. It is for your eyes.")
    return _("No model has learnt this view: it says nothing of a weakness here. The lengths are measured.")


def clinician_finding(finding: Finding) -> str:
    """A clinician's finding without the exercise's name, with the grade where one was given to the photo."""
    if not finding.palsy:
        return _("No palsy.")
    values = {"weakness": WEAKNESS.get(finding.weak_side, _("Weakness"))}
    if finding.grade is None:
        return _("%(weakness)s.") % values
    values |= {"severity": SEVERITY[finding.grade], "grade": ROMAN[finding.grade]}
    return _("%(weakness)s, %(severity)s: grade %(grade)s.") % values


def with_exercise(exercise: str, side: str, sentence: str) -> str:
    """The sentence with the exercise before it: “Smile. Weakness on the left, …”"""
    known = exercises.BY_CODE.get(exercise)
    if known is None:
        return sentence
    return _("%(exercise)s. %(sentence)s") % {
        "exercise": exercises.Step(known, side).name,
        "sentence": sentence,
    }


def model_sentence(card: PhotoCard) -> str:
    """The model's whole sentence on a photo; empty while there is no result."""
    if card.found is None or card.analysis is None:
        return ""
    return with_exercise(card.found.exercise, _side(card, card.found), model_finding(card.found))


def clinician_sentence(card: PhotoCard) -> str:
    """The clinician's whole sentence on a photo; empty while nobody had a word."""
    if card.confirmed is None:
        return ""
    return with_exercise(
        card.confirmed.exercise, _side(card, card.confirmed), clinician_finding(card.confirmed)
    )


def _side(card: PhotoCard, finding: Finding) -> str:
    return card.photo.side if finding.exercise == card.photo.exercise else ""


@dataclass(frozen=True, slots=True)
class VisitSentences:
    """A visit's photos in two sentences; each may be empty. `release` is the one that found it all, if it was one."""

    photos: str
    model: str
    release: str = ""
    open: str = ""
    """What of the photos is not settled: running, to be retaken, failed."""


def visit_summary(
    cards: Iterable[PhotoCard], *, series: Series | None = None, states_alone: bool = False
) -> VisitSentences:
    """What a visit's photos say one by one: how many there are of its series, in how many the model found something.
    states_alone: without the latter, of which their cards know nothing."""
    cards = list(cards)
    releases = {card.analysis.release for card in cards if card.analysis is not None and card.succeeded}
    return VisitSentences(
        photos=_photos(cards, series),
        open=" ".join(_open(cards)),
        model="" if states_alone else _model(cards),
        release=releases.pop() if len(releases) == 1 else "",
    )


def _photos(cards: list[PhotoCard], series: Series | None) -> str:
    skipped = series.skipped_sentence if series is not None else ""
    if not cards:
        return " ".join(filter(None, [_("No photos yet."), skipped]))
    if series is None:
        return " ".join(_open(cards))
    return " ".join([series.sentence, *_open(cards)])


def _open(cards: list[PhotoCard]) -> list[str]:
    parts = []
    running = sum(card.analysis is not None and not card.settled for card in cards)
    retake = sum(card.analysis is not None and card.analysis.status == Status.REJECTED for card in cards)
    failed = sum(card.analysis is not None and card.analysis.status == Status.FAILED for card in cards)
    if running:
        parts.append(
            ngettext("%(count)s photo is being analysed.", "%(count)s photos are being analysed.", running)
            % {"count": running}
        )
    if retake:
        parts.append(
            ngettext("%(count)s photo should be retaken.", "%(count)s photos should be retaken.", retake)
            % {"count": retake}
        )
    if failed:
        parts.append(
            ngettext("%(count)s analysis failed.", "%(count)s analyses failed.", failed) % {"count": failed}
        )
    return parts


def _model(cards: list[PhotoCard]) -> str:
    found = [card.found for card in cards if card.found is not None]
    weak = [finding for finding in found if finding.palsy]
    open_ = sum(finding.uncertain for finding in found)
    if not found:
        return ""
    return " ".join(filter(None, [_decided(found, weak), _undecided(open_, len(found))]))


def _undecided(count: int, total: int) -> str:
    if not count:
        return ""
    return _("Uncertain in %(count)s of %(all)s photos.") % {"count": count, "all": total}


def _decided(found: list[Finding], weak: list[Finding]) -> str:
    """What the model found in the photos on which it decided."""
    without = sum(not finding.palsy and not finding.uncertain for finding in found)
    if not weak and not without:
        return ""
    if not weak:
        return ngettext(
            "No asymmetry detected in %(count)s photo.",
            "No asymmetry detected in %(count)s photos.",
            without,
        ) % {"count": without}
    sides = {finding.weak_side for finding in weak} - {""}
    other = _("Weakness, not always on the same side") if sides else _("Weakness")
    values = {
        "weakness": WEAKNESS[sides.pop()] if len(sides) == 1 else other,
        "weak": len(weak),
        "all": len(found),
    }
    return _("%(weakness)s in %(weak)s of %(all)s photos.") % values

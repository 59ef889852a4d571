"""What all views of a visit say together: one reading for the visit's page and the API.

Only photos of one release are combined, and only as that release says: one that says nothing about it was never
tried on whole visits, and its photos are left to stand for themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from inference import registry
from inference.finding import Finding, Verdict, evidence, from_visit
from inference.pipeline.codes import Exercise, same_exercise
from inference.pipeline.errors import PipelineError
from inference.pipeline.release import load_release, release_folder
from inference.pipeline.visit import VisitFindings, combine

from . import exercises, sentences
from .reading import Zone, zones_of
from .selectors import PhotoCard


@dataclass(frozen=True, slots=True)
class Together:
    """The combined findings of a visit, the release that made them and the photos that they rest on.

    left_out: photos with a result of another release. unsettled: photos among them that look like another exercise
    than they are filed under, and tell no movement until somebody says which it is. preliminary: a clinician has not
    had a word on each photo.
    """

    release: str
    findings: VisitFindings
    photos: tuple[uuid.UUID, ...]
    left_out: int
    unsettled: int
    preliminary: bool

    @property
    def sentence(self) -> str:
        """Verdict, side and grade with its interval, in words."""
        found = self.findings
        if self.is_normal:
            return _("No asymmetry detected in these views together; this does not exclude a stroke.")
        values = {
            "weakness": sentences.WEAKNESS.get(found.side or "", _("Weakness, on which side is uncertain")),
            "low": sentences.ROMAN.get(found.grade_low or 0, "–"),
            "high": sentences.ROMAN.get(found.grade_high or 0, "–"),
            "grade": sentences.ROMAN.get(found.grade or 0, "–"),
            "severity": sentences.SEVERITY.get(found.grade or 0, ""),
        }
        if self.is_uncertain:
            return (
                _("Uncertain whether there is a weakness: a grade from %(low)s to %(high)s is possible.")
                % values
            )
        if found.grade_low == found.grade_high:
            return _("%(weakness)s, %(severity)s: grade %(grade)s.") % values
        return _("%(weakness)s, %(severity)s: grade %(grade)s, 95 %% interval %(low)s to %(high)s.") % values

    @property
    def advice(self) -> str:
        """What to do where the model doesn't choose."""
        if not self.is_uncertain and (self.findings.side or self.is_normal):
            return ""
        if self.findings.views_missing:
            return _("Take the views that are missing, or judge yourself.")
        return _("Judge yourself.")

    @property
    def is_normal(self) -> bool:
        return self.finding is not None and self.finding.verdict == Verdict.NORMAL

    @property
    def is_uncertain(self) -> bool:
        return self.finding is not None and self.finding.uncertain

    @property
    def finding(self) -> Finding | None:
        """Verdict, side and grade; None where no photo could be used."""
        return from_visit(self.findings)

    @property
    def zones(self) -> list[Zone]:
        """The zones that these views show, each with its interval."""
        return zones_of(self.findings.zones)

    @property
    def missing(self) -> list[str]:
        """The names of the views that are not among them."""
        return [str(exercises.by_code(code).name) for code in self.findings.views_missing]


def together(*, cards: Iterable[PhotoCard]) -> Together | None:
    """The views of a visit combined; None where no release that combines views has judged any."""
    judged = [card for card in cards if card.succeeded and card.analysis is not None]
    if not judged:
        return None
    release = max(judged, key=lambda card: card.analysis.created_at).analysis.release  # type: ignore[union-attr]
    parameters = _parameters(release)
    if not parameters:
        return None
    of_release = [card for card in judged if card.analysis is not None and card.analysis.release == release]
    counted = _last_of_each(of_release)
    return Together(
        release=release,
        findings=combine([_photo(card) for card in counted], parameters),
        photos=tuple(card.photo.pk for card in counted),
        left_out=len(judged) - len(of_release),
        unsettled=sum(_is_unsettled(card) for card in counted),
        preliminary=any(card.confirmation is None for card in counted),
    )


def side_of(found: Together, *, at_least: float) -> str:
    """The weak side of the visit if it is at least that probable, given a weakness; else empty."""
    sides = found.findings.weak_side_probabilities
    return next((side for side, share in sides.items() if share >= at_least), "")


def _parameters(release: str) -> dict[str, Any]:
    """How that release combines the views of a visit; empty if it says nothing, or is no longer there."""
    try:
        return load_release(release_folder(release, registry.artifacts_dir())).visit
    except (PipelineError, OSError):
        return {}


def _view(card: PhotoCard) -> str:
    """What the photo shows: as confirmed or else as asked, by the closer name of a smile."""
    if card.word is not None:
        return card.word.exercise
    asked, found = card.photo.exercise, card.found
    return found.exercise if found is not None and same_exercise(asked, found.exercise) else asked


def _last_of_each(cards: Sequence[PhotoCard]) -> list[PhotoCard]:
    """Of several photos of one view and side the last one taken: a retake takes the place of what it was for."""
    last = {
        (_view(card), card.photo.side): card for card in sorted(cards, key=lambda card: card.photo.taken_at)
    }
    return [card for card in cards if last[_view(card), card.photo.side] is card]


def _photo(card: PhotoCard) -> dict[str, Any]:
    stored = card.analysis.findings if card.analysis is not None else None
    return evidence(stored, exercise=_view(card), with_zones=not _is_unsettled(card))


def _is_unsettled(card: PhotoCard) -> bool:
    """Whether it looks like another exercise than the asked one. A face that hardly moves looks at rest: that is no
    other exercise, but the very weakness that was asked about."""
    seen = card.other_exercise
    return (
        seen is not None and seen.code != Exercise.REST and not same_exercise(card.photo.exercise, seen.code)
    )

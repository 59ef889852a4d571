"""What all views of a visit say together: one reading for the visit's page and the API.

Only photos of one release are combined, and only as that release says: one that says nothing about it was never
tried on whole visits, and its photos are left to stand for themselves.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inference.finding import Finding, Verdict, evidence, from_visit
from inference.pipeline.codes import Exercise, same_exercise
from inference.pipeline.errors import PipelineError
from inference.pipeline.release import load_release, release_folder
from inference.pipeline.visit import VisitFindings, combine
from inference.releases import registry

from .reading import Zone, zones_of
from .selectors import PhotoCard

GRADE_VIEWS: Final[tuple[tuple[str, ...], ...]] = (
    ("rest",),
    ("brow_raise",),
    ("gentle_eye_closure", "tight_eye_closure"),
    ("smile_with_teeth", "closed_smile", "smile", "show_teeth"),
)
"""What a grade is about: the face at rest, and the movement of forehead, eye and mouth (House and Brackmann,
Otolaryngol Head Neck Surg 1985;93:146-147). Of each group one view must be there; the first is asked for."""


NEVER: Final = 2.0
"""A threshold that no probability reaches."""


@dataclass(frozen=True, slots=True)
class Together:
    """The combined findings of a visit, the release that made them and the photos that they rest on.

    left_out: photos with a result of another release. unsettled: photos among them that look like another exercise
    than they are filed under, and tell no movement until somebody says which it is.
    """

    release: str
    findings: VisitFindings
    photos: tuple[uuid.UUID, ...]
    left_out: int
    unsettled: int

    @property
    def finding(self) -> Finding | None:
        """Verdict, side and grade; None where no photo could be used."""
        return from_visit(self.findings)

    @property
    def zones(self) -> list[Zone]:
        """The zones that these views show, each with its interval."""
        return zones_of(self.findings.zones)


def missing_for_grade(views: Iterable[str]) -> tuple[str, ...]:
    """The views that a grade lacks, by the code of the one that is asked for."""
    there = set(views)
    return tuple(group[0] for group in GRADE_VIEWS if not there & set(group))


def together(*, cards: Iterable[PhotoCard]) -> Together | None:
    """The views of a visit combined; None where no release that combines views has judged any."""
    judged = [card for card in cards if card.found is not None and card.analysis is not None]
    if not judged:
        return None
    analyses = [card.analysis for card in judged if card.analysis is not None]
    release = max(analyses, key=lambda analysis: analysis.created_at).release
    parameters = _parameters(release)
    if not parameters:
        return None
    of_release = [card for card in judged if card.analysis is not None and card.analysis.release == release]
    counted = _last_of_each(of_release)
    return Together(
        release=release,
        findings=_findings(counted, parameters),
        photos=tuple(card.photo.pk for card in counted),
        left_out=len(judged) - len(of_release),
        unsettled=sum(_is_unsettled(card) for card in counted),
    )


def side_of(found: Together, *, at_least: float) -> str:
    """The weak side of the visit if it is at least that probable, given a weakness; else empty."""
    sides = found.findings.weak_side_probabilities
    return next((side for side, share in sides.items() if share >= at_least), "")


def _parameters(release: str) -> dict[str, Any]:
    """How that release combines the views of a visit; empty if it says nothing, or is no longer there."""
    try:
        folder = release_folder(release, registry.artifacts_dir())
        return _read_parameters(folder, (folder / "release.json").stat().st_mtime_ns)
    except (PipelineError, OSError):
        return {}


@functools.lru_cache(maxsize=32)
def _read_parameters(folder: Path, _changed: int) -> dict[str, Any]:
    """Lists and histories combine many visits by the same release."""
    return load_release(folder).visit


def _view(card: PhotoCard) -> str:
    """What the photo shows: as it is on record, by the closer name of a smile."""
    asked, found = card.photo.exercise, card.found
    return found.exercise if found is not None and same_exercise(asked, found.exercise) else asked


def _last_of_each(cards: Sequence[PhotoCard]) -> list[PhotoCard]:
    """Of several photos of one view and side the last one stored: a retake takes the place of what it was for."""
    last = {
        (_view(card), card.photo.side): card for card in sorted(cards, key=lambda card: card.photo.created_at)
    }
    return [card for card in cards if last[_view(card), card.photo.side] is card]


def _findings(cards: Sequence[PhotoCard], parameters: dict[str, Any]) -> VisitFindings:
    """What these photos say together. As long as views are missing for a grade, no visit is weak of which no photo is:
    a few doubts that all come from one face are no evidence of their own."""
    photos = [_photo(card) for card in cards]
    found = combine(photos, parameters)
    if found.palsy_verdict != Verdict.WEAK or not missing_for_grade(found.views_used):
        return found
    if any(card.found is not None and card.found.verdict == Verdict.WEAK for card in cards):
        return found
    return combine(photos, {**parameters, "palsy_high": NEVER})


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

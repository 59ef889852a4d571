"""Which visits wait for a clinician's word, and all that a page shows of one while it is given."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inference.finding import Finding

from . import exercises
from .contradictions import Case, Contradiction, contradictions
from .grading import VisitFinding, clinicians_findings, visit_finding, visit_findings
from .models import Photo, Visit
from .selectors import PhotoCard, cards, photos_of_visit, previous_visit, previous_visits

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class VisitReview:
    """A visit as it is reviewed: its photos, what is known, what was found before, and what contradicts what.

    contradictions: of the model's finding, which is what “confirm” would sign, or of the clinician's own where there is
    one.
    """

    visit: Visit
    photos: tuple[PhotoCard, ...]
    known: VisitFinding
    previous: Finding | None = None
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def shown(self) -> list[str]:
        """The analyses on the screen, by which a form says what it was given beside."""
        return shown_analyses(self.photos)

    @property
    def newest_confirmation(self) -> str:
        """The newest word of a clinician, by its identifier; empty where there is none."""
        return str(self.known.confirmation.pk) if self.known.confirmation is not None else ""

    @property
    def codes(self) -> list[str]:
        """What the form names when it is sent."""
        return [one.code for one in self.contradictions]

    @property
    def confirmable(self) -> bool:
        """Whether the model's finding can be confirmed as it is, and was not."""
        return self.known.confirmable and not self.known.agrees

    def case(self, stated: Finding, photo: PhotoCard | None = None) -> Case:
        """A statement about the visit, or about one of its photos, with what it is held against."""
        return Case(stated, self.visit, self.visit.episode, self.photos, self.known, self.previous, photo)


def shown_analyses(photos: Iterable[PhotoCard]) -> list[str]:
    """The analyses that stand behind a visit's finding."""
    return sorted(str(card.analysis.pk) for card in photos if card.succeeded and card.analysis is not None)


def visit_review(*, visit: Visit, photos: list[PhotoCard] | None = None) -> VisitReview:
    """One visit as it is reviewed. photos: its cards, where they are at hand."""
    photos = photos_of_visit(visit=visit) if photos is None else photos
    before = previous_visit(visit=visit)
    found = clinicians_findings(visits=[before])[before.pk] if before is not None else None
    return _review(visit, photos, visit_finding(visit=visit, photos=photos), found)


def visit_reviews(*, visits: Iterable[Visit]) -> list[VisitReview]:
    """These visits as they are reviewed, in their order, in a fixed number of queries."""
    visits = list(visits)
    before = previous_visits(visits=visits)
    said = clinicians_findings(visits=before.values())
    rows = Photo.objects.filter(visit__in=visits, archived_at__isnull=True)
    photos: dict[uuid.UUID, list[PhotoCard]] = defaultdict(list)
    for card in cards(photos=rows.select_related("visit__patient", "visit__episode")):
        photos[card.photo.visit_id].append(card)
    known = visit_findings(visits=visits, photos=photos)
    found = []
    for visit in visits:
        earlier = before.get(visit.pk)
        shown = sorted(
            photos[visit.pk],
            key=lambda card: (exercises.ORDER[card.photo.exercise], card.photo.side, card.photo.taken_at),
        )
        found.append(_review(visit, shown, known[visit.pk], said[earlier.pk] if earlier else None))
    return found


def _review(
    visit: Visit, photos: list[PhotoCard], known: VisitFinding, before: Finding | None
) -> VisitReview:
    review = VisitReview(visit, tuple(photos), known, before)
    if known.counts is None:
        return review
    return replace(review, contradictions=tuple(contradictions(review.case(known.counts))))

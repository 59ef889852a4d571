"""The one finding of a visit and its one House-Brackmann grade: every page, chart, file and program reads it here.

The clinician's word counts, else the model's on all views together; a model that has seen too few views gives no grade,
and it is said which are missing. Photos have no grade.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from inference import selectors as inference
from inference.finding import Finding, Verdict, agree
from inference.sentences import WEAKNESS

from . import exercises, kept_findings
from .kept_findings import ModelFinding
from .models import Photo, Visit, VisitConfirmation
from .selectors import PhotoCard, cards
from .sentences import ROMAN, SEVERITY
from .together import Together, missing_for_grade, together

MANY: Final = 8
"""Visits from which on it is quicker to ask what was kept than to look at their photos."""


@dataclass(frozen=True, slots=True)
class VisitFinding:
    """What is known of a visit, and by whom.

    clinician: the newest word of a clinician; None where there is none. by, at, comment, confirmation: whose, when,
    with which words; `confirmation` is None for a grade that stands in the visit alone.
    model: all views together by one release, None where no release judged them so. missing: the views for want of
    which the model gives no grade. results: photos with a result. together: what stands behind `model`, where the
    photos were looked at for it; of a finding that was kept, `release` and how many `photos` alone.
    """

    clinician: Finding | None = None
    by: str = ""
    at: dt.datetime | None = None
    comment: str = ""
    confirmation: VisitConfirmation | None = None
    model: Finding | None = None
    together: Together | None = None
    missing: tuple[str, ...] = ()
    results: int = 0
    release: str = ""
    photos: int = 0

    @property
    def model_grade(self) -> int | None:
        """The model's grade, from enough views alone."""
        return None if self.model is None or self.missing else self.model.grade

    @property
    def model_range(self) -> tuple[int, int] | None:
        """The 95 % interval of the model's grade."""
        if self.model_grade is None or self.model is None:
            return None
        low, high = self.model.grade_low, self.model.grade_high
        return None if low is None or high is None else (low, high)

    @property
    def source(self) -> str:
        """Whose the grade is: "clinician", "model", or empty where there is none."""
        if self.clinician is not None and self.clinician.grade is not None:
            return "clinician"
        if self.model_grade is None or (self.clinician is not None and not self._same_weakness()):
            return ""
        return "model"

    @property
    def grade(self) -> int | None:
        """The visit's grade, 1 to 6."""
        if self.source == "clinician" and self.clinician is not None:
            return self.clinician.grade
        return self.model_grade if self.source == "model" else None

    @property
    def counts(self) -> Finding | None:
        """The finding that counts: the clinician's, else the model's."""
        return self.clinician or self.model

    @property
    def is_waiting(self) -> bool:
        """Whether there are results on which no clinician has had a word."""
        return self.clinician is None and self.results > 0

    @property
    def confirmable(self) -> bool:
        """Whether a clinician can confirm the model's finding as it is: it leaves nothing open."""
        return self.model is not None and self.model.decided and self.model_grade is not None

    @property
    def agrees(self) -> bool:
        """Whether clinician and model found the same."""
        return self.clinician is not None and self.model is not None and agree(self.clinician, self.model)

    @property
    def missing_names(self) -> list[str | Promise]:
        return [exercises.by_code(code).name for code in self.missing]

    @property
    def clinician_sentence(self) -> str:
        """The clinician's finding in words; empty without one."""
        return sentence_of(self.clinician) if self.clinician is not None else ""

    @property
    def model_sentence(self) -> str:
        """The model's finding in words, with what it lacks for a grade; empty without one."""
        if self.model is None:
            return ""
        return _without_grade(self.model, self.missing_names) if self.missing else _whole(self.model)

    def _same_weakness(self) -> bool:
        """Whether the clinician, who left the grade open, found the same weakness as the model."""
        one, other = self.clinician, self.model
        assert one is not None and other is not None
        return (one.verdict, one.weak_side) == (other.verdict, other.weak_side)


def sentence_of(found: Finding) -> str:
    """A clinician's finding of a whole visit in words."""
    if not found.palsy:
        return _("No palsy: grade I.") if found.grade == 1 else _("No palsy.")
    values = {"weakness": WEAKNESS.get(found.weak_side, _("Weakness"))}
    if found.grade is None:
        return _("%(weakness)s, not graded.") % values
    values |= {"severity": SEVERITY[found.grade], "grade": ROMAN[found.grade]}
    return _("%(weakness)s, %(severity)s: grade %(grade)s.") % values


def _whole(found: Finding) -> str:
    values = {
        "weakness": WEAKNESS.get(found.weak_side, _("Weakness, on which side is uncertain")),
        "low": ROMAN.get(found.grade_low or 0, "–"),
        "high": ROMAN.get(found.grade_high or 0, "–"),
        "grade": ROMAN.get(found.grade or 0, "–"),
        "severity": SEVERITY.get(found.grade or 0, ""),
    }
    if found.verdict == Verdict.NORMAL:
        return _("No asymmetry detected in these views together.")
    if found.uncertain:
        return _("Uncertain whether there is a weakness.")
    if found.grade_low == found.grade_high:
        return _("%(weakness)s, %(severity)s: grade %(grade)s.") % values
    return _("%(weakness)s, %(severity)s: grade %(grade)s, 95 %% interval %(low)s to %(high)s.") % values


def _without_grade(found: Finding, missing: Sequence[str | Promise]) -> str:
    values = {
        "weakness": WEAKNESS.get(found.weak_side, _("Weakness, on which side is uncertain")),
        "views": ", ".join(map(str, missing)),
    }
    if found.verdict == Verdict.NORMAL:
        return _("No asymmetry detected so far. Too few views for a grade: %(views)s missing.") % values
    if found.uncertain:
        return _("Uncertain so far. Too few views: %(views)s missing.") % values
    return _("%(weakness)s. Too few views for a grade: %(views)s missing.") % values


def visit_finding(*, visit: Visit, photos: Sequence[PhotoCard] | None = None) -> VisitFinding:
    """What is known of one visit. photos: its cards, where they are at hand."""
    if photos is None:
        return _looked_at([visit])[visit.pk]
    words = visit.confirmations.select_related("by").order_by("created_at")
    return _finding(visit, _of_cards(photos), words.last())


def clinicians_findings(*, visits: Iterable[Visit]) -> dict[uuid.UUID, Finding | None]:
    """What a clinician found at each of these visits, in one query and without reading what a model found."""
    found = {visit.pk: visit for visit in visits}
    newest = _newest_confirmations(found)
    return {pk: _clinician(visit, newest.get(pk))[0] for pk, visit in found.items()}


def _newest_confirmations(visit_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, VisitConfirmation]:
    words = VisitConfirmation.objects.filter(visit_id__in=list(visit_ids)).select_related("by")
    return {row.visit_id: row for row in words.order_by("created_at")}


def visit_findings(
    *,
    visits: Iterable[Visit],
    stamps: Mapping[uuid.UUID, str] | None = None,
    photos: Mapping[uuid.UUID, Sequence[PhotoCard]] | None = None,
) -> dict[uuid.UUID, VisitFinding]:
    """What is known of each of these visits, in a fixed number of queries however many they are.

    What the model found is taken from what was kept, where it was made from what stands there now; only of the other
    visits the photos are looked at. stamps: of what stands there now, where they are at hand. photos: the visits'
    cards, where they are.
    """
    visits = list(visits)
    ids = [visit.pk for visit in visits]
    if photos is not None:
        words = _newest_confirmations(ids)
        return {
            visit.pk: _finding(visit, _of_cards(photos.get(visit.pk, ())), words.get(visit.pk))
            for visit in visits
        }
    worth = stamps is not None or len(ids) > MANY
    kept = kept_findings.still_true(visit_ids=ids, stamps=stamps) if worth else {}
    found = _looked_at([visit for visit in visits if visit.pk not in kept])
    newest = _newest_confirmations(kept)
    found |= {
        visit.pk: _finding(visit, kept[visit.pk], newest.get(visit.pk))
        for visit in visits
        if visit.pk in kept
    }
    return {pk: found[pk] for pk in ids}


def _looked_at(visits: Sequence[Visit]) -> dict[uuid.UUID, VisitFinding]:
    """What is known of these visits, from their photos."""
    if not visits:
        return {}
    ids = [visit.pk for visit in visits]
    photos: dict[uuid.UUID, list[PhotoCard]] = defaultdict(list)
    rows = Photo.objects.filter(visit_id__in=ids, archived_at__isnull=True).select_related("visit__episode")
    for card in cards(photos=rows):
        photos[card.photo.visit_id].append(card)
    newest = _newest_confirmations(ids)
    return {visit.pk: _finding(visit, _of_cards(photos[visit.pk]), newest.get(visit.pk)) for visit in visits}


def _of_cards(photos: Sequence[PhotoCard]) -> ModelFinding:
    whole = together(cards=photos)
    found = whole.finding if whole is not None else None
    views = whole.findings.views_used if whole is not None else []
    return ModelFinding(
        found=found,
        release=whole.release if whole is not None else "",
        photos=len(whole.photos) if whole is not None else 0,
        missing=missing_for_grade(views) if found is not None else (),
        results=sum(card.succeeded for card in photos),
        together=whole,
    )


def unconfirmed_visits(*, visits: Iterable[Visit]) -> set[uuid.UUID]:
    """Those on which no clinician has had a word though there are results (`VisitFinding.is_waiting`), in two queries
    however many they are, and without reading what was found."""
    found = {visit.pk: visit for visit in visits}
    rows = Photo.objects.filter(visit_id__in=found, archived_at__isnull=True, analyses__isnull=False)
    results = inference.photos_with_result(photos=rows)
    judged = {visit for photo, visit in rows.values_list("pk", "visit_id").distinct() if photo in results}
    words = VisitConfirmation.objects.filter(visit_id__in=judged).order_by("created_at")
    newest = {row.visit_id: row for row in words.only("visit", "palsy", "weak_side", "grade")}
    return {pk for pk in judged if _clinician(found[pk], newest.get(pk))[0] is None}


def _finding(visit: Visit, model: ModelFinding, word: VisitConfirmation | None) -> VisitFinding:
    clinician, word = _clinician(visit, word)
    return VisitFinding(
        clinician=clinician,
        by="" if clinician is None else word.by.full_name if word is not None else visit.clinician.full_name,
        at=word.created_at if word is not None else None,
        comment=word.comment if word is not None else "",
        confirmation=word,
        model=model.found,
        together=model.together,
        missing=model.missing,
        results=model.results,
        release=model.release,
        photos=model.photos,
    )


def _clinician(
    visit: Visit, word: VisitConfirmation | None
) -> tuple[Finding | None, VisitConfirmation | None]:
    """The clinician's finding; a grade that stands in the visit without a word of its own counts as said there."""
    if word is not None and (visit.grade is None or word.grade == visit.grade):
        return (None, None) if word.palsy is None else (from_visit_confirmation(word), word)
    if visit.grade is None:
        return None, None
    return Finding("", Verdict.WEAK if visit.grade > 1 else Verdict.NORMAL, grade=visit.grade), None


def from_visit_confirmation(word: VisitConfirmation) -> Finding:
    """A clinician's word on a visit."""
    verdict = Verdict.WEAK if word.palsy else Verdict.NORMAL
    return Finding("", verdict, word.weak_side, word.grade)

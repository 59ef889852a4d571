"""Reads visits' photos with their results and confirmations, in three queries however many visits."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinic.patients.models import Episode
from clinic.visits.models import Confirmation, Photo
from inference import finding
from inference.jobs.states import OPEN, Status
from inference.models import Analysis
from inference.pipeline.codes import UNTAUGHT
from inference.pipeline.measure.closure import lengths_of
from inference.selectors_corrections import newest_correction, symmetries_of

from .measures import MeasuredVisit, PhotoConfirmation, PhotoPoint, Rest, Result, counted

_RATIOS = ("brow_ratio", "eye_ratio", "mouth_ratio")
_RESULT = (
    *_RATIOS,
    "palsy_probability",
    finding.SYMMETRY_COLUMN,
    finding.PITCH_COLUMN,
    *finding.ANALYSIS_COLUMNS,
)


UNSAID: dict[str, Any] = {
    "grade": None,
    "palsy_probability": None,
    "weak_side": "",
    "exercise": "",
    "verdict": "uncertain",
}
"""Of a photo of a view that networks were not taught: what one may have made of it while it was filed otherwise."""


@dataclass(frozen=True, slots=True)
class VisitPlace:
    """A visit in its episode. has_rest: whether it has a photo at rest of its own, where that is known."""

    pk: uuid.UUID
    date: dt.date
    has_rest: bool = False


def measured_visits(
    *, course: Callable[[], Sequence[VisitPlace]], wanted: Collection[uuid.UUID], weak_side: str
) -> dict[uuid.UUID, MeasuredVisit]:
    """What the photos of those visits of an episode say. course: gives all its visits, oldest first, where one
    of them has to borrow.

    A visit without a photo at rest of its own borrows the newest that was taken before it, else the next.
    """
    wanted = set(wanted)
    photos = photos_of(visit_ids=wanted)
    own = {pk: rest for pk in wanted if (rest := _rest_of(photos[pk])) is not None}
    if len(own) == len(wanted):
        return {pk: MeasuredVisit(photos[pk], weak_side) for pk in wanted}
    places = course()
    has_rest = {one.pk for one in places if (one.pk in own if one.pk in wanted else one.has_rest)}
    lent = next((one for one in places if one.pk in has_rest), None)
    lenders: dict[uuid.UUID, VisitPlace] = {}
    for one in places:
        if one.pk in has_rest:
            lent = one
        elif one.pk in wanted and lent is not None:
            lenders[one.pk] = lent
    others = photos_of(visit_ids={one.pk for one in lenders.values()} - wanted) if lenders else {}
    own |= {pk: rest for pk, taken in others.items() if (rest := _rest_of(taken)) is not None}
    return {
        pk: MeasuredVisit(
            photos[pk],
            weak_side,
            Rest(own[lender.pk], lender.date, borrowed=True)
            if (lender := lenders.get(pk)) is not None and lender.pk in own
            else None,
        )
        for pk in wanted
    }


def _rest_of(photos: tuple[PhotoPoint, ...]) -> PhotoPoint | None:
    return next((photo for photo in counted(photos) if photo.exercise == "rest"), None)


def photos_of(*, visit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[PhotoPoint, ...]]:
    """The current photos of those visits, with what releases and clinicians found in them."""
    rows = list(
        Photo.objects.filter(visit_id__in=visit_ids, archived_at__isnull=True)
        .order_by("taken_at", "created_at")
        .values_list("pk", "visit_id", "exercise", "side", "taken_at", "created_at")
    )
    photo_ids = [row[0] for row in rows]
    newest, results = _results(photo_ids)
    for photo_id, _visit, exercise, *_more in rows:
        if exercise in UNTAUGHT:
            results[photo_id] = [replace(one, **UNSAID) for one in results[photo_id]]
    confirmed = _confirmations(photo_ids)
    photos: dict[uuid.UUID, list[PhotoPoint]] = defaultdict(list)
    for photo_id, visit_id, exercise, side, taken_at, stored_at in rows:
        word = confirmed.get(photo_id)
        status, error_code = newest.get(photo_id, ("", ""))
        photos[visit_id].append(
            PhotoPoint(
                photo_id=photo_id,
                exercise=exercise,
                side=side,
                taken_at=taken_at,
                stored_at=stored_at,
                status=status,
                error_code=error_code,
                results=tuple(results.get(photo_id, ())),
                confirmed=word,
            )
        )
    return {visit_id: tuple(photos.get(visit_id, ())) for visit_id in visit_ids}


def _results(
    photo_ids: Collection[uuid.UUID],
) -> tuple[dict[uuid.UUID, tuple[str, str]], dict[uuid.UUID, list[Result]]]:
    """The newest analysis' state of each photo, and each photo's results, newest release first."""
    newest: dict[uuid.UUID, tuple[str, str]] = {}
    results: dict[uuid.UUID, list[Result]] = defaultdict(list)
    # A release's first look at a photo is the age of its result: a retry keeps the row.
    rows = list(
        Analysis.objects.filter(photo_id__in=photo_ids)
        .annotate(correction=newest_correction())
        .order_by("-created_at", "-release")
        .values_list("photo_id", "pk", "release", "status", "error_code", "correction", *_RESULT)
    )
    corrected = symmetries_of(keys=[row[5] for row in rows])
    for photo_id, pk, release, status, error_code, correction, *result in rows:
        # A cancelled analysis says nothing of the photo where there is another one.
        if newest.get(photo_id, (Status.CANCELLED,))[0] == Status.CANCELLED:
            newest[photo_id] = (status, error_code)
        if status == Status.SUCCEEDED:
            found = _result(pk, release, *result)
            if correction in corrected:
                found = _with_correction(found, correction, corrected[correction])
            results[photo_id].append(found)
    return newest, results


def _with_correction(found: Result, key: uuid.UUID, symmetry: dict[str, Any]) -> Result:
    """The result with the measures of points that a clinician put right."""
    return replace(
        found,
        brow=finding.ratio_of(symmetry, "brow"),
        eye=finding.ratio_of(symmetry, "eye"),
        mouth=finding.ratio_of(symmetry, "mouth"),
        symmetry=symmetry,
        lengths=lengths_of(symmetry),
        correction=key.hex,
    )


def _result(
    pk: uuid.UUID,
    release: str,
    brow: float | None,
    eye: float | None,
    mouth: float | None,
    palsy: float | None,
    symmetry: dict[str, Any] | None,
    pitch: float | None,
    *columns: Any,
) -> Result:
    found = finding.from_columns(*columns)
    return Result(
        analysis_id=pk,
        release=release,
        brow=brow,
        eye=eye,
        mouth=mouth,
        grade=found.grade,
        palsy_probability=palsy,
        weak_side=found.weak_side,
        exercise=found.exercise,
        lengths=lengths_of(symmetry),
        verdict=found.stated_verdict,
        symmetry=symmetry or {},
        pitch=pitch or 0.0,
    )


def waiting_in(*, episode: Episode) -> Counter[uuid.UUID]:
    """Of each visit of the episode with some, its photos whose analysis hasn't ended."""
    there = {"photo__visit__episode": episode, "photo__visit__archived_at": None, "photo__archived_at": None}
    asked = dict(Analysis.objects.open().filter(**there).values_list("photo_id", "photo__visit_id"))
    if not asked:
        return Counter()
    newest = _newest(
        Analysis.objects.filter(photo_id__in=asked)
        .order_by("-created_at", "-release")
        .values_list("photo_id", "status")
    )
    return Counter(visit for photo, visit in asked.items() if newest[photo] in OPEN)


def _newest(rows: Iterable[tuple[uuid.UUID, str]]) -> dict[uuid.UUID, str]:
    found: dict[uuid.UUID, str] = {}
    for photo_id, status in rows:
        if found.get(photo_id, Status.CANCELLED) == Status.CANCELLED:
            found[photo_id] = status
    return found


def _confirmations(photo_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PhotoConfirmation]:
    rows = (
        Confirmation.objects.filter(photo_id__in=photo_ids)
        .order_by("created_at")
        .values_list("photo_id", "by_id", "by__full_name", "created_at", *finding.CONFIRMATION_COLUMNS)
    )
    return {photo_id: _confirmed(by_id, by, at, *said) for photo_id, by_id, by, at, *said in rows}


def _confirmed(by_id: int, by: str, at: dt.datetime, *columns: Any) -> PhotoConfirmation:
    found = finding.from_clinician(*columns)
    return PhotoConfirmation(found.exercise, found.palsy, found.weak_side, found.grade, by, at, by_id)

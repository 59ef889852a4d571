"""Reads what the recovery pages, the CSV and the API show. Callers bring records that the user may see."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinic.accounts.models import User
from clinic.common.dates import day_in, week_since
from clinic.examination.selectors_scales import finished_assessments
from clinic.patients import treatment_words
from clinic.patients.models import Episode
from clinic.visits.grading import visit_findings
from clinic.visits.models import Photo, Visit
from clinic.visits.series import standing_skips
from inference.jobs.states import OPEN, Status
from inference.models import Analysis
from inference.pipeline.measure.moving import with_moved
from inference.selectors_corrections import moved_points

from .history import EpisodeHistory, ModelChange, TreatmentMark, VisitPoint, VisitRecord
from .kept import FORM, VisitFigures, figures_of
from .kept_photos import VisitPhotos, authors, photos_of
from .models import VisitSummary
from .reading import VisitPlace, measured_visits, waiting_in
from .scores import ScaleScore, score_of


def course(*, episode: Episode) -> EpisodeHistory:
    """The episode's course: visits, oldest first, with treatments and changes of the model, without the visits' photos.

    What is kept of each visit is read, and the photos of those alone that have changed since.
    """
    rows = _rows(episode)
    known = {row.pk: row.figures for row in rows if row.figures is not None}
    changed = {row.pk for row in rows if row.figures is None}
    if changed and len(changed) < len(rows):
        # What a visit borrowed may have changed with the one that lent it.
        changed |= {row.pk for row in rows if not row.has_rest}
    records = _records(episode, rows, changed)
    known |= {pk: figures_of(one.measured, one.finding) for pk, one in records.items()}
    return _history(
        episode, [_point(episode, row, known[row.pk], is_kept=row.pk not in changed) for row in rows]
    )


def history(*, episode: Episode) -> EpisodeHistory:
    """The same with every photo of every visit."""
    rows = _rows(episode)
    return _history(episode, _whole(episode, rows, {row.pk for row in rows}))


@dataclass(frozen=True, slots=True)
class VisitsPage:
    """Some visits of a course in a row, oldest first, with all their photos. earlier: whether others were before."""

    visits: tuple[VisitPoint, ...]
    earlier: bool


def visits_page(
    *, history: EpisodeHistory, episode: Episode, before: uuid.UUID | None, most: int
) -> VisitsPage | None:
    """The newest visits of the episode's course, or the newest before that one; None where it has no such visit."""
    places = {one.visit_id: place for place, one in enumerate(history.visits)}
    end = len(history.visits) if before is None else places.get(before)
    if end is None:
        return None
    wanted = history.visits[max(0, end - most) : end]
    return VisitsPage(tuple(visits_of(history=history, episode=episode, wanted=wanted)), end > most)


def photos_in_file(
    *, history: EpisodeHistory, episode: Episode, wanted: Sequence[VisitPoint]
) -> list[VisitPhotos | None]:
    """What the photos of those visits of the episode's course give to its file, in their order; None of a visit that is
    gone. Results are read of those visits alone that have changed since they were kept."""
    ids = [one.visit_id for one in wanted]
    rows = VisitSummary.objects.filter(visit__in=ids, form=FORM)
    kept: dict[uuid.UUID, Any] = dict(rows.values_list("pk", "photos"))
    changed = [one for one in wanted if not one.is_kept or one.visit_id not in kept]
    read = {
        one.visit_id: photos_of(one.measured, one.finding)
        for one in (visits_of(history=history, episode=episode, wanted=changed) if changed else ())
    }
    people = _names({pk for plain in kept.values() for pk in authors(plain)})
    told = {pk: VisitPhotos(plain, people) for pk, plain in kept.items()} | read
    return [told.get(pk) for pk in ids]


def _names(people: Collection[int]) -> dict[int, str]:
    if not people:
        return {}
    return dict(User.objects.filter(pk__in=people).values_list("pk", "full_name"))


def visits_of(*, history: EpisodeHistory, episode: Episode, wanted: Sequence[VisitPoint]) -> list[VisitPoint]:
    """Those visits of the episode's course with all their photos."""
    rows = [
        _Row(one.visit_id, one.at, one.date, one.clinician, one, one.has_rest, one.protocol)
        for one in history.visits
    ]
    left_out = {one.visit_id: one.not_taken for one in history.visits}
    whole = _whole(episode, rows, {one.visit_id for one in wanted})
    return [replace(one, not_taken=left_out[one.visit_id]) for one in whole]


@dataclass(frozen=True, slots=True)
class _Row:
    """A visit, and what is kept of it; None where it has changed since."""

    pk: uuid.UUID
    at: dt.datetime
    date: dt.date
    clinician: str
    figures: VisitFigures | None
    has_rest: bool
    protocol: str = ""


def _rows(episode: Episode) -> list[_Row]:
    """The episode's visits, oldest first."""
    time_zone = episode.patient.clinic.time_zone
    kept = ("summary__form", "summary__figures", "summary__compared", "summary__has_rest", "protocol")
    found = []
    for pk, at, clinician, form, figures, compared, has_rest, protocol in (
        Visit.objects.filter(episode=episode, archived_at__isnull=True)
        .order_by("at", "created_at")
        .values_list("pk", "at", "clinician__full_name", *kept)
    ):
        known = VisitFigures(figures, compared, episode.weak_side) if form == FORM else None
        if known is not None and not known.holds:
            known = None
        found.append(_Row(pk, at, day_in(at, time_zone), clinician, known, bool(has_rest), protocol))
    return found


def _records(
    episode: Episode, rows: Sequence[_Row], wanted: Collection[uuid.UUID]
) -> dict[uuid.UUID, VisitRecord]:
    """The photos of those visits and what was found in them."""
    if not wanted:
        return {}
    visits = Visit.objects.filter(pk__in=wanted).select_related("clinician")
    found = visit_findings(visits=visits.only("pk", "at", "grade", "clinician__full_name"))
    measured = measured_visits(
        course=lambda: [VisitPlace(row.pk, row.date, row.has_rest) for row in rows],
        wanted=wanted,
        weak_side=episode.weak_side,
    )
    return {pk: VisitRecord(measured[pk], found[pk]) for pk in wanted}


def _whole(episode: Episode, rows: Sequence[_Row], wanted: Collection[uuid.UUID]) -> list[VisitPoint]:
    records = _records(episode, rows, wanted)
    return [
        _point(episode, row, figures_of(one.measured, one.finding), one)
        for row in rows
        if (one := records.get(row.pk)) is not None
    ]


def _point(
    episode: Episode,
    row: _Row,
    figures: VisitFigures,
    known: VisitRecord | None = None,
    *,
    is_kept: bool = False,
) -> VisitPoint:
    photos = known.measured.photos if known is not None else ()
    return VisitPoint(
        visit_id=row.pk,
        at=row.at,
        date=row.date,
        day=(row.date - episode.onset_date).days,
        week=week_since(episode.onset_date, row.date),
        clinician=row.clinician,
        figures=figures.figures,
        kept_compared=figures.kept_compared,
        weak_side=figures.weak_side,
        onset=episode.onset,
        waiting=sum(photo.status in OPEN for photo in photos),
        known=known,
        is_kept=is_kept,
        protocol=row.protocol,
    )


def _history(episode: Episode, visits: list[VisitPoint]) -> EpisodeHistory:
    left_out = standing_skips(visit_ids=[one.visit_id for one in visits]) if visits else {}
    if left_out:
        visits = [replace(one, not_taken=tuple(left_out.get(one.visit_id, ()))) for one in visits]
    if any(visit.known is None for visit in visits):
        waiting = waiting_in(episode=episode)
        visits = [replace(one, waiting=waiting[one.visit_id]) if waiting else one for one in visits]
    return EpisodeHistory(
        episode_id=episode.pk,
        patient_id=episode.patient_id,
        onset=episode.onset,
        cause=episode.cause,
        weak_side=episode.weak_side,
        cleared=episode.shows_findings,
        visits=tuple(visits),
        treatments=_treatments(episode),
        model_changes=_model_changes(visits),
        scores=_scores(episode),
    )


def _treatments(episode: Episode) -> tuple[TreatmentMark, ...]:
    return tuple(
        TreatmentMark(
            treatment_id=one.pk,
            date=one.date,
            day=(one.date - episode.onset_date).days,
            week=week_since(episode.onset_date, one.date),
            kind=one.kind,
            label=one.get_kind_display(),
            note=one.note,
            title=treatment_words.title(one),
            told=treatment_words.beyond_title(one),
            coded=treatment_words.coded(one),
            product=one.product,
            units=one.units,
        )
        for one in episode.treatments.filter(archived_at__isnull=True).order_by("date", "created_at")
    )


def _scores(episode: Episode) -> tuple[ScaleScore, ...]:
    time_zone, onset = episode.patient.clinic.time_zone, episode.onset
    return tuple(
        score_of(one, date=day, onset=onset, week=week_since(onset.date, day))
        for one in finished_assessments(episode=episode)
        for day in (day_in(one.at, time_zone),)
    )


def _model_changes(visits: list[VisitPoint]) -> tuple[ModelChange, ...]:
    """Where the releases behind the figures differ from those of the measured visit before."""
    found = []
    before: tuple[str, ...] = ()
    for visit in visits:
        after = visit.releases
        if after and before and set(after) != set(before):
            found.append(ModelChange(visit.visit_id, visit.date, visit.day, visit.week, before, after))
        before = after or before
    return tuple(found)


def newest_landmarks(*, photo: Photo) -> list[list[float]] | None:
    """The face's landmarks as the newest release that analysed the photo found them, but for those that a clinician
    put elsewhere."""
    found = (
        Analysis.objects.filter(photo=photo, status=Status.SUCCEEDED, landmarks__isnull=False)
        .order_by("-created_at", "-release")
        .values_list("landmarks", moved_points())
        .first()
    )
    if found is None:
        return None
    landmarks, moved = found
    return with_moved(landmarks, {int(index): place for index, place in (moved or {}).items()})

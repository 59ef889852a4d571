"""Reads what the recovery pages, the CSV and the API show. Callers bring records that the user may see."""

from __future__ import annotations

from clinic.common.dates import day_in, week_since
from clinic.patients.models import Episode
from clinic.visits.grading import visit_findings
from clinic.visits.models import Photo, Visit
from inference.models import Analysis
from inference.states import Status

from .attention import AttentionItem, attention
from .board import Board, Work, today_board, work
from .course import course_of
from .history import History, ModelChange, TreatmentMark, VisitPoint
from .reading import in_course, photos_of

__all__ = [
    "AttentionItem",
    "Board",
    "History",
    "Work",
    "attention",
    "history",
    "newest_landmarks",
    "today_board",
    "work",
]


def history(*, episode: Episode) -> History:
    """The episode's course: visits, oldest first, with treatments and changes of the model."""
    time_zone = episode.patient.clinic.time_zone
    rows = list(
        Visit.objects.filter(episode=episode, archived_at__isnull=True)
        .select_related("clinician")
        .only("pk", "at", "grade", "clinician__full_name")
        .order_by("at", "created_at")
    )
    dates = [day_in(row.at, time_zone) for row in rows]
    measured = in_course(
        photos=photos_of(visit_ids=[row.pk for row in rows]),
        visits=[(row.pk, date) for row, date in zip(rows, dates, strict=True)],
        weak_side=episode.weak_side,
    )
    found = visit_findings(visits=rows)
    visits = []
    for row, date in zip(rows, dates, strict=True):
        visits.append(
            VisitPoint(
                visit_id=row.pk,
                at=row.at,
                date=date,
                day=(date - episode.onset_date).days,
                week=week_since(episode.onset_date, date),
                clinician=row.clinician.full_name,
                finding=found[row.pk],
                measured=measured[row.pk],
                since=episode.onset.since(date),
            )
        )
    return History(
        episode_id=episode.pk,
        patient_id=episode.patient_id,
        onset=episode.onset,
        cause=episode.cause,
        weak_side=episode.weak_side,
        visits=tuple(visits),
        treatments=_treatments(episode),
        model_changes=_model_changes(visits),
        course=course_of(
            [(visit.date, visit.measured) for visit in visits],
            onset=episode.onset,
            weak_side=episode.weak_side,
        ),
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
        )
        for one in episode.treatments.filter(archived_at__isnull=True).order_by("date", "created_at")
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
    """The face's landmarks as the newest release that analysed the photo found them."""
    return (
        Analysis.objects.filter(photo=photo, status=Status.SUCCEEDED, landmarks__isnull=False)
        .order_by("-created_at", "-release")
        .values_list("landmarks", flat=True)
        .first()
    )

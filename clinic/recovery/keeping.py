"""Keeps beside each visit what it gives to the course (see `kept`), anew where it changed and nowhere else."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q, QuerySet

from clinic.common.dates import day_in
from clinic.examination import closure
from clinic.examination.selectors import seen_at
from clinic.patients.models import Episode, Patient
from clinic.visits import kept_findings
from clinic.visits.grading import VisitFinding, visit_findings
from clinic.visits.kept_findings import ModelFinding
from clinic.visits.models import Visit
from inference.jobs.states import Status

from .kept import FORM, figures_of
from .kept_photos import photos_of
from .measures import MeasuredVisit
from .models import VisitSummary
from .reading import VisitPlace, measured_visits

KEPT: Final = (
    *("patient", "clinic", "at", "unsaid", "waiting", "stamp", "found", "form", "figures", "compared"),
    *("photos", "eyes", "has_rest", "to_retake", "failed", "clinician_grade", "model_grade"),
)
"""The columns of a visit's summary."""
COUNTED: Final = ("patient_id", "at", "unsaid", "waiting", "stamp")
"""Those whose change may change the clinic's counts of releases."""


@dataclass(slots=True)
class Renewed:
    """visits: those whose counts may have changed, came or went. courses: the episodes in which visits are compared
    otherwise than before."""

    visits: set[uuid.UUID] = field(default_factory=set)
    courses: set[uuid.UUID] = field(default_factory=set)


def outdate(*, visits: Collection[uuid.UUID] = (), photos: Collection[uuid.UUID] = ()) -> None:
    """Say, in the transaction that changes the records of these visits, or of these photos' visits, that what is kept
    of them is of before: until they are renewed, their photos are read."""
    changed = Q(pk__in=list(visits)) if visits else Q(visit__photos__in=list(photos))
    VisitSummary.objects.filter(changed, form__gt=0).update(form=0)


def renew(*, patient: Patient, visits: Collection[uuid.UUID] | None, afresh: bool = False) -> Renewed:
    """Keep of each of the patient's current visits what stands there now, under the caller's lock of the patient.

    visits: those that changed, beside those that were outdated; None: any may have. afresh: nothing kept counts.
    """
    done = Renewed()
    current = Visit.objects.filter(patient=patient, archived_at__isnull=True)
    lent = _remove(patient, done)
    wanted = current if visits is None or afresh else current.filter(_changed(visits))
    for episode, rows in _by_episode(wanted):
        lent[episode.pk] |= _write(patient, episode, rows, done, afresh=afresh)
    # What a visit borrowed changed with the one that lent it. These lend nothing themselves.
    borrowers = [pk for pk, changed in lent.items() if changed]
    if borrowers and visits is not None and not afresh:
        rest = current.filter(episode__in=borrowers, summary__has_rest=False)
        for episode, rows in _by_episode(rest.exclude(pk__in=wanted.values("pk"))):
            _write(patient, episode, rows, done, afresh=False)
    return done


def eyes_of(*, patient_id: uuid.UUID) -> dict[uuid.UUID, list[closure.ClosedEyesPhoto]]:
    """By episode: what is kept of the photos that tell how far the eyes close."""
    found: dict[uuid.UUID, list[closure.ClosedEyesPhoto]] = defaultdict(list)
    rows = VisitSummary.objects.filter(patient_id=patient_id).exclude(eyes=[])
    for episode_id, visit_id, at, eyes in rows.values_list("visit__episode_id", "pk", "at", "eyes"):
        found[episode_id] += [closure.from_plain(one, visit_id=visit_id, at=at) for one in eyes]
    return found


def _changed(visits: Collection[uuid.UUID]) -> Q:
    return Q(pk__in=list(visits)) | Q(summary__isnull=True) | ~Q(summary__form=FORM)


def _remove(patient: Patient, done: Renewed) -> defaultdict[uuid.UUID, bool]:
    """Forget the visits that are the patient's no more; answers which episodes lost a photo at rest."""
    lent: defaultdict[uuid.UUID, bool] = defaultdict(bool)
    gone = VisitSummary.objects.filter(patient=patient).exclude(
        visit__patient=patient, visit__archived_at__isnull=True
    )
    for pk, episode, has_rest in gone.values_list("pk", "visit__episode_id", "has_rest"):
        done.visits.add(pk)
        done.courses.add(episode)
        lent[episode] |= has_rest
    if done.visits:
        VisitSummary.objects.filter(pk__in=done.visits).delete()
    return lent


def _by_episode(visits: QuerySet[Visit]) -> list[tuple[Episode, list[Visit]]]:
    found: dict[uuid.UUID, list[Visit]] = defaultdict(list)
    episodes: dict[uuid.UUID, Episode] = {}
    rows = (
        visits.order_by("at", "created_at")
        .select_related("clinician", "episode__patient__clinic", "summary")
        .defer("summary__found")
    )
    for visit in rows:
        episodes[visit.episode_id] = visit.episode
        found[visit.episode_id].append(visit)
    return [(episodes[pk], rows) for pk, rows in found.items()]


def _write(patient: Patient, episode: Episode, visits: list[Visit], done: Renewed, *, afresh: bool) -> bool:
    """Keep what those visits of an episode give; whether what others may borrow from them changed."""
    ids = [visit.pk for visit in visits]
    stamps = kept_findings.stamps_of(visit_ids=ids)
    found = visit_findings(visits=visits, stamps={} if afresh else stamps)
    measured = measured_visits(course=lambda: _places(episode), wanted=ids, weak_side=episode.weak_side)
    eyes = seen_at(visit_ids=ids)
    changed, lent = [], False
    for visit in visits:
        row = _row(patient, visit, found[visit.pk], measured[visit.pk], stamps[visit.pk])
        row.eyes = [closure.to_plain(one) for one in eyes.get(visit.pk, ())]
        old: VisitSummary | None = getattr(visit, "summary", None)
        if old is None or any(_differ(old, row, KEPT)):
            changed.append(row)
        if old is None or any(_differ(old, row, COUNTED)):
            done.visits.add(visit.pk)
        if old is None or any(_differ(old, row, ("patient_id", "at", "compared"))) or not old.figures:
            done.courses.add(episode.pk)
        lent |= _lends_otherwise(old, row)
    VisitSummary.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["visit"], update_fields=KEPT, batch_size=500
    )
    return lent


def _places(episode: Episode) -> list[VisitPlace]:
    zone = episode.patient.clinic.time_zone
    rows = Visit.objects.filter(episode=episode, archived_at__isnull=True).order_by("at", "created_at")
    return [
        VisitPlace(pk, day_in(at, zone), bool(has_rest))
        for pk, at, has_rest in rows.values_list("pk", "at", "summary__has_rest")
    ]


def _row(
    patient: Patient, visit: Visit, found: VisitFinding, measured: MeasuredVisit, stamp: str
) -> VisitSummary:
    kept = figures_of(measured, found)
    return VisitSummary(
        visit_id=visit.pk,
        patient=patient,
        clinic_id=patient.clinic_id,
        at=visit.at,
        unsaid=found.is_waiting,
        waiting=found.is_waiting and not patient.is_closed,
        stamp=stamp,
        found=_plain(found),
        form=FORM,
        figures=kept.figures,
        compared=kept.kept_compared,
        photos=photos_of(measured, found).plain,
        has_rest=kept.has_rest,
        to_retake=len(measured.to_retake),
        failed=sum(photo.status == Status.FAILED for photo in measured.photos),
        clinician_grade=kept.clinician_grade,
        model_grade=found.model_grade,
    )


def _plain(found: VisitFinding) -> dict[str, Any]:
    model = ModelFinding(found.model, found.release, found.photos, found.missing, found.results)
    return kept_findings.to_plain(model)


def _differ(old: VisitSummary, new: VisitSummary, names: Iterable[str]) -> Iterable[bool]:
    """Of each column whether it is another; what was found follows from the stamp."""
    for name in names:
        attribute = name + "_id" if name in ("patient", "clinic") else name
        if name != "found":
            yield _as_stored(getattr(old, attribute)) != _as_stored(getattr(new, attribute))


def _as_stored(value: Any) -> Any:
    """JSON has no tuples."""
    if isinstance(value, list | tuple):
        return [_as_stored(one) for one in value]
    if isinstance(value, dict):
        return {key: _as_stored(one) for key, one in value.items()}
    return value


def _lends_otherwise(old: VisitSummary | None, new: VisitSummary) -> bool:
    before = old.figures.get("rest") if old is not None else None
    moved = old is not None and old.at != new.at
    return before != new.figures["rest"] or (moved and new.has_rest)

"""Keeps each patient's summary current; lists, Today and the API read it instead of the photos."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.db import connection, transaction

from clinic.common.dates import day_in
from clinic.examination.services import raise_for_eyes
from clinic.feed import services as feed
from clinic.feed.models import What
from clinic.patients.models import Episode, Patient
from clinic.visits import kept_findings
from clinic.visits.grading import VisitFinding, unsaid_visits, visit_findings
from clinic.visits.kept_findings import ModelFinding
from clinic.visits.models import Visit
from inference import tallies
from inference.states import Status

from . import rules, standing
from .change import Changes, changes
from .measures import Measured, PhotoPoint
from .models import PatientSummary, VisitSummary
from .reading import in_course, photos_of

BOOKKEEPING: Final = frozenset({"updated_at", "counted"})
"""Columns of a summary that say nothing of the patient."""
STANDING: Final = frozenset({"clinic", "shelf", "seen", "urgency", "moves_at"})
"""Where the patient stands on the lists, which follows from the other columns, the tasks and the time."""
UNTOLD: Final = BOOKKEEPING | STANDING | {"cause", "weak_side", "onset_date", "onset_precision"}
"""Those, and what other programs are told with the episode itself."""
AT_ONCE: Final = 100
"""Patients whose records are counted in one transaction."""


@transaction.atomic
def refresh_summary(*, patient_id: uuid.UUID, afresh: bool = False) -> PatientSummary:
    """Make the patient's summary anew from the records, one refresh of a patient at a time.

    What is kept of a visit counts as long as it was made from what stands there. afresh: nothing that is kept counts.
    """
    PatientSummary.objects.get_or_create(patient_id=patient_id)
    # Two workers that finish two photos of one patient: the second waits, and then sees the first's result.
    summary = PatientSummary.objects.select_for_update().get(patient_id=patient_id)
    before, was_counted, in_sums = _shown(summary), summary.counted, standing.counted_of(summary)
    episode = (
        Episode.objects.filter(patient_id=patient_id)
        .select_related("patient__clinic")
        .order_by("-onset_date", "-created_at")
        .first()
    )
    visits = list(
        Visit.objects.filter(patient_id=patient_id, archived_at__isnull=True)
        .order_by("at", "created_at")
        .select_related("clinician")
        .only("pk", "at", "grade", "episode_id", "clinician__full_name")
    )
    photos = photos_of(visit_ids=[visit.pk for visit in visits])
    summary.visits = len(visits)
    summary.last_visit_at = visits[-1].at if visits else None
    summary.to_retake = len(Measured(photos[visits[-1].pk]).to_retake) if visits else 0
    every = [photo for one in photos.values() for photo in one]
    summary.failed = sum(photo.status == Status.FAILED for photo in every)
    stamps = kept_findings.stamps_of(visit_ids=[visit.pk for visit in visits])
    found = visit_findings(visits=visits, stamps={} if afresh else stamps)
    summary.to_confirm = sum(one.is_waiting for one in found.values())
    of_episode = [visit for visit in visits if episode and visit.episode_id == episode.pk]
    _set_course(summary, episode, of_episode, photos)
    _set_grades(summary, [found[visit.pk] for visit in of_episode])
    summary.counted = True
    raise_for_eyes(patient_id=patient_id)
    owner = _owner(patient_id)
    standing.stand(summary, owner, before=in_sums)
    summary.save()
    changed = _keep_visits(
        owner,
        visits,
        unsaid={visit.pk for visit in visits if found[visit.pk].is_waiting},
        kept={visit.pk: (stamps[visit.pk], _kept(found[visit.pk])) for visit in visits},
    )
    again = {*changed, *tallies.elsewhere(patient_id=patient_id)}
    tallies.recount(patient_ids=[patient_id], visit_ids=None if afresh or not was_counted else again)
    if _shown(summary) != before:
        # The figures stand in the patient's own representation.
        feed.note_patient(patient=patient_id, clinic=owner.clinic_id, what=What.CHANGED)
    return summary


def _keep_visits(
    patient: Patient,
    visits: Iterable[Visit],
    *,
    unsaid: Collection[uuid.UUID],
    kept: Mapping[uuid.UUID, tuple[str, dict[str, Any]]],
) -> set[uuid.UUID]:
    """Keep which of the patient's current visits wait for a word, and what a model found in them; answers which visits
    changed, came or went. kept: of each visit whose photos were looked at, the stamp and the finding."""
    there = {row.pk: row for row in VisitSummary.objects.filter(patient=patient)}
    changed = []
    for visit in visits:
        old = there.pop(visit.pk, None)
        stamp, found = kept.get(visit.pk, ("", {}))
        row = VisitSummary(
            visit_id=visit.pk,
            patient=patient,
            clinic_id=patient.clinic_id,
            at=visit.at,
            unsaid=visit.pk in unsaid,
            waiting=visit.pk in unsaid and not patient.is_closed,
            stamp=stamp,
            found=found,
        )
        if old is None or _of_visit(old) != _of_visit(row):
            changed.append(row)
    if there:
        VisitSummary.objects.filter(pk__in=there).delete()
    VisitSummary.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["visit"],
        update_fields=["patient", "clinic", "at", "unsaid", "waiting", "stamp", "found"],
        batch_size=500,
    )
    return {*there, *(row.pk for row in changed)}


def _of_visit(row: VisitSummary) -> tuple[object, ...]:
    return row.patient_id, row.at, row.unsaid, row.waiting, row.stamp


def _kept(found: VisitFinding) -> dict[str, Any]:
    model = ModelFinding(found.model, found.release, found.photos, found.missing, found.results)
    return kept_findings.to_plain(model)


@transaction.atomic
def recount(*, patient_id: uuid.UUID, visit_ids: Collection[uuid.UUID] | None = None) -> None:
    """Bring what waits in the clinic, and its counts of releases, up to date where a record came on the lists or went
    off them, or nothing but those counts changed.

    visit_ids: the visits that changed, or all. One at a time, as with a summary.
    """
    list(PatientSummary.objects.select_for_update().filter(patient_id=patient_id).values_list("pk"))
    patient = Patient.objects.only("archived_at", "restricted_at").get(pk=patient_id)
    unsaid = VisitSummary.objects.filter(patient=patient, unsaid=True)
    unsaid.update(waiting=not patient.is_closed)
    tallies.recount(patient_ids=[patient_id], visit_ids=visit_ids)
    if visit_ids is None:
        standing.stand_anew(patient_id=patient_id)


def _owner(patient_id: uuid.UUID) -> Patient:
    """The patient, as far as the lists need to know."""
    known = ("clinic__time_zone", "archived_at", "restricted_at")
    return Patient.objects.select_related("clinic").only(*known).get(pk=patient_id)


def _shown(summary: PatientSummary) -> list[object]:
    """The figures, but for the time at which they were made."""
    return [
        getattr(summary, field.attname) for field in summary._meta.concrete_fields if field.name not in UNTOLD
    ]


def _set_course(
    summary: PatientSummary,
    episode: Episode | None,
    rows: list[Visit],
    photos: dict[uuid.UUID, tuple[PhotoPoint, ...]],
) -> None:
    """What the visits of the newest episode say; an earlier illness is another story."""
    for name in ("cause", "weak_side", "onset_date", "onset_precision"):
        setattr(summary, name, getattr(episode, name) if episode else None)
    # Known to have none, which is more than not known.
    summary.cause = summary.cause or ""
    zone = episode.patient.clinic.time_zone if episode else "UTC"
    dated = [(visit.pk, day_in(visit.at, zone)) for visit in rows]
    measured_by = in_course(photos=photos, visits=dated, weak_side=episode.weak_side if episode else "")
    visits = [(visit, measured_by[visit.pk]) for visit in rows]
    found = changes([(date, measured_by[pk]) for pk, date in dated])
    summary.change = found.mean_since_before
    summary.worse = found.worse
    summary.fall = fall_of(found=found)
    # Drawn as one line: composites of other exercises than the newest's would be steps that no face made.
    basis = next((measured.basis for _, measured in reversed(visits) if measured.basis), ())
    summary.symmetry = [
        None if measured.composite is None or measured.basis != basis else round(measured.composite, 3)
        for _, measured in visits[-rules.SUMMARY_VISITS :]
    ]


def _set_grades(summary: PatientSummary, found: list[VisitFinding]) -> None:
    """The newest grade of a clinician and the newest of a model; pages show the clinician's where there is one."""
    said = [one.clinician.grade for one in found if one.clinician is not None]
    summary.clinician_grade = next((grade for grade in reversed(said) if grade is not None), None)
    summary.model_grade = next((one.model_grade for one in reversed(found) if one.model_grade), None)


def fall_of(*, found: Changes) -> dict[str, Any] | None:
    """The fall for which a patient is listed, as plain values; None where there is none."""
    worst = found.worst
    if worst is None or worst.since is None:
        return None
    return {
        "region": worst.region,
        "kind": worst.after.kind,
        "before": worst.before.value,
        "now": worst.after.value,
        "since": worst.since.isoformat(),
        "limit": worst.limit,
        "photos": worst.photos,
        "at_visit_before": found.worse_than_before,
    }


def rebuild_summaries(*, patient_ids: list[uuid.UUID] | None = None) -> int:
    """Make the summaries of those patients, or of all, anew; answers how many."""
    if patient_ids is None:
        patient_ids = list(Patient.objects.values_list("pk", flat=True))
    for patient_id in patient_ids:
        refresh_summary(patient_id=patient_id, afresh=True)
    return len(patient_ids)


def count_waiting(*, seconds: float | None = None) -> int:
    """Count the visits of patients whose records are older than the counts, for so long or to the end; answers how
    many patients. After an upgrade the watchdog does so, a little each time."""
    until = None if seconds is None else time.monotonic() + seconds
    done = 0
    while number := _count_some():
        done += number
        if until is not None and time.monotonic() > until:
            break
    return done


@transaction.atomic
def _count_some() -> int:
    free = connection.features.has_select_for_update_skip_locked
    waiting = (
        PatientSummary.objects.select_for_update(skip_locked=free).filter(counted=False).order_by("patient")
    )
    ids = list(waiting.values_list("patient_id", flat=True)[:AT_ONCE])
    visits: dict[uuid.UUID, list[Visit]] = defaultdict(list)
    for visit in Visit.objects.current().filter(patient_id__in=ids).only("pk", "at", "grade", "patient_id"):
        visits[visit.patient_id].append(visit)
    unsaid = unsaid_visits(visits=[visit for every in visits.values() for visit in every])
    for patient in Patient.objects.filter(pk__in=ids).only("clinic", "archived_at", "restricted_at"):
        _keep_visits(patient, visits[patient.pk], unsaid=unsaid, kept={})
    tallies.recount(patient_ids=ids)
    PatientSummary.objects.filter(patient_id__in=ids).update(counted=True)
    return len(ids)

"""Keeps each patient's summary current; lists, Today and the API read it instead of the photos."""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Max, Q, QuerySet, Sum

from clinic.common.dates import day_in
from clinic.examination.services import raise_for_eyes
from clinic.feed import services as feed
from clinic.feed.models import What
from clinic.patients.models import Episode, Patient
from clinic.validation import tallies
from clinic.visits.grading import unconfirmed_visits
from clinic.visits.models import Visit

from . import keeping, rules, standing
from .change import CourseChanges, Dated, changes
from .compared import Compared
from .kept import FORM, KeptComparison
from .models import PatientSummary, VisitSummary

BOOKKEEPING: Final = frozenset({"updated_at", "counted"})
"""Columns of a summary that say nothing of the patient."""
STANDING: Final = frozenset({"clinic", "shelf", "seen", "urgency", "milestones", "moves_at"})
"""Where the patient stands on the lists, which follows from the other columns, the tasks and the time."""
UNTOLD: Final = BOOKKEEPING | STANDING | {"cause", "weak_side", "onset_date", "onset_precision"}
"""Those, and what other programs are told with the episode itself."""
OF_EPISODE: Final = ("cause", "weak_side", "onset_date", "onset_precision")
AT_ONCE: Final = 100
"""Patients whose records are counted in one transaction."""
VISITS_AT_ONCE: Final = 1000
"""Visits that are looked for at once."""
logger = logging.getLogger(__name__)


@transaction.atomic
def refresh_summary(
    *, patient_id: uuid.UUID, visits: Collection[uuid.UUID] | None = None, afresh: bool = False
) -> PatientSummary:
    """Bring the patient's summary up to date with the records, one refresh of a patient at a time.

    visits: the only ones that changed, beside those that were outdated (`keeping.outdate`); without it any may have.
    afresh: nothing that is kept counts.
    """
    PatientSummary.objects.get_or_create(patient_id=patient_id)
    # Two workers that finish two photos of one patient: the second waits, and then sees the first's result.
    summary = PatientSummary.objects.select_for_update().get(patient_id=patient_id)
    before, was_counted, in_sums = _shown(summary), summary.counted, standing.counted_of(summary)
    patient = _owner(patient_id)
    done = keeping.renew(patient=patient, visits=visits, afresh=afresh)
    episode = (
        Episode.objects.filter(patient_id=patient_id)
        .select_related("patient__clinic")
        .order_by("-onset_date", "-created_at")
        .first()
    )
    of_patient = VisitSummary.objects.filter(patient_id=patient_id)
    counts = of_patient.aggregate(
        visits=Count("pk"),
        last_visit_at=Max("at"),
        failed=Sum("failed", default=0),
        to_confirm=Count("pk", filter=Q(unsaid=True)),
    )
    for name, value in counts.items():
        setattr(summary, name, value)
    is_other = episode is None or _is_other_course(summary, episode)
    _set_episode(summary, episode)
    if visits is None or afresh or is_other or episode is None or episode.pk in done.courses:
        _set_course(summary, episode)
    _set_visits(summary, episode, of_patient.order_by("-at", "-visit__created_at"))
    summary.counted = True
    raise_for_eyes(seen=keeping.eyes_of(patient_id=patient_id))
    standing.place_refreshed(summary, patient, before=in_sums)
    summary.save()
    again = {*done.visits, *tallies.elsewhere(patient_id=patient_id)}
    tallies.recount(patient_ids=[patient_id], visit_ids=None if afresh or not was_counted else again)
    if _shown(summary) != before:
        # The figures stand in the patient's own representation.
        feed.note_patient(patient=patient_id, clinic=patient.clinic_id, what=What.CHANGED)
    return summary


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
        standing.place(patient_id=patient_id)


def _owner(patient_id: uuid.UUID) -> Patient:
    """The patient, as far as the lists need to know."""
    known = ("clinic__time_zone", "archived_at", "restricted_at")
    return Patient.objects.select_related("clinic").only(*known).get(pk=patient_id)


def _shown(summary: PatientSummary) -> list[object]:
    """The figures, but for the time at which they were made."""
    return [
        getattr(summary, field.attname) for field in summary._meta.concrete_fields if field.name not in UNTOLD
    ]


def _is_other_course(summary: PatientSummary, episode: Episode) -> bool:
    return any(getattr(summary, name) != getattr(episode, name) for name in OF_EPISODE)


def _set_episode(summary: PatientSummary, episode: Episode | None) -> None:
    for name in OF_EPISODE:
        setattr(summary, name, getattr(episode, name) if episode else None)
    # Known to have none, which is more than not known.
    summary.cause = summary.cause or ""


def _set_course(summary: PatientSummary, episode: Episode | None) -> None:
    """What the visits of the newest episode say together; an earlier illness is another story."""
    found = changes(_compared(episode)) if episode is not None else CourseChanges()
    summary.change = found.mean_since_before
    summary.worse = found.worse
    summary.fall = fall_of(found=found)


def _compared(episode: Episode) -> list[Dated]:
    """The episode's visits, oldest first, as they are held against each other."""
    rows = VisitSummary.objects.filter(visit__episode=episode).order_by("at", "visit__created_at")
    zone = episode.patient.clinic.time_zone
    return [
        (day_in(at, zone), KeptComparison(Compared(compared, episode.weak_side)))
        for at, compared in rows.values_list("at", "compared")
    ]


def _set_visits(summary: PatientSummary, episode: Episode | None, newest: QuerySet[VisitSummary]) -> None:
    """What the newest visits say each. newest: the patient's, newest first."""
    summary.to_retake, summary.symmetry = 0, []
    summary.clinician_grade = summary.model_grade = None
    told = ("visit__episode_id", "to_retake", "clinician_grade", "model_grade", "figures")
    rows = list(newest.values_list(*told)[: rules.SUMMARY_VISITS])
    if rows:
        summary.to_retake = rows[0][1]
    if episode is None:
        return
    of_episode = newest.filter(visit__episode=episode)
    if any(row[0] != episode.pk for row in rows):
        rows = list(of_episode.values_list(*told)[: rules.SUMMARY_VISITS])
    # Pages show the clinician's grade where there is one.
    for name, place in (("clinician_grade", 2), ("model_grade", 3)):
        grade = next((row[place] for row in rows if row[place]), None)
        if grade is None and len(rows) == rules.SUMMARY_VISITS:
            older = of_episode.filter(**{f"{name}__isnull": False})
            grade = older.values_list(name, flat=True).first()
        setattr(summary, name, grade)
    figures = [row[4] for row in rows]
    # Drawn as one line: composites of other exercises than the newest's would be steps that no face made.
    basis: list[Any] = next((one["basis"] for one in figures if one["basis"]), [])
    summary.symmetry = [
        None if one["composite"] is None or one["basis"] != basis else round(one["composite"], 3)
        for one in reversed(figures)
    ]


def fall_of(*, found: CourseChanges) -> dict[str, Any] | None:
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


def keep_courses(*, seconds: float | None = None) -> int:
    """Keep what visits give to their courses where what is kept is older than this version, or outdated, for so long
    or a thousand visits; answers of how many patients. After an upgrade the watchdog does so, a little each time."""
    until = None if seconds is None else time.monotonic() + seconds
    old = VisitSummary.objects.filter(form__lt=FORM).order_by("form")
    done = 0
    for patient_id in dict.fromkeys(old.values_list("patient_id", flat=True)[:VISITS_AT_ONCE]):
        try:
            refresh_summary(patient_id=patient_id, visits=())
        except Exception:
            # One patient's fault must not keep all others waiting.
            logger.exception("The courses of patient %s were not kept", patient_id)
            continue
        done += 1
        if until is not None and time.monotonic() > until:
            break
    return done


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
    unsaid = unconfirmed_visits(visits=[visit for every in visits.values() for visit in every])
    for patient in Patient.objects.filter(pk__in=ids).only("clinic", "archived_at", "restricted_at"):
        _keep_waiting(patient, visits[patient.pk], unsaid)
    tallies.recount(patient_ids=ids)
    PatientSummary.objects.filter(patient_id__in=ids).update(counted=True)
    return len(ids)


def _keep_waiting(patient: Patient, visits: Iterable[Visit], unsaid: Collection[uuid.UUID]) -> None:
    """Keep which of the patient's current visits wait for a word, and nothing else of them."""
    rows = [
        VisitSummary(
            visit_id=visit.pk,
            patient=patient,
            clinic_id=patient.clinic_id,
            at=visit.at,
            unsaid=visit.pk in unsaid,
            waiting=visit.pk in unsaid and not patient.is_closed,
        )
        for visit in visits
    ]
    VisitSummary.objects.filter(patient=patient).exclude(pk__in=[row.pk for row in rows]).delete()
    VisitSummary.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["visit"],
        update_fields=["patient", "clinic", "at", "unsaid", "waiting"],
        batch_size=500,
    )

"""The milestones of many patients in a few queries, however many they are."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q
from django.utils import timezone

from clinic.common.dates import today_in
from clinic.common.spans import Onset
from clinic.patients.models import Cause, Episode, Patient, Treatment
from clinic.patients.treatments import TreatmentKind
from clinic.visits.models import Visit

from . import milestones
from .milestones import CourseFacts, Milestone, Seen
from .models import Task


def milestones_of(*, patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Milestone]]:
    """Of each of these patients who has any: the milestones that nobody has answered, in the order in which they begin.

    Two queries where none of them was given toxin lately or has a Bell's palsy of the last year, four else.
    """
    today = timezone.now().date()
    given_since = today - dt.timedelta(days=milestones.EFFECT_DAYS + 1)
    toxin: dict[uuid.UUID, list[tuple[uuid.UUID, dt.date]]] = defaultdict(list)
    given = Treatment.objects.filter(
        episode__patient_id__in=patient_ids,
        kind=TreatmentKind.BOTULINUM_TOXIN,
        archived_at__isnull=True,
        date__gte=given_since,
    )
    for episode_id, pk, day in given.order_by("date", "created_at").values_list("episode_id", "pk", "date"):
        toxin[episode_id].append((pk, day))
    # A month's precision and a day of another time zone are within these two.
    since = milestones.months_after(today, -(milestones.LAST_MONTHS + 2))
    bells = Q(cause=Cause.BELLS_PALSY, onset_date__gte=since, patient_id__in=patient_ids)
    episodes = Episode.objects.filter(bells | Q(pk__in=toxin.keys()))
    rows = list(
        episodes.values_list(
            "pk", "patient_id", "cause", "onset_date", "onset_precision", "patient__clinic__time_zone"
        )
    )
    if not rows:
        return {}
    visits, settled = _visits([row[0] for row in rows]), _settled([row[0] for row in rows])
    found: dict[uuid.UUID, list[Milestone]] = defaultdict(list)
    for pk, patient_id, cause, onset, precision, time_zone in rows:
        zone = zoneinfo.ZoneInfo(time_zone)
        facts = CourseFacts(
            pk,
            cause,
            Onset(onset, precision),
            [Seen(at.astimezone(zone).date(), grade) for at, grade in visits[pk]],
            toxin[pk],
            frozenset(settled[pk]),
        )
        found[patient_id] += milestones.unanswered(facts)
    return {
        patient_id: sorted(each, key=lambda one: one.begins) for patient_id, each in found.items() if each
    }


def due_milestones(*, patient: Patient) -> list[Milestone]:
    """The patient's milestones that ask for somebody today."""
    day = today_in(patient.clinic.time_zone)
    found = milestones_of(patient_ids=[patient.pk]).get(patient.pk, [])
    return [one for one in found if one.is_due(day)]


def _visits(episodes: Collection[uuid.UUID]) -> dict[uuid.UUID, list[tuple[dt.datetime, int | None]]]:
    found: dict[uuid.UUID, list[tuple[dt.datetime, int | None]]] = defaultdict(list)
    rows = Visit.objects.current().filter(episode_id__in=episodes).order_by("at", "created_at")
    for episode_id, at, grade in rows.values_list("episode_id", "at", "grade"):
        found[episode_id].append((at, grade))
    return found


def _settled(episodes: Collection[uuid.UUID]) -> dict[uuid.UUID, set[tuple[str, uuid.UUID | None]]]:
    found: dict[uuid.UUID, set[tuple[str, uuid.UUID | None]]] = defaultdict(set)
    rows = Task.objects.filter(episode_id__in=episodes).exclude(milestone="").order_by()
    for episode_id, code, treatment_id in rows.values_list("episode_id", "milestone", "treatment_id"):
        found[episode_id].add((code, treatment_id))
    return found

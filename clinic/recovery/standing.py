"""Where each patient stands on the clinic's lists, and how many stand alike: kept as it changes, read by the lists.

A summary holds the shelf it lies on, when the patient was last seen, in words, and how urgently somebody is needed.
Whatever changes one of them ends with `place_refreshed`, in the same transaction and under the summary's lock, and adds
what that changed to the sums of the clinic (`PatientTally`). So pages read a few rows, whatever the number of patients.
Time changes them as well: a summary says when it next does, and the watchdog's rounds see to it (`move_on`).

Sums are only ever added to, so that two patients of one clinic never wait for each other; `fold` adds rows up.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import BooleanField, Case, Count, Exists, F, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from clinic.examination.milestones import Milestone
from clinic.examination.models import Task, TaskKind
from clinic.examination.selectors_milestones import milestones_of
from clinic.patients.models import Patient

from . import rules
from .models import PatientSummary, PatientTally, Shelf

FOLLOWED_UP: Final = 15
"""The urgency up to which a patient is to be followed up: fifteen ways in which a task or a milestone is due, the
face is worse, a photo is to be retaken or an analysis failed, then not seen for long."""
CONFIRMED: Final = 16
"""The urgency of a patient of whom results wait for a word, and nothing else."""
NOTHING: Final = 17
COLUMNS: Final = ("clinic_id", "shelf", "seen", "urgency", "milestones", "moves_at")
AT_ONCE: Final = 500
FOLDED_FROM: Final = 200
"""Rows beyond one for each kind, from which on a clinic's sums are folded."""


class PatientKind(NamedTuple):
    """What the lists tell patients apart by. weak_side: empty without an episode too."""

    shelf: str
    cause: str
    weak_side: str
    seen: str
    attention: bool


class Sums(NamedTuple):
    """Of patients who stand alike."""

    patients: int
    to_confirm: int
    failed: int


def alike(*, clinic_id: uuid.UUID) -> dict[PatientKind, Sums] | None:
    """How many patients of the clinic stand how; None as long as that is not known of all. One query."""
    return _summed(_known(clinic_id)) or None


def is_known(*, clinic_id: uuid.UUID) -> bool:
    """Whether every summary of the clinic says where the patient stands: all but for a moment after an upgrade."""
    return _known(clinic_id).exists()


def _known(clinic_id: uuid.UUID) -> QuerySet[PatientTally]:
    """The clinic's sums, or nothing where they lack a patient."""
    unknown = Exists(_not_placed().filter(patient__clinic_id=clinic_id))
    return PatientTally.objects.filter(~unknown, clinic_id=clinic_id)


def counted_of(summary: PatientSummary) -> tuple[Any, ...]:
    """What of a summary is in the clinic's sums."""
    return _values(summary, _KEPT)


def place_refreshed(summary: PatientSummary, patient: Patient, *, before: tuple[Any, ...]) -> None:
    """Note where a patient stands whose figures are new, and what that changes in the clinic's sums; the caller has
    locked the summary, and saves it.

    patient: with the clinic. before: what was in the sums when the summary was read.
    """
    tasks = Task.objects.open().filter(patient_id=summary.patient_id).values_list("kind", "next_check")
    found = milestones_of(patient_ids=[summary.patient_id]).get(summary.patient_id, [])
    _place(summary, patient, list(tasks), found, timezone.now())
    if before != counted_of(summary):
        _add(_change([before], [counted_of(summary)]))


def place(*, patient_id: uuid.UUID) -> None:
    """Note where a patient stands whose figures are as they were: a task, the shelf or the time changed it."""
    with transaction.atomic():
        _stand(PatientSummary.objects.select_for_update().filter(patient_id=patient_id))


def lock(*, patient_id: uuid.UUID) -> None:
    """Lock the patient's summary, before anything else of the patient is."""
    list(PatientSummary.objects.select_for_update().filter(patient_id=patient_id).values_list("pk"))


def forget(*, patient_id: uuid.UUID) -> None:
    """Delete the patient's summary, and take it out of the clinic's sums."""
    with transaction.atomic():
        rows = PatientSummary.objects.select_for_update().filter(patient_id=patient_id)
        _add(_change(list(rows.values_list(*_KEPT)), []))
        rows.delete()


def move_on(*, seconds: float) -> int:
    """Place whoever time has moved, or whose standing is not known yet, for so long; answers how many patients.

    The watchdog does so in each round. A summary that another process has in hand is left to it.
    """
    until, done = time.monotonic() + seconds, 0
    for waiting in (_not_placed, lambda: PatientSummary.objects.filter(moves_at__lt=timezone.now())):
        while number := _move_some(waiting()):
            done += number
            if time.monotonic() > until:
                return done
    return done


def fold() -> None:
    """Replace many rows of a clinic's sums by one of each kind. Rows that another process has in hand are left."""
    rows = PatientTally.objects.values("clinic_id").annotate(rows=Count("pk")).order_by()
    kinds = Counter(PatientTally.objects.order_by().values_list("clinic_id", *PatientKind._fields).distinct())
    per_clinic = Counter(key[0] for key in kinds)
    for row in rows:
        if row["rows"] >= per_clinic[row["clinic_id"]] + FOLDED_FROM:
            _fold(row["clinic_id"])


@transaction.atomic
def _fold(clinic_id: uuid.UUID) -> None:
    free = connection.features.has_select_for_update_skip_locked
    locked = PatientTally.objects.select_for_update(skip_locked=free).filter(clinic_id=clinic_id)
    keys = list(locked.order_by("pk").values_list("pk", flat=True))
    rows = PatientTally.objects.filter(pk__in=keys)
    found = _summed(rows)
    rows.delete()
    _add({(clinic_id, kind): sums for kind, sums in found.items()})


def difference(*, clinic_id: uuid.UUID) -> dict[PatientKind, Sums]:
    """What is missing in the clinic's sums beside its patients' summaries, in one query; empty where they agree."""
    placed = PatientSummary.objects.filter(clinic_id=clinic_id, shelf__isnull=False).order_by()
    own = placed.annotate(
        kind=Coalesce("cause", Value("")),
        side=Coalesce("weak_side", Value("")),
        attention=Case(When(urgency__lte=FOLLOWED_UP, then=True), default=False, output_field=BooleanField()),
    ).values_list("shelf", "kind", "side", "seen", "attention")
    counted = own.annotate(n=Count("pk"), confirm=Sum("to_confirm"), lost=Sum("failed"))
    summed = PatientTally.objects.filter(clinic_id=clinic_id).order_by().values_list(*PatientKind._fields)
    kept = summed.annotate(
        n=-Sum("patients"), confirm=-Sum("to_confirm", default=0), lost=-Sum("failed", default=0)
    )
    found: dict[PatientKind, Counter[str]] = defaultdict(Counter)
    for *kind, patients, to_confirm, failed in counted.union(kept, all=True):
        shelf, cause, weak_side, seen, attention = kind
        found[PatientKind(shelf, cause, weak_side, seen, bool(attention))].update(
            patients=patients, to_confirm=to_confirm, failed=failed
        )
    return {kind: Sums(*(n[name] for name in Sums._fields)) for kind, n in found.items() if any(n.values())}


def settle(*, clinic_id: uuid.UUID) -> bool:
    """Make the clinic's sums those of its patients again; whether they were not."""
    with transaction.atomic():
        missing = difference(clinic_id=clinic_id)
        _add({(clinic_id, kind): sums for kind, sums in missing.items()})
    return bool(missing)


# --- one patient ---

_KEPT: Final = ("clinic_id", "shelf", "cause", "weak_side", "seen", "urgency", "to_confirm", "failed")
Tasks = list[tuple[str, dt.date | None]]


def _place(
    summary: PatientSummary, patient: Patient, tasks: Tasks, milestones: Sequence[Milestone], now: dt.datetime
) -> None:
    zone = zoneinfo.ZoneInfo(patient.clinic.time_zone)
    summary.clinic_id = patient.clinic_id
    summary.shelf = shelf_of(patient)
    summary.seen = _seen(summary.last_visit_at, now)
    today = now.astimezone(zone).date()
    summary.milestones = sum(one.is_due(today) for one in milestones)
    summary.urgency = _urgency(summary, summary.milestones > 0 or _is_due(tasks, today))
    days = [day for _, day in tasks if day]
    days += [day for one in milestones for day in (one.begins, one.ends + dt.timedelta(days=1))]
    moments = [midnight for day in days if (midnight := _midnight(day, zone)) >= now]
    if summary.last_visit_at is not None:
        spans = (rules.WEEK, rules.MONTH, rules.LAPSED_AFTER)
        moments += [moment for span in spans if (moment := summary.last_visit_at + span) >= now]
    summary.moves_at = min(moments, default=None)


def shelf_of(patient: Patient) -> Shelf:
    """Where the patient's record lies."""
    if patient.restricted_at is not None:
        return Shelf.CLOSED
    return Shelf.LISTS if patient.archived_at is None else Shelf.ARCHIVE


def _seen(at: dt.datetime | None, now: dt.datetime) -> str:
    if at is None:
        return "never"
    if at >= now - rules.WEEK:
        return "week"
    if at >= now - rules.MONTH:
        return "month"
    return "lapsed" if at < now - rules.LAPSED_AFTER else ""


def _is_due(tasks: Tasks, today: dt.date) -> bool:
    """As `clinic.examination.selectors.due_tasks` has it."""
    return any(kind == TaskKind.EYE_CLOSURE or day is None or day <= today for kind, day in tasks)


def _midnight(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, zone)


def _urgency(summary: PatientSummary, due: bool) -> int:
    asks = 8 * due + 4 * summary.worse + 2 * (summary.to_retake > 0) + (summary.failed > 0)
    if asks:
        return FOLLOWED_UP - asks
    grade = summary.clinician_grade
    if summary.seen == "lapsed" and (grade is None or grade > rules.RECOVERED_GRADE):
        return FOLLOWED_UP
    return CONFIRMED if summary.to_confirm else NOTHING


# --- many patients ---


def _not_placed() -> QuerySet[PatientSummary]:
    return PatientSummary.objects.filter(shelf__isnull=True)


@transaction.atomic
def _move_some(waiting: QuerySet[PatientSummary]) -> int:
    free = connection.features.has_select_for_update_skip_locked
    return _stand(waiting.select_for_update(skip_locked=free).order_by("pk")[:AT_ONCE])


def _stand(locked: QuerySet[PatientSummary]) -> int:
    """Place those summaries by their figures; the rows that change alone are written."""
    summaries = list(locked.defer("symmetry", "fall"))
    if not summaries:
        return 0
    ids = [summary.pk for summary in summaries]
    patients = Patient.objects.filter(pk__in=ids).select_related("clinic")
    people = {one.pk: one for one in patients.only("archived_at", "restricted_at", "clinic__time_zone")}
    tasks: dict[uuid.UUID, Tasks] = defaultdict(list)
    open_tasks = Task.objects.open().filter(patient_id__in=ids)
    for patient_id, kind, day in open_tasks.order_by().values_list("patient_id", "kind", "next_check"):
        tasks[patient_id].append((kind, day))
    milestones = milestones_of(patient_ids=ids)
    moved_to: dict[tuple[Any, ...], list[uuid.UUID]] = defaultdict(list)
    before, after, now = [], [], timezone.now()
    for summary in summaries:
        was, moved = _values(summary, _KEPT), _values(summary, COLUMNS)
        _place(summary, people[summary.pk], tasks[summary.pk], milestones.get(summary.pk, []), now)
        if _values(summary, COLUMNS) != moved:
            moved_to[_values(summary, COLUMNS)].append(summary.pk)
            before.append(was)
            after.append(_values(summary, _KEPT))
    # Most of those that nobody moved for long stand where others do.
    for values, keys in moved_to.items():
        PatientSummary.objects.filter(pk__in=keys).update(**dict(zip(COLUMNS, values, strict=True)))
    _add(_change(before, after))
    return len(summaries)


def _values(summary: PatientSummary, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(summary, name) for name in names)


# --- the clinics' sums ---

Changed = dict[tuple[uuid.UUID, PatientKind], Sums]


def _change(before: Collection[tuple[Any, ...]], after: Collection[tuple[Any, ...]]) -> Changed:
    """What summaries add to the sums, less what they added before; each as `_KEPT`."""
    found: dict[tuple[uuid.UUID, PatientKind], Counter[str]] = defaultdict(Counter)
    for sign, rows in ((-1, before), (1, after)):
        for clinic_id, shelf, cause, weak_side, seen, urgency, to_confirm, failed in rows:
            if shelf is None:
                continue
            kind = PatientKind(str(shelf), cause or "", weak_side or "", seen, urgency <= FOLLOWED_UP)
            found[clinic_id, kind].update(patients=sign, to_confirm=sign * to_confirm, failed=sign * failed)
    return {key: Sums(*(counts[name] for name in Sums._fields)) for key, counts in found.items()}


def _add(changed: Changed) -> None:
    PatientTally.objects.bulk_create(
        [
            PatientTally(clinic_id=clinic_id, **kind._asdict(), **sums._asdict())
            for (clinic_id, kind), sums in changed.items()
            if any(sums)
        ],
        batch_size=500,
    )


def _summed(rows: QuerySet[PatientTally]) -> dict[PatientKind, Sums]:
    named = rows.order_by().values_list(*PatientKind._fields)
    found = named.annotate(n=Sum("patients"), confirm=Sum(F("to_confirm")), lost=Sum(F("failed")))
    return {PatientKind(*row[:5]): sums for row in found if any(sums := Sums(*row[5:]))}

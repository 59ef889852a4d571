"""What is read about tasks, and what the eyes' closure is read from."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.accounts.models import Membership, User
from clinic.accounts.policies import CONFIRMERS
from clinic.common.dates import today
from clinic.patients.models import Episode, Patient, WeakSide
from clinic.visits.models import Confirmation, Visit
from inference.finding import figures_of
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.codes import Caution, Exercise
from inference.releases import registry
from inference.selectors_corrections import corrected_symmetry, moved_points

from . import closure
from .models import Task, TaskKind, TaskQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

INCOMPLETE_FROM: Final = 4
_ABOUT = (
    "photo_id",
    "photo__visit_id",
    "photo__visit__at",
    "photo__taken_at",
    "photo__created_at",
    "photo__exercise",
    "pk",
    "release",
)
_FOUND = ("exercise", "findings", "corrected", "moved")


def visible_tasks(*, user: User | AnonymousUser) -> TaskQuerySet:
    """Tasks that the user may see, with what every page of theirs needs."""
    return Task.objects.visible_to(user).select_related(  # type: ignore[arg-type]  # nobody sees nothing
        "patient__clinic", "episode", "owner", "raised_by", "closed_by", "treatment"
    )


def tasks_of(*, patient: Patient) -> list[Task]:
    """The patient's open tasks, eyes first, then the longest open."""
    found = (
        Task.objects.open()
        .filter(patient=patient)
        .select_related("episode", "owner", "raised_by", "treatment")
    )
    return sorted(found, key=lambda task: (task.kind != TaskKind.EYE_CLOSURE, task.opened_at))


def grade_asks_for_eye(*, visit: Visit, tasks: Iterable[Task]) -> bool:
    """Whether the clinician's grade says that the eye does not close, and nobody looks after it: from House-Brackmann
    grade IV on closure is incomplete by definition."""
    known = any(task.kind == TaskKind.EYE_CLOSURE for task in tasks)
    return visit.archived_at is None and (visit.grade or 0) >= INCOMPLETE_FROM and not known


def due(*, path: str = "pk") -> Exists:
    """Whether a patient has a task that asks for somebody today: an eye that stays open until it is closed, anything
    else from the day of its next check on. path: the query's way to the patient."""
    return Exists(due_tasks().filter(patient=OuterRef(path)).order_by())


def due_tasks() -> QuerySet[Task]:
    """Open tasks that ask for somebody today."""
    now = Q(kind=TaskKind.EYE_CLOSURE) | Q(next_check__isnull=True) | Q(next_check__lte=today())
    return Task.objects.open().filter(now).select_related("owner", "episode", "treatment")


def may_own(*, clinic_id: uuid.UUID) -> QuerySet[User]:
    """Who may look after a task of the clinic: its people who treat patients."""
    members = Membership.objects.in_force().filter(clinic_id=clinic_id, role__in=CONFIRMERS)
    return User.objects.filter(is_active=True, pk__in=members.values("user_id")).order_by("full_name", "pk")


def closures_of(
    *, seen: Mapping[uuid.UUID, Sequence[closure.ClosedEyesPhoto]]
) -> list[tuple[Episode, list[closure.LidGaps]]]:
    """The closures of the eyes in each episode. seen: by episode, its current photos of `seen_at`."""
    if not any(one.exercise in closure.HEALTHY_MM for photos in seen.values() for one in photos):
        return []
    releases = {one.release for photos in seen.values() for one in photos}
    errors = {name: _error(name) for name in releases}
    episodes = Episode.objects.filter(pk__in=seen.keys())
    return [
        (one, closure.closures(seen[one.pk], errors=errors, both_weak=one.weak_side == WeakSide.BOTH))
        for one in episodes
    ]


def _error(release: str) -> float:
    info = registry.by_name(release)
    return closure.error_of(info.repeatability if info else {})


def seen_at(*, visit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[closure.ClosedEyesPhoto]]:
    """Of each of these visits: the photos of closed eyes and at rest, as asked or as confirmed, with a result."""
    ids = list(visit_ids)
    wanted = {*closure.HEALTHY_MM, Exercise.REST.value}
    words = dict(
        Confirmation.objects.filter(photo__visit__in=ids)
        .order_by("created_at")
        .values_list("photo_id", "exercise")
    )
    rows = (
        Analysis.objects.filter(
            Q(photo__exercise__in=wanted)
            | Q(photo_id__in=[pk for pk, word in words.items() if word in wanted]),
            photo__visit__in=ids,
            photo__archived_at__isnull=True,
            status=Status.SUCCEEDED,
        )
        .annotate(corrected=corrected_symmetry(), moved=moved_points())
        .order_by("created_at", "release")
        .values_list(*_ABOUT, *_FOUND)
    )
    newest: dict[uuid.UUID, closure.ClosedEyesPhoto] = {}
    for photo_id, visit_id, at, taken_at, stored_at, asked, pk, release, *read in rows:
        found, stored, corrected, moved = read
        figures = figures_of(stored)
        newest[photo_id] = closure.ClosedEyesPhoto(
            photo_id=photo_id,
            visit_id=visit_id,
            at=at,
            taken_at=taken_at,
            stored_at=stored_at,
            exercise=words.get(photo_id, asked),
            analysis_id=pk,
            release=release,
            found="" if Caution.EXERCISE_UNSURE.value in figures.cautions else found,
            verdict=figures.verdict,
            confirmed=photo_id in words,
            symmetry=corrected or figures.symmetry,
            by_hand=closure.sides_by_hand(moved),
        )
    by_visit: dict[uuid.UUID, list[closure.ClosedEyesPhoto]] = defaultdict(list)
    for one in newest.values():
        by_visit[one.visit_id].append(one)
    return by_visit


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One line of a task's history: what happened, when, and by whom; None where a model release did it."""

    at: dt.datetime
    by: User | None
    what: str
    detail: str = ""


def changes_of(*, task: Task, most: int | None = None) -> list[TaskChange]:
    """What became of a task, newest first, from its history; of a long one the newest, if so many are asked for."""
    # Each line of the history holds all figures of its time, which nothing here tells.
    lines = task.history.select_related("history_user", "owner").defer("figures")
    rows = list(lines.order_by("-history_date", "-history_id")[: None if most is None else most + 1])
    found = [
        TaskChange(after.history_date, after.history_user, *_what(before, after))
        for after, before in zip(rows, [*rows[1:], None], strict=False)
    ]
    return found[:most]


def _what(before: Any, after: Any) -> tuple[str, str]:
    """A word for what a line of the history changed, and a detail."""
    if before is None:
        return "raised", ""
    if before.closed_at is None and after.closed_at is not None:
        return "closed", after.reason
    if before.closed_at is not None and after.closed_at is None:
        return "reopened", ""
    if before.owner_id != after.owner_id:
        return "owner", after.owner.full_name if after.owner else ""
    planned = (before.plan, before.next_check) != (after.plan, after.next_check)
    return ("plan", after.plan) if planned else ("figures", "")

"""Everything that is written about tasks. Callers have asked the policy first; a model release asks nobody, since all
it can do is raise one."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.common.summaries import summaries
from clinic.common.writing import Basis, assign, errors_of, lock, raise_if, save
from clinic.patients.models import Episode
from clinic.patients.rules import not_archived
from clinic.visits.models import Visit

from . import closure, selectors
from .models import Outcome, Task, TaskKind

if TYPE_CHECKING:
    from clinic.accounts.models import User

PLANNED = frozenset({"owner", "plan", "next_check"})


def raise_task(
    *,
    user: User,
    episode: Episode,
    kind: str,
    owner: User | None = None,
    plan: str = "",
    next_check: dt.date | None = None,
) -> Task:
    """A task that a person raises. ValidationError where it lacks its sense, or an eye task is open already."""
    not_archived(episode.patient)
    task = Task(patient=episode.patient, episode=episode, kind=kind, raised_by=user, opened_at=timezone.now())
    assign(task, {"owner": owner, "plan": plan, "next_check": next_check}, PLANNED)
    errors = _plan_errors(task)
    if kind == TaskKind.FOLLOW_UP and not task.plan:
        errors["plan"] = [ValidationError(_("Say what is to be done."), code="required")]
    raise_if(errors_of(task, errors, exclude=["patient", "episode", "analysis"]))
    _store(task, user)
    return task


@transaction.atomic
def plan_task(*, user: User, task: Task, based_on: Basis | None = None, **fields: Any) -> Task:
    """Change who looks after a task, how, and when it is looked at next."""
    _hold(task)
    lock(task, based_on)
    not_archived(task.patient)
    if not task.is_open:
        raise ValidationError(_("This task is closed. Open it again before changing it."), code="closed")
    changed = assign(task, fields, PLANNED, based_on=based_on)
    if changed:
        raise_if(errors_of(task, _plan_errors(task), exclude=["patient", "episode", "analysis"]))
        save(task, user=user, only=changed)
        _stand(task)
    return task


@transaction.atomic
def close_task(
    *, user: User, task: Task, outcome: str, reason: str = "", based_on: Basis | None = None
) -> Task:
    """Close a task, with why. Its visits up to now are looked after; a later one that shows the same opens it again."""
    _hold(task)
    lock(task, based_on)
    not_archived(task.patient)
    if not task.is_open:
        raise ValidationError(_("This task is closed already."), code="closed")
    if outcome not in Outcome.values:
        raise ValidationError({"outcome": [ValidationError(_("Say why it is closed."), code="required")]})
    task.outcome, task.reason = outcome, reason.strip()
    task.closed_at, task.closed_by = timezone.now(), user
    task.settled_until = (
        Visit.objects.current().filter(episode_id=task.episode_id).values_list("at", flat=True).first()
    )
    save(task, user=user)
    _stand(task)
    return task


@transaction.atomic
def reopen_task(*, user: User, task: Task) -> Task:
    """Open a closed task again because a person wants it."""
    _hold(task)
    lock(task)
    not_archived(task.patient)
    if task.is_open:
        return task
    _set_open(task)
    _store(task, user)
    return task


def raise_for_eyes(*, seen: Mapping[uuid.UUID, Sequence[closure.ClosedEyesPhoto]]) -> None:
    """Raise, or open again, a patient's tasks of eyes that stay open, as the results now on record have it. seen: by
    episode, the photos that tell it (`selectors.seen_at`).

    Called wherever results change, in the caller's transaction and under its lock of the patient. What a model saw
    once stays until a person closes it, also if a later photo shows a closed eye: landmarks can be wrong both ways.
    """
    for episode, found in selectors.closures_of(seen=seen):
        figures = closure.figures_of(found)
        if not figures:
            continue
        of_eye = Task.objects.select_for_update().filter(episode=episode, kind=TaskKind.EYE_CLOSURE)
        task = of_eye.order_by(F("closed_at").desc(nulls_first=True)).first()
        if task is None:
            _raise(episode, figures)
        elif task.is_open:
            _keep(task, figures)
        elif _recurs(task, found):
            _set_open(task)
            task.figures = figures
            save(task, user=None)


def _raise(episode: Episode, figures: dict[str, Any]) -> None:
    worst = _worst(figures["openings"])
    task = Task(
        patient_id=episode.patient_id,
        episode=episode,
        kind=TaskKind.EYE_CLOSURE,
        analysis_id=uuid.UUID(worst["analysis"]),
        release=worst["release"],
        figures=figures,
        opened_at=timezone.now(),
    )
    save(task, user=None)


def _keep(task: Task, figures: dict[str, Any]) -> None:
    """Note what it now rests on; no person did that."""
    if task.figures != figures:
        task.figures = figures
        save(task, user=None)


def _recurs(task: Task, found: Iterable[closure.LidGaps]) -> bool:
    """Whether an eye is open in a visit after those that the closing person knew, or a photo taken since."""
    until, closed = task.settled_until, task.closed_at
    return any(
        (until is not None and one.seen.at > until) or (closed is not None and one.seen.taken_at > closed)
        for one in found
        if one.open_sides
    )


def _worst(openings: list[dict[str, Any]]) -> dict[str, Any]:
    return max(openings, key=lambda row: row["mm"] - row["limit_mm"])


def _set_open(task: Task) -> None:
    task.closed_at, task.closed_by, task.outcome, task.reason = None, None, "", ""
    task.settled_until = None
    task.times_reopened += 1


def _plan_errors(task: Task) -> dict[str, list[ValidationError]]:
    if (
        task.owner is None
        or selectors.may_own(clinic_id=task.patient.clinic_id).filter(pk=task.owner.pk).exists()
    ):
        return {}
    message = _("Choose somebody who treats patients in this clinic.")
    return {"owner": [ValidationError(message, code="not_a_member")]}


def _hold(task: Task) -> None:
    """Lock what a model's results lock first, before the task itself."""
    summaries().lock(patient_id=task.patient_id)


def _stand(task: Task) -> None:
    """A task that comes, goes or is put off moves its patient on the lists."""
    summaries().place(patient_id=task.patient_id)


def _store(task: Task, user: User) -> None:
    try:
        with transaction.atomic():
            _hold(task)
            save(task, user=user)
            _stand(task)
    except IntegrityError as error:
        # A model or a colleague was first.
        raise ValidationError(_("There is an open task on this eye already."), code="open") from error

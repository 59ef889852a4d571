"""A milestone that a person takes up: a task, closed at once with why, that can be opened again."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.common.summaries import summaries
from clinic.common.writing import save
from clinic.patients.models import Episode
from clinic.patients.rules import not_archived

from . import selectors_milestones
from .models import Task, TaskKind
from .services import close_task

if TYPE_CHECKING:
    from clinic.accounts.models import User


@transaction.atomic
def settle_milestone(
    *,
    user: User,
    episode: Episode,
    code: str,
    treatment_id: uuid.UUID | None,
    outcome: str,
    reason: str = "",
) -> Task:
    """Settle a milestone that nobody has answered, with why.

    ValidationError where it was answered or settled meanwhile, or for an outcome that isn't known.
    """
    summaries().lock(patient_id=episode.patient_id)
    not_archived(episode.patient)
    found = selectors_milestones.milestones_of(patient_ids=[episode.patient_id]).get(episode.patient_id, [])
    if not any(one.episode_id == episode.pk and one.key == (code, treatment_id) for one in found):
        raise ValidationError(_("Somebody has settled this meanwhile, or seen the patient."), code="settled")
    task = Task(
        patient=episode.patient,
        episode=episode,
        kind=TaskKind.FOLLOW_UP,
        raised_by=user,
        milestone=code,
        treatment_id=treatment_id,
        opened_at=timezone.now(),
    )
    save(task, user=user)
    return close_task(user=user, task=task, outcome=outcome, reason=reason)

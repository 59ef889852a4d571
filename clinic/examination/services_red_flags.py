"""Red flags are answered here, and what follows from the answers. Callers have asked the policy first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from clinic.audit import services as audit
from clinic.common.summaries import summaries
from clinic.common.writing import lock, save
from clinic.patients.models import Episode, RedFlags
from clinic.patients.rules import not_archived
from clinic.visits.models import Photo, Visit
from inference.jobs.states import Status
from inference.models import Analysis
from inference.services import queue_analysis
from inference.withholding import follow_red_flags

from . import red_flags
from .models import RedFlagScreening

if TYPE_CHECKING:
    from clinic.accounts.models import User


@transaction.atomic
def answer_red_flags(
    *, user: User, episode: Episode, answers: Mapping[str, str], note: str = "", after: str | None = None
) -> RedFlagScreening:
    """Keep these answers: the newest count. Where they point to a stroke, nothing that a model found in the episode is
    shown any more, and nothing analysed; where they don't, the photos that waited for them are.

    after: the newest answers that stood there, empty for none: a colleague's are never overruled unseen; None asks
    nothing. ValidationError names each question without an answer, or what came meanwhile; then nothing is kept.
    """
    summaries().lock(patient_id=episode.patient_id)
    lock(episode)
    not_archived(episode.patient)
    newest = RedFlagScreening.objects.filter(episode=episode).first()
    if after is not None and after != (str(newest.pk) if newest is not None else ""):
        raise ValidationError(_("Somebody answered the red flags meanwhile. Look at it first."), "stale")
    try:
        given = red_flags.check(answers, cause=episode.cause)
    except red_flags.Unanswered as error:
        missing = ValidationError(_("Answer this question."), code="required")
        raise ValidationError({code: [missing] for code in error.codes}) from error
    screening = RedFlagScreening(
        episode=episode,
        by=user,
        cause=episode.cause,
        questions_version=red_flags.VERSION,
        answers=given,
        sent_to=list(red_flags.sent_to(given, cause=episode.cause)),
        note=note.strip(),
    )
    screening.full_clean(exclude=["episode", "by"])
    save(screening, user=user)
    audit.log_change(record=screening, user=user, how="given")
    episode.red_flags = RedFlags.STROKE if screening.points_to_stroke else RedFlags.ANSWERED
    save(episode, user=user, only=["red_flags"])
    _follow(episode)
    summaries().refresh(patient_id=episode.patient_id, visits=())
    # A photo that was taken in at this very moment saw the answers from before.
    transaction.on_commit(partial(_catch_up, episode), robust=True)
    return screening


def _follow(episode: Episode) -> bool:
    """Withhold or show what models found in the episode, and queue what waited; whether there was anything to do."""
    visits = list(Visit.objects.filter(episode=episode).values_list("pk", flat=True))
    followed = follow_red_flags(visits=visits)
    if not episode.shows_findings:
        return followed
    # What was looked at before, by whichever release, has its result.
    looked_at = Analysis.everything.filter(photo=OuterRef("pk")).exclude(status=Status.CANCELLED)
    waiting = Photo.objects.current().filter(~Exists(looked_at), visit__in=visits)
    queued = [
        queue_analysis(photo=photo)
        for photo in waiting.select_related("visit__patient__clinic", "visit__episode")
    ]
    return followed or any(queued)


@transaction.atomic
def _catch_up(episode: Episode) -> None:
    if _follow(episode):
        summaries().refresh(patient_id=episode.patient_id, visits=())

"""Everything that is written about clinical scales in a visit. Callers have asked the policy first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.common.versions import CHANGED, Basis, base_value
from clinic.common.writing import errors_of, lock, raise_if, save
from clinic.patients.rules import not_archived, red_flags_asked
from clinic.visits.models import Visit

from .models import AnswerWay, Assessment
from .models_of_wordings import QuestionnaireWording
from .scales import Rater, Scale, WrongAnswers

if TYPE_CHECKING:
    from clinic.accounts.models import User


@transaction.atomic
def answer(
    *,
    user: User,
    visit: Visit,
    scale: Scale,
    answers: Mapping[str, Any],
    based_on: Basis | None = None,
    must_be_first: bool = False,
    wording: QuestionnaireWording | None = None,
) -> Assessment:
    """Keep these answers of a scale in a visit; what was answered before and isn't named here stays.

    answers: item to answer, None to take one back. based_on: the version of the assessment that the page showed.
    must_be_first: whether one that was begun before is refused. wording: by which the patient was asked on paper.
    ValidationError where the scale doesn't know an item or a value, where it is finished, or where somebody else
    answered the same item otherwise since that version: then nothing of this is kept.
    """
    try:
        scale.check(answers)
    except WrongAnswers as error:
        raise ValidationError(list(error.problems.values()), code="invalid") from error
    # Two who begin at once begin one assessment: the visit's row is where they wait for each other.
    visit = Visit.objects.select_for_update(of=("self",)).select_related("patient").get(pk=visit.pk)
    _open_for_change(visit)
    found = _of(visit, scale)
    if found is None:
        made = Assessment(visit=visit, scale=scale.code, scale_version=scale.version)
        if scale.rater == Rater.PATIENT:
            made.way, made.wording = AnswerWay.PAPER, wording
        return keep_answers(assessment=made, user=user, scale=scale, answers=answers)
    if must_be_first:
        raise ValidationError(_("This scale is answered in this visit already."), code="taken")
    lock(found, based_on)
    _not_the_patients(found)
    if found.is_finished:
        raise ValidationError(
            _("This assessment is finished. Open it again before correcting it."), code="finished"
        )
    wanted = dict(answers) if based_on is None else _merged(found, answers, based_on)
    if all(found.answers.get(code) == value for code, value in wanted.items()):
        return found
    return keep_answers(assessment=found, user=user, scale=scale, answers=wanted)


@transaction.atomic
def finish(
    *,
    user: User,
    assessment: Assessment,
    based_on: Basis | None = None,
    wording: QuestionnaireWording | None = None,
) -> Assessment:
    """Say that an assessment is done. ValidationError while an item is missing, or the scale has another version.

    wording: by which the patient was asked on paper; what was said of it before stays where none is named.
    """
    lock(assessment, based_on)
    _open_for_change(assessment.visit)
    _not_the_patients(assessment)
    if assessment.is_finished:
        return assessment
    red_flags_asked(assessment.of_episode)
    if assessment.missing:
        raise ValidationError(
            _("Some items have no answer yet. What is answered is kept."), code="incomplete"
        )
    assessment.finished_at, assessment.by = timezone.now(), user
    if wording is not None and assessment.way == AnswerWay.PAPER:
        assessment.wording = wording
    save(assessment, user=user)
    return assessment


@transaction.atomic
def reopen(*, user: User, assessment: Assessment, based_on: Basis | None = None) -> Assessment:
    """Open a finished assessment again so that it can be corrected; its history keeps what it said."""
    lock(assessment, based_on)
    _open_for_change(assessment.visit)
    _not_the_patients(assessment)
    if not assessment.is_finished:
        return assessment
    if assessment.definition is None:
        raise ValidationError(
            _("This assessment was made with another version of the scale and stays as it is."),
            code="version",
        )
    assessment.finished_at = None
    save(assessment, user=user)
    return assessment


def _not_the_patients(assessment: Assessment) -> None:
    if assessment.is_patients_own:
        raise ValidationError(
            _("The patient answered this without you. Nobody else changes these answers."),
            code="patients_own",
        )


def _open_for_change(visit: Visit | None) -> None:
    if visit is None:
        return
    not_archived(visit.patient)
    if visit.archived_at is not None:
        raise ValidationError(_("This visit is archived. Bring it back before changing it."), code="archived")


def _of(visit: Visit, scale: Scale) -> Assessment | None:
    return Assessment.objects.filter(visit=visit, scale=scale.code, scale_version=scale.version).first()


def _merged(found: Assessment, answers: Mapping[str, Any], based_on: Basis) -> dict[str, Any]:
    """Those answers that the page changed itself; ValidationError where somebody else changed one of them otherwise."""
    shown = base_value(found, based_on, "answers")
    wanted: dict[str, Any] = {}
    for code, mine in answers.items():
        theirs, was = found.answers.get(code), (shown or {}).get(code)
        if mine == theirs or (shown is not None and mine == was):
            continue
        if shown is None or theirs != was:
            raise ValidationError(
                _(
                    "Somebody else answered the same item meanwhile. Look at the page again: nothing was saved."
                ),
                code=CHANGED,
            )
        wanted[code] = mine
    return wanted


def keep_answers(
    *, assessment: Assessment, user: User | None, scale: Scale, answers: Mapping[str, Any]
) -> Assessment:
    """Save these answers beside the others, with what all of them come to. user: None where the patient answers."""
    together = {**assessment.answers, **answers}
    score = scale.score(together)
    assessment.answers = scale.check(together)
    assessment.sub_scores, assessment.total = score.sub_scores, score.total
    assessment.missing = list(score.missing)
    if user is not None:
        assessment.by = user
    raise_if(errors_of(assessment, exclude=["visit"]))
    save(assessment, user=user)
    return assessment

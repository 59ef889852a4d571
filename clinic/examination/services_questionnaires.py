"""Everything that is written about what patients answer themselves. Callers have asked the policy first.

A clinic's wording, how a patient is asked by it (on a tablet, by a link), and the answers as they come in: each is kept
at once, so that none is lost, and the patient alone says that they are done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.accounts.models import Clinic
from clinic.audit.models import Event
from clinic.audit.services import log_act
from clinic.common.dates import day_in
from clinic.common.writing import errors_of, lock, raise_if, save
from clinic.patients.models import Episode, LinkPurpose, PatientLink
from clinic.patients.rules import not_archived, red_flags_asked
from clinic.patients.services_links import USUAL_DAYS, make_link, use_link
from clinic.visits.models import Visit

from .models import AnswerWay, Assessment
from .models_of_wordings import QuestionnaireWording
from .scales import Rater, Scale, WrongAnswers
from .services_scales import keep_answers

if TYPE_CHECKING:
    from clinic.accounts.models import User

LONGEST_LINE: Final = 500


@transaction.atomic
def add_wording(
    *,
    user: User,
    clinic: Clinic,
    scale: Scale,
    language: str,
    title: str,
    instruction: str,
    texts: Mapping[str, str],
    answers: Mapping[str, list[str]],
    translation: str,
    licence: str,
) -> QuestionnaireWording:
    """Keep the clinic's text of a questionnaire as the newest of its language; earlier ones stay as they are.

    texts: item to question; answers: item to the texts of its answers, in the order of the scale's choices.
    ValidationError, by item, where a question is missing or the answers are not as many as the scale's.
    """
    if scale.rater != Rater.PATIENT:
        raise ValidationError(_("Patients don't answer this scale."), code="invalid")
    errors: dict[str, list[ValidationError]] = {}
    for item in scale.items:
        given = answers.get(item.code, [])
        if not texts.get(item.code, "").strip():
            errors[f"text-{item.code}"] = [ValidationError(_("The question is missing."), code="required")]
        if len(given) != len(item.choices) or not all(one.strip() for one in given):
            said = _("This question has %(wanted)d answers; %(given)d were given.")
            values = {"wanted": len(item.choices), "given": len(given)}
            errors[f"answers-{item.code}"] = [ValidationError(said % values, code="invalid")]
        if any(len(one) > LONGEST_LINE for one in (texts.get(item.code, ""), *given)):
            errors[f"text-{item.code}"] = [ValidationError(_("This text is too long."), code="max_length")]
    # Two who paste at once wait for each other, so that numbers follow.
    Clinic.objects.select_for_update(of=("self",)).get(pk=clinic.pk)
    newest = QuestionnaireWording.objects.filter(clinic=clinic, scale=scale.code, language=language).first()
    wording = QuestionnaireWording(
        clinic=clinic,
        scale=scale.code,
        scale_version=scale.version,
        language=language,
        number=newest.number + 1 if newest is not None else 1,
        title=title.strip(),
        instruction=instruction.strip(),
        items={
            item.code: {
                "text": texts.get(item.code, "").strip(),
                "answers": [one.strip() for one in answers.get(item.code, [])],
            }
            for item in scale.items
        },
        translation=translation.strip(),
        licence=licence.strip(),
        by=user,
    )
    raise_if(errors_of(wording, errors))
    save(wording, user=user)
    detail: dict[str, str | int] = {"what": "wording", "scale": scale.code, "language": language}
    detail |= {"number": wording.number, "record": str(wording.pk)}
    log_act(kind=Event.CLINIC_CHANGED, user=user, clinic=clinic, detail=detail)
    return wording


def _may_be_asked(episode: Episode, wording: QuestionnaireWording) -> None:
    not_archived(episode.patient)
    red_flags_asked(episode)
    if wording.definition is None or wording.clinic_id != episode.patient.clinic_id:
        raise ValidationError(
            _("This text was made for another version of the questionnaire."), code="version"
        )


@transaction.atomic
def hand_over(*, user: User, episode: Episode, wording: QuestionnaireWording) -> Assessment:
    """The assessment that the patient fills in on a tablet: one of today that they began, else a new one."""
    _may_be_asked(episode, wording)
    begun = Assessment.objects.of_episode(episode).filter(
        way=AnswerWay.TABLET, wording=wording, finished_at__isnull=True
    )
    time_zone = episode.patient.clinic.time_zone
    today = day_in(timezone.now(), time_zone)
    found = next((one for one in begun if day_in(one.at, time_zone) == today), None)
    return found or _begin(episode, wording, by=user, way=AnswerWay.TABLET, signed_by=user)


@transaction.atomic
def send_questionnaire(
    *, user: User, episode: Episode, wording: QuestionnaireWording, days: int = USUAL_DAYS
) -> tuple[PatientLink, str]:
    """A link by which the patient answers without an account, and its secret, told this once."""
    _may_be_asked(episode, wording)
    return make_link(
        user=user, episode=episode, purpose=LinkPurpose.QUESTIONNAIRE, subject=str(wording.pk), days=days
    )


def _begin(
    episode: Episode,
    wording: QuestionnaireWording,
    *,
    by: User,
    way: AnswerWay,
    signed_by: User | None,
    link: PatientLink | None = None,
) -> Assessment:
    """An empty assessment: of today's visit where that has none of this scale yet, else of the episode by itself."""
    visit = _visit_of_today(episode, wording)
    made = Assessment(
        visit=visit,
        episode=None if visit is not None else episode,
        begun_at=None if visit is not None else timezone.now(),
        scale=wording.scale,
        scale_version=wording.scale_version,
        wording=wording,
        way=way,
        link=link,
        by=by,
    )
    scale = wording.definition
    assert scale is not None
    return keep_answers(assessment=made, user=signed_by, scale=scale, answers={})


def _visit_of_today(episode: Episode, wording: QuestionnaireWording) -> Visit | None:
    time_zone = episode.patient.clinic.time_zone
    today = day_in(timezone.now(), time_zone)
    visits = Visit.objects.filter(episode=episode, archived_at__isnull=True).order_by("-at")
    for visit in visits.select_related("patient", "episode__patient")[:5]:
        taken = Assessment.objects.filter(
            visit=visit, scale=wording.scale, scale_version=wording.scale_version
        )
        if day_in(visit.at, time_zone) == today and not taken.exists():
            return visit
    return None


def assessment_by_link(*, link: PatientLink, wording: QuestionnaireWording) -> Assessment:
    """What the patient answered by that link so far; begun where nothing was."""
    with transaction.atomic():
        PatientLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        found = Assessment.objects.filter(link=link).select_related("visit").first()
        if found is not None:
            return found
        return _begin(link.episode, wording, by=link.made_by, way=AnswerWay.LINK, signed_by=None, link=link)


@transaction.atomic
def answer_as_patient(*, assessment: Assessment, answers: Mapping[str, Any]) -> Assessment:
    """Keep what the patient answered; ValidationError once it was handed in, and of what is no answer."""
    scale = _open_to_patient(assessment)
    try:
        scale.check(answers)
    except WrongAnswers as error:
        raise ValidationError(_("This is none of the answers."), code="invalid") from error
    if all(assessment.answers.get(code) == value for code, value in answers.items()):
        return assessment
    return keep_answers(assessment=assessment, user=None, scale=scale, answers=answers)


@transaction.atomic
def hand_in(*, assessment: Assessment) -> Assessment:
    """The patient is done. What they left out stays missing, and the total with it."""
    _open_to_patient(assessment)
    assessment.finished_at = timezone.now()
    save(assessment, user=None)
    if assessment.link is not None:
        use_link(link=assessment.link)
    return assessment


def _open_to_patient(assessment: Assessment) -> Scale:
    lock(assessment)
    not_archived(assessment.patient)
    if assessment.is_finished or not assessment.is_patients_own:
        raise ValidationError(_("These answers were handed in."), code="finished")
    scale = assessment.definition
    if scale is None:
        raise ValidationError(
            _("This assessment was made with another version of the scale and stays as it is."),
            code="version",
        )
    return scale

"""What is read about questionnaires: the clinic's wordings, and what a patient was asked by."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clinic.patients.models import PatientLink

from .models import Assessment
from .models_of_wordings import QuestionnaireWording, QuestionnaireWordingQuerySet
from .scales import SCALES, Rater, Scale

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import Clinic, User

QUESTIONNAIRES = tuple(one for one in SCALES if one.rater == Rater.PATIENT)
"""The scales that patients answer."""
BY_CODE = {one.code: one for one in QUESTIONNAIRES}


def visible_wordings(*, user: User | AnonymousUser) -> QuestionnaireWordingQuerySet:
    """The wordings of the user's clinics."""
    return QuestionnaireWording.objects.visible_to(user).select_related("by")


def current_wordings(*, clinic: Clinic) -> list[QuestionnaireWording]:
    """The newest of each questionnaire and language that fits the scale as it is now."""
    found: dict[tuple[str, str], QuestionnaireWording] = {}
    for one in QuestionnaireWording.objects.filter(clinic=clinic).select_related("by"):
        if one.definition is not None:
            found.setdefault((one.scale, one.language), one)
    return list(found.values())


def wording_of_link(*, link: PatientLink) -> QuestionnaireWording | None:
    """By what the link asks."""
    found = QuestionnaireWording.objects.filter(
        pk=uuid.UUID(link.subject), clinic=link.episode.patient.clinic
    )
    return found.first()


def answering(*, pk: uuid.UUID) -> Assessment | None:
    """An assessment that its patient is answering, or has handed in; callers know that it is this patient's."""
    return (
        Assessment.objects.filter(pk=pk)
        .select_related(
            "wording", "link", "visit__patient__clinic", "visit__episode", "episode__patient__clinic"
        )
        .first()
    )


@dataclass(frozen=True, slots=True)
class AskedAnswer:
    """An answer to choose. value: as the scale has it."""

    value: Any
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as the clinic's wording asks it."""

    number: int
    code: str
    text: str
    answers: tuple[AskedAnswer, ...]

    @property
    def field(self) -> str:
        """Its name in a form."""
        return f"item-{self.code}"

    @property
    def is_answered(self) -> bool:
        """Whether one of its answers is chosen."""
        return any(one.chosen for one in self.answers)


def asked(*, wording: QuestionnaireWording, scale: Scale, answers: dict[str, Any]) -> list[AskedQuestion]:
    """The questions in their order, with what was chosen."""
    return [
        AskedQuestion(
            number,
            item.code,
            wording.text_of(item.code),
            tuple(
                AskedAnswer(choice.value, text, answers.get(item.code) == choice.value)
                for choice, text in zip(item.choices, wording.answers_of(item.code), strict=True)
            ),
        )
        for number, item in enumerate(scale.items, 1)
    ]

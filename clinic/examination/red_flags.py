"""Red flags of a facial palsy: what is asked of a person, never inferred from a photo, and where an answer sends the
patient.

Plain data and arithmetic. Sources: Baugh et al., Clinical practice guideline: Bell's palsy, Otolaryngol Head Neck Surg
2013;149(3 Suppl):S1-27 (new or worsening neurological findings at any point, ocular symptoms at any point, no recovery:
refer); for central palsy, Ramsay Hunt syndrome, both sides, tumour, ear and childhood: the differential diagnoses of
emergency medicine, where a spared forehead or signs of arm, leg, speech, sight or gait go the way of a stroke at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

VERSION: Final = "1"
STROKE: Final = "stroke"
"""The cause of an episode, and where answers may point."""


class RedFlagAnswer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


ANSWERS: Final = {
    RedFlagAnswer.YES: pgettext_lazy("red flag", "Yes"),
    RedFlagAnswer.NO: pgettext_lazy("red flag", "No"),
    RedFlagAnswer.UNKNOWN: pgettext_lazy("red flag", "Not known"),
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a patient is sent, and why. urgent: today at the latest."""

    code: str
    action: str | Promise
    why: str | Promise
    urgent: bool


DESTINATIONS: Final = {
    one.code: one
    for one in (
        Destination(
            STROKE,
            _("Call the emergency service: to a hospital that treats strokes, now"),
            _("May be a stroke. Note when the patient was last seen well."),
            urgent=True,
        ),
        Destination("neurology", _("To neurology"), _("New or worsening neurological signs."), urgent=True),
        Destination(
            "ear",
            _("To ear, nose and throat, today"),
            _("May be Ramsay Hunt syndrome: antiviral and steroid treatment is a matter of days."),
            urgent=True,
        ),
        Destination(
            "both_sides",
            _("To neurology: both sides"),
            _("May be Lyme disease or Guillain-Barré syndrome."),
            urgent=True,
        ),
        Destination(
            "tumour",
            _("For imaging, and to ear, nose and throat"),
            _("A tumour of the parotid gland or along the nerve has to be ruled out."),
            urgent=False,
        ),
        Destination(
            "ear_or_child",
            _("To ear, nose and throat; a child to paediatrics"),
            _("Infection, injury, high blood pressure or bleeding may be the cause."),
            urgent=True,
        ),
        Destination(
            "eye",
            _("To an eye doctor, today"),
            _("The cornea may be drying out. Protect the eye meanwhile; no eye patch."),
            urgent=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class RedFlagQuestion:
    """What is asked. to: the code of the destination of a yes. certain: whether it must be answered by yes or no.
    of_stroke: whether it is asked where a stroke is the known cause: what came with that one is no news."""

    code: str
    text: str | Promise
    to: str
    certain: bool = False
    of_stroke: bool = True

    @property
    def answers(self) -> tuple[RedFlagAnswer, ...]:
        """The answers that can be given."""
        return (RedFlagAnswer.YES, RedFlagAnswer.NO) if self.certain else tuple(RedFlagAnswer)


_QUESTIONS: Final = (
    RedFlagQuestion(
        "other_neurology",
        _(
            "Weakness or numbness of an arm or leg, or trouble with speech, swallowing, sight, balance or walking?"
        ),
        STROKE,
        certain=True,
        of_stroke=False,
    ),
    RedFlagQuestion(
        "forehead_spared",
        _("Does the forehead of the weak side move: do both brows go up, and did they at its worst?"),
        STROKE,
        certain=True,
        of_stroke=False,
    ),
    RedFlagQuestion(
        "worsening", _("New or worsening neurological signs since it began?"), "neurology", certain=True
    ),
    RedFlagQuestion("eye", _("Is the eye painful or red, sensitive to light, or is sight blurred?"), "eye"),
    RedFlagQuestion(
        "ear",
        _("Blisters in or around the ear, strong earache, loss of hearing, or vertigo?"),
        "ear",
        of_stroke=False,
    ),
    RedFlagQuestion("both_sides", _("Are both sides of the face weak?"), "both_sides", of_stroke=False),
    RedFlagQuestion(
        "slow_or_partial",
        _(
            "Did it come on over more than three weeks, or does it get worse and worse; is one branch alone weak?"
        ),
        "tumour",
        of_stroke=False,
    ),
    RedFlagQuestion(
        "mass_or_again",
        _("A lump in front of the ear or in the neck, or a palsy of this side before?"),
        "tumour",
        of_stroke=False,
    ),
    RedFlagQuestion(
        "ear_or_child",
        _("Infection of the middle ear or injury of the head; in a child high blood pressure or bruises?"),
        "ear_or_child",
        of_stroke=False,
    ),
)


class Unanswered(ValueError):
    """Questions without an answer that they can have; their codes."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


def questions(*, cause: str) -> tuple[RedFlagQuestion, ...]:
    """What is asked of an episode of that cause, in this order."""
    return tuple(one for one in _QUESTIONS if one.of_stroke or cause != STROKE)


def check(answers: Mapping[str, str], *, cause: str) -> dict[str, str]:
    """The answers to the questions of that cause, and nothing else. Unanswered where one is missing: no answer is never
    a no."""
    asked = questions(cause=cause)
    if missing := [one.code for one in asked if answers.get(one.code) not in one.answers]:
        raise Unanswered(missing)
    return {one.code: str(answers[one.code]) for one in asked}


def sent_to(answers: Mapping[str, str], *, cause: str) -> tuple[str, ...]:
    """The codes of where these answers send the patient, a stroke first. With a stroke as the known cause, whatever is
    new points to another one."""
    found = {one.to for one in questions(cause=cause) if answers.get(one.code) == RedFlagAnswer.YES}
    if cause == STROKE and "neurology" in found:
        found = (found - {"neurology"}) | {STROKE}
    return tuple(code for code in DESTINATIONS if code in found)

"""What is read of red flags that were asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise

from . import red_flags
from .models import RedFlagScreening

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.patients.models import Episode

    from .models import RedFlagScreeningQuerySet


@dataclass(frozen=True, slots=True)
class ScreeningInWords:
    """Answers to red flags: where they send the patient, and each question with its answer."""

    screening: RedFlagScreening
    sent_to: tuple[red_flags.Destination, ...]
    answers: tuple[tuple[str | Promise, str | Promise], ...]


def visible_screenings(*, user: User) -> RedFlagScreeningQuerySet:
    """Those of the user's clinics, with what is told beside them."""
    return RedFlagScreening.objects.visible_to(user).select_related("by", "episode__patient")


def screenings_of(*, episode: Episode) -> list[ScreeningInWords]:
    """How an episode's red flags were answered, the newest first."""
    rows = RedFlagScreening.objects.filter(episode=episode).select_related("by")
    return [in_words(row) for row in rows]


def in_words(row: RedFlagScreening) -> ScreeningInWords:
    """The same answers in the reader's language."""
    return ScreeningInWords(
        screening=row,
        sent_to=tuple(red_flags.DESTINATIONS[code] for code in row.sent_to),
        answers=tuple(
            (one.text, red_flags.ANSWERS[red_flags.RedFlagAnswer(row.answers[one.code])])
            for one in red_flags.questions(cause=row.cause)
            if one.code in row.answers
        ),
    )

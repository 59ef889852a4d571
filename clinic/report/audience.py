"""For whom a report is, and what was chosen for it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    PATIENT = "patient", _("For the patient, one page")
    REFERRER = "referrer", _("Letter to the referrer")


LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
"""In which a report can be written."""
_OF_NAMES = {
    "id": ("indones", "bahasa"),
    "en": ("engl", "inggris"),
}
"""How a patient's languages are written in a record, by the beginning of a word."""


@dataclass(frozen=True, slots=True)
class ReportChoice:
    """What a report is to be. until: a visit of the episode, at which the report ends; photos: with photos."""

    audience: Audience
    language: str
    day: dt.date
    until: uuid.UUID | None = None
    photos: bool = False


def language_of(spoken: str, *, otherwise: str) -> str:
    """The language of a patient's own copy. spoken: the languages on record, the first that we write counts."""
    for word in spoken.lower().replace(";", ",").split(","):
        for code, beginnings in _OF_NAMES.items():
            if word.strip().startswith(beginnings) or word.strip() == code:
                return code
    return otherwise

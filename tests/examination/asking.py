"""A patient who is asked by a questionnaire, and the browser of a stranger who has the link."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.examination import services_questionnaires as services
from clinic.examination.scales import BY_CODE
from clinic.patients.models import Episode, Patient
from tests import factories

from .answers import answers_for

SAQ = BY_CODE["saq"]
WHOLE = answers_for(SAQ, 2)


def seen_long_ago(patient: Patient) -> Episode:
    """An episode of that patient, who is known to be born on 5 March 1970; the last visit was 40 days ago."""
    patient.birth_date, patient.birth_precision = dt.date(1970, 3, 5), "day"
    patient.save()
    now = timezone.now()
    found = factories.EpisodeFactory(patient=patient, onset_date=now.date() - dt.timedelta(days=60))
    factories.VisitFactory(episode=found, at=now - dt.timedelta(days=40))
    return found


def sent(clinician: Any, episode: Episode, wording: Any) -> Any:
    """A link, and its secret."""
    return services.send_questionnaire(user=clinician, episode=episode, wording=wording)


def opened(secret: str) -> Client:
    """A browser that opened the link."""
    stranger = Client()
    assert stranger.post(reverse("answering:open"), {"secret": secret}).status_code == 302
    return stranger


def proven(secret: str) -> Client:
    """A browser that opened the link and gave the birth date."""
    stranger = opened(secret)
    born = {"day": "5", "month": "3", "year": "1970"}
    assert stranger.post(reverse("answering:questions"), born).status_code == 302
    return stranger


def fields(answers: dict[str, Any]) -> dict[str, str]:
    """Answers as the form sends them."""
    return {f"item-{code}": str(value) for code, value in answers.items()}

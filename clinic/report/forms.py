"""What is chosen for a report, as pages and programs send it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clinic.patients.models import Episode

from .audience import LANGUAGES, Audience, ReportChoice, language_of


class ReportForm(forms.Form):
    """For whom, in which language, with photos or without, and until which visit of the episode."""

    audience = forms.ChoiceField(choices=Audience.choices, required=False)
    language = forms.ChoiceField(choices=[(code, code) for code in LANGUAGES], required=False)
    photos = forms.BooleanField(required=False)
    visit = forms.UUIDField(required=False)

    def __init__(self, data: Any, *, episode: Episode, day: dt.date) -> None:
        super().__init__(data)
        self._episode, self._day = episode, day

    def clean_visit(self) -> Any:
        """One that counts in the episode's course."""
        wanted = self.cleaned_data["visit"]
        current = self._episode.visits.filter(archived_at__isnull=True)
        if wanted is not None and not current.filter(pk=wanted).exists():
            raise forms.ValidationError(_("The episode has no such visit."), code="does_not_exist")
        return wanted

    def choice(self) -> ReportChoice:
        """What was chosen; the letter, in the reader's language, where nothing was. The patient's copy is in a language
        that the patient speaks, unless another was asked for."""
        given = self.cleaned_data
        audience = Audience(given["audience"] or Audience.REFERRER)
        own = get_language() or LANGUAGES[0]
        if audience == Audience.PATIENT:
            own = language_of(self._episode.patient.languages, otherwise=own)
        return ReportChoice(
            audience=audience,
            language=given["language"] or own,
            day=self._day,
            until=given["visit"],
            photos=given["photos"],
        )

"""What a clinician types about a home programme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.common.forms import ControlsOfThePage, EditForm
from clinic.patients.forms import DayField
from clinic.patients.services_links import LONGEST_DAYS
from clinic.visits.exercises import Step

from . import doses


class DoseGrid(ControlsOfThePage):
    """Three numbers for each exercise: `doses-STEP-times` and so on."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, Any]]:
        """What was typed, as text, of the exercises of which anything was."""
        found = []
        for step in doses.PRACTISED:
            typed = {key: str(data.get(f"{name}-{step.value}-{key}") or "").strip() for key in doses.BOUNDS}
            if any(typed.values()):
                found.append({"step": step.value, **typed})
        return found


class DosesField(forms.Field):
    """Doses as a programme keeps them; what was typed must be whole numbers, which the service's rule says."""

    widget = DoseGrid

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """The rows with their numbers; what is none stays as typed, for the rule to name its exercise."""
        rows = [
            {"step": row["step"]} | {key: _number(row[key]) for key in doses.BOUNDS} for row in value or []
        ]
        return doses.check(rows)


def _number(typed: str) -> Any:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else typed


@dataclass(frozen=True, slots=True)
class DoseCell:
    """The control of one number of an exercise's dose."""

    name: str
    label: Any
    least: int
    most: int
    value: str


@dataclass(frozen=True, slots=True)
class DoseRow:
    """An exercise with its controls; chosen: whether anything of it is typed."""

    step: Step
    cells: tuple[DoseCell, ...]

    @property
    def chosen(self) -> bool:
        return any(cell.value for cell in self.cells)


class WordsForm(EditForm, forms.Form):
    """What is said of a programme beside its exercises."""

    message = forms.CharField(
        label=_("Message to the patient"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands above the exercises on the patient's phone. No diagnosis, no name."),
    )
    mirrored = forms.BooleanField(label=_("Live picture as in a mirror"), required=False, initial=True)
    wants_photos = forms.BooleanField(
        label=_("Ask for photos"),
        required=False,
        initial=True,
        help_text=_("They come into a visit of that day, marked as sent from home, and wait for your look."),
    )


class ProgrammeForm(WordsForm):
    """A programme that starts: exercises with their doses as well."""

    starts_on = DayField(label=_("First day"))
    per_week = forms.IntegerField(
        label=_("Days a week"),
        min_value=1,
        max_value=7,
        initial=7,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    doses = DosesField(label=_("Exercises"), initial=list)
    field_order = ("starts_on", "per_week", "doses", "message", "mirrored", "wants_photos")

    @property
    def grid(self) -> list[DoseRow]:
        """Every exercise with what is typed of it."""
        held = {row["step"]: row for row in self["doses"].value() or []}
        return [
            DoseRow(
                step,
                tuple(
                    DoseCell(
                        f"{self['doses'].html_name}-{step.value}-{key}",
                        bound.name,
                        bound.least,
                        bound.most,
                        str(held.get(step.value, {}).get(key, "")),
                    )
                    for key, bound in doses.BOUNDS.items()
                ),
            )
            for step in doses.PRACTISED
        ]


class LinkForm(forms.Form):
    """For how many days a link works."""

    days = forms.IntegerField(required=False, min_value=1, max_value=LONGEST_DAYS)

    @property
    def given(self) -> dict[str, int]:
        """What was typed, if it was and is right."""
        days = self.cleaned_data.get("days") if self.is_valid() else None
        return {} if days is None else {"days": days}

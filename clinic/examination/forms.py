"""What people type about tasks."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.common.forms import EditForm

from . import red_flags, selectors
from .models import Outcome, TaskKind


class FutureDay(forms.DateInput):
    """A date from the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PlanForm(EditForm, forms.Form):
    """Who looks after a task, how, and when it is looked at next."""

    owner: forms.ModelChoiceField = forms.ModelChoiceField(
        label=_("Who looks after it"), queryset=None, required=False, empty_label=_("Nobody yet")
    )
    plan = forms.CharField(
        label=_("Plan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is done until the next check."),
    )
    next_check = forms.DateField(
        label=_("Next check"), required=False, widget=FutureDay, input_formats=["%Y-%m-%d", "%d/%m/%Y"]
    )

    def __init__(self, *args: Any, clinic_id: uuid.UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = selectors.may_own(clinic_id=clinic_id)


class TaskForm(PlanForm):
    """A task that a person raises."""

    kind = forms.ChoiceField(label=_("What is it about?"), choices=TaskKind.choices, widget=forms.RadioSelect)
    field_order = ("kind", "plan", "owner", "next_check")


class RedFlagsForm(forms.Form):
    """The questions for an episode of one cause. Each is answered by itself: there is no answer for all at once."""

    def __init__(self, *args: Any, cause: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in red_flags.questions(cause=cause):
            self.fields[question.code] = forms.ChoiceField(
                label=str(question.text),
                choices=[(one.value, red_flags.ANSWERS[one]) for one in question.answers],
                widget=forms.RadioSelect,
            )
        self.fields["note"] = forms.CharField(
            label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2})
        )

    @property
    def answers(self) -> dict[str, str]:
        """Question to answer, of what was typed and taken."""
        return {name: given for name, given in self.cleaned_data.items() if name != "note"}


class CloseForm(forms.Form):
    """Why a task is closed."""

    outcome = forms.ChoiceField(
        label=_("Why is it closed?"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("In words"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class SettleForm(CloseForm):
    """Why nobody has to look after a milestone any more. It was counted, not raised by mistake."""

    outcome = forms.ChoiceField(
        label=_("Why is it settled?"),
        choices=[one for one in Outcome.choices if one[0] != Outcome.MISTAKEN],
        widget=forms.RadioSelect,
    )

"""What people type when a patient makes use of a right."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.patients.forms import DayField
from clinic.patients.models import CorrectionState, RestrictionGround

REASON = 200


class ReasonForm(forms.Form):
    """One line that says why. It stays with the record, and the log keeps it where access is unusual."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("In one line, without names."),
    )


class RestrictForm(ReasonForm):
    ground = forms.ChoiceField(
        label=_("Why is it restricted?"),
        choices=[choice for choice in RestrictionGround.choices if choice[0] != RestrictionGround.ERASURE],
        widget=forms.RadioSelect,
    )
    field_order = ("ground", "reason")


class EraseForm(ReasonForm):
    understood = forms.BooleanField(
        label=_("I have read what is destroyed now and what is kept until when."),
        error_messages={"required": _("Please read it first: what is destroyed can't be brought back.")},
    )


class CorrectionForm(forms.Form):
    received_on = DayField(label=_("Received on"))
    disputed = forms.CharField(
        label=_("What does the patient say is wrong?"), widget=forms.Textarea(attrs={"rows": 4})
    )


class DecisionForm(forms.Form):
    state = forms.ChoiceField(
        label=_("What became of the request?"),
        choices=[choice for choice in CorrectionState.choices if choice[0] != CorrectionState.OPEN],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("What was decided, and why"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("If something was corrected, say what; the log keeps what stood there before."),
    )
    statement = forms.CharField(
        label=_("The patient's statement"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "In the patient's words, where nothing is changed. It is shown on the record from now on."
        ),
    )

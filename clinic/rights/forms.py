"""What people type when a patient makes use of a right, and what an administrator asks of the log."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from clinic.audit.log import Search, read_place
from clinic.audit.models import Event
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


class SearchForm(forms.Form):
    """The filters. A patient is named by the record number, which is sent and never stands in an address."""

    person = forms.TypedChoiceField(label=_("Person"), required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(label=_("What"), required=False, choices=[("", _("Everything")), *Event.choices])
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    record_number = forms.CharField(
        label=_("Record number"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["person"]).choices = [("", _("Everybody")), *people]

    def search(self, *, patient: uuid.UUID | None, before: tuple[dt.datetime, int] | None = None) -> Search:
        """The search of a valid form."""
        data = self.cleaned_data
        return Search(
            person=data.get("person"),
            patient=patient,
            kind=data.get("kind") or "",
            since=data.get("since"),
            until=data.get("until"),
            before=before,
        )


class AddressForm(forms.Form):
    """What only the address of a search holds: whose log it is, and where the page goes on."""

    patient = forms.UUIDField(required=False)
    before = forms.CharField(required=False)

    def clean_before(self) -> tuple[dt.datetime, int] | None:
        """The place in the log."""
        text: str = self.cleaned_data["before"]
        place = read_place(text) if text else None
        if text and place is None:
            raise forms.ValidationError("no place in the log", code="invalid")
        return place

    def is_known(self, form: SearchForm) -> bool:
        """Whether the address holds no other words than the two forms', each of them once and with a value."""
        known = {*self.fields, *form.fields} - {"record_number"}
        return all(
            name in known and len(values) == 1 and values[0]
            for name, values in cast(QueryDict, self.data).lists()
        )

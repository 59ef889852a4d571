"""What an administrator asks of the log."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from .log import Search, read_place
from .models import Event


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

"""What an administrator asks of the log."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
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
        self.fields["person"].choices = [("", _("Everybody")), *people]  # type: ignore[attr-defined]

    def search(self, *, patient: uuid.UUID | None, before: str = "") -> Search:
        """The search that was typed; what makes no sense is left out."""
        self.is_valid()
        data = self.cleaned_data
        return Search(
            person=data.get("person"),
            patient=patient,
            kind=data.get("kind") or "",
            since=data.get("since"),
            until=data.get("until"),
            before=read_place(before),
        )

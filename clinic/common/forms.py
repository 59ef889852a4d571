"""How a form hands what was typed to a service, and shows what the service refuses.

A form that changes a record on file mixes in `EditForm`, so that two people who have it open lose nothing:

    class PatientForm(EditForm, forms.Form): ...
    form = PatientForm(request.POST or None, record=patient)
    data = form.cleaned_data if form.is_valid() else {}
    if submit(form, services.update_patient, user=request.user, patient=patient, **data): ...

`submit` hands the version that the form was shown for to the service as `based_on` (`clinic.common.versions`), and puts
what others saved meanwhile beside the fields. A template that names its fields one by one adds
`{% for field in form.hidden_fields %}{{ field }}{% endfor %}`: without the version nothing is saved.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .merging import both
from .moments import MomentField
from .versions import Basis, Conflict, FieldConflict, base_value, history_of, plain, tidy

if TYPE_CHECKING:
    from django.forms import BaseForm

MINE, THEIRS, BOTH = "mine", "theirs", "both"
CARRIED = ("version", "originals", "theirs")
"""The hidden fields of an EditForm; they belong to no record."""


def submit(form: BaseForm, service: Callable[..., Any], **arguments: Any) -> Any:
    """What the service answers, or None with the form's errors set, to be shown again as it was typed."""
    if not form.is_valid():
        return None
    if isinstance(form, EditForm) and form.record is not None:
        arguments["based_on"] = replace(form.based_on, by=arguments.get("user"))
    try:
        return service(**arguments)
    except Conflict as conflict:
        if isinstance(form, EditForm):
            form.show_conflict(conflict)
        add_errors(form, conflict)
    except ValidationError as error:
        add_errors(form, error)
    return None


def add_errors(form: BaseForm, error: ValidationError) -> None:
    """Put each error beside its field, and those of fields that the form lacks above it."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(None if name == NON_FIELD_ERRORS or name not in form.fields else name, errors)


class _Hidden(forms.HiddenInput):
    """Several forms of one page carry these fields: an identifier would stand there twice."""

    def __init__(self) -> None:
        super().__init__(attrs={"id": False})


class ControlsOfThePage(forms.Widget):
    """Many controls of one field that the page writes itself: a grid beside its drawing. It says how they are read."""

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Never: an empty grid says that there is nothing."""
        return False

    def format_value(self, value: Any) -> str:
        """Nothing that one control could hold."""
        return ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Nothing: the page does."""
        return SafeString()


class EditForm:
    """Mixed into a form, before its other bases; `record` is what it changes, None for a form that makes a new one."""

    data: Any
    fields: dict[str, Any]
    base_fields: dict[str, Any]
    cleaned_data: dict[str, Any]
    _errors: Any
    add_error: Callable[..., None]
    get_initial_for_field: Callable[[forms.Field, str], Any]
    touched_only = False
    """Whether what was not sent was not touched: of a form that saves itself as it is typed."""

    def __init__(self, *args: Any, record: Any = None, **kwargs: Any) -> None:
        record = record if record is not None else kwargs.get("instance")
        # A copy: validating a model form writes what was typed on the instance.
        self.record = copy.copy(record) if record is not None and not record._state.adding else None
        self._settled: dict[str, Any] = {}
        if self.record is not None and "instance" not in kwargs:
            kwargs["initial"] = {**values_of(self.record, type(self)), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, MomentField):
                field.shown = self.get_initial_for_field(field, name)
        if self.record is not None:
            self.fields["version"] = forms.IntegerField(
                min_value=1, initial=self.record.version, widget=_Hidden
            )
            self.fields["theirs"] = forms.JSONField(required=False, widget=_Hidden)
            if history_of(self.record) is None:
                before = values_of(self.record, type(self))
                self.fields["originals"] = forms.JSONField(
                    required=False, initial=before, widget=_Hidden, encoder=DjangoJSONEncoder
                )

    @property
    def based_on(self) -> Basis:
        """What was typed started from this."""
        return Basis(self._version, originals=self._originals, settled=self._settled)

    def full_clean(self) -> None:
        """Take the hidden fields out of what was typed, and what was decided about a conflict into it."""
        super().full_clean()
        if self.record is None or not hasattr(self, "cleaned_data"):
            return
        carried = {name: self.cleaned_data.pop(name, None) for name in CARRIED}
        wrong = [self._errors.pop(name) for name in CARRIED if name in self._errors]
        if wrong:
            said = _("This page doesn't say which version it shows. Load it again; nothing was saved.")
            self.add_error(None, ValidationError(said, code="no_version"))
            return
        self._version = carried["version"]
        self._originals = carried["originals"] if isinstance(carried["originals"], dict) else None
        if self.touched_only:
            self.cleaned_data = {
                name: self.cleaned_data[name] for name in self.cleaned_data if name in self.data
            }
        self._settle(carried["theirs"] if isinstance(carried["theirs"], dict) else {})
        self._round_moments()

    def _settle(self, shown: Mapping[str, Any]) -> None:
        """Carry out what the person chose for each field of which they were shown the other side's value."""
        assert self.record is not None
        for name, value in shown.items():
            choice = self.data.get(f"keep-{name}")
            if name not in self.fields or choice not in (MINE, THEIRS, BOTH):
                continue
            column = self.record._meta.get_field(name)
            self._settled[name] = value
            if choice == MINE:
                continue
            if choice == BOTH:
                base = base_value(self.record, Basis(self._version, originals=self._originals), name)
                mine = tidy(column, self.cleaned_data.get(name) or "")
                self.cleaned_data[name] = both(str(base or ""), mine, str(value))
            else:
                self.cleaned_data[name] = (
                    _record_of(column, value) if column.is_relation else column.to_python(value)
                )
            self._errors.pop(name, None)

    def _round_moments(self) -> None:
        """A moment is typed to the minute: as it was shown, it was not changed."""
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name)
            if isinstance(field, forms.DateTimeField) and isinstance(value, dt.datetime):
                was = base_value(self.record, Basis(self._version), name)
                if (
                    was is not None
                    and abs(was - value) < dt.timedelta(minutes=1)
                    and was.minute == value.minute
                ):
                    self.cleaned_data[name] = was

    def others(self, record: Any) -> list[ShownValue]:
        """What the page shows otherwise than the record, as it now is: others saved it meanwhile."""
        found = []
        for name in self.base_fields:
            was = base_value(record, Basis(self._version, originals=self._originals), name)
            column = record._meta.get_field(name)
            shown, now = self.cleaned_data.get(name, was), getattr(record, name)
            if plain(column, shown) != plain(column, now):
                found.append(ShownValue(name, self.fields[name], now))
        return found

    def show_conflict(self, conflict: Conflict) -> None:
        """Put what others saved beside each field that both sides changed, to be chosen from."""
        for one in conflict.fields:
            if one.name in self.fields:
                self.fields[one.name].conflict = ShownConflict(self.fields[one.name], one, conflict.version)
        theirs = {one.name: one.theirs for one in conflict.fields}
        self.data = self.data.copy()
        self.data["theirs"] = json.dumps({**self._settled, **theirs}, cls=DjangoJSONEncoder)


class ShownValue:
    """A value of a field in words, and as the field's control holds it."""

    def __init__(self, name: str, field: forms.Field, value: Any) -> None:
        self.name, self._field, self._value = name, field, value

    @property
    def label(self) -> str:
        return str(self._field.label)

    @property
    def words(self) -> str:
        value = self._value
        if hasattr(self._field, "in_words"):
            return self._field.in_words(value) or _("Not recorded")
        if value in (None, "") and not getattr(self._field, "choices", None):
            return _("Not recorded")
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        choices = getattr(self._field, "choices", None)
        if choices is not None:
            return next((str(label) for key, label in choices if str(key) == self.raw), _("Not recorded"))
        if isinstance(value, dt.datetime):
            return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
        if isinstance(value, dt.date):
            return formats.date_format(value, "DATE_FORMAT")
        return str(value)

    @property
    def raw(self) -> str:
        if isinstance(self._value, bool):
            return "on" if self._value else ""
        prepared = self._field.widget.format_value(self._field.prepare_value(self._value))
        if isinstance(prepared, list | tuple):
            prepared = prepared[0] if prepared else ""
        return "" if prepared is None else str(prepared)


class ShownConflict:
    """A conflict as `inc/conflict.html` shows it."""

    def __init__(self, field: forms.Field, conflict: FieldConflict, version: int) -> None:
        self.name, self.who, self.at, self.version = conflict.name, conflict.who, conflict.at, version
        self.label = str(field.label)
        values = {MINE: conflict.mine, THEIRS: conflict.theirs}
        if conflict.is_text:
            values[BOTH] = conflict.both
        self.options = {keep: ShownValue(conflict.name, field, value) for keep, value in values.items()}


def _record_of(column: Any, pk: Any) -> Any:
    """The record that a field's stored value points at; None if there is none."""
    return column.related_model._base_manager.filter(pk=pk).first() if pk else None


def values_of(record: Any, form: type[Any]) -> dict[str, Any]:
    """What the record holds for the form's fields."""
    return {name: getattr(record, name) for name in form.base_fields if hasattr(record, name)}

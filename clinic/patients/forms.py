"""What people type about patients. What must hold of it is said by the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.common import dates
from clinic.common.forms import EditForm
from clinic.common.spans import Precision

from . import rules
from .models import (
    BirthPrecision,
    Cause,
    ConsentManner,
    ConsentUse,
    Episode,
    Patient,
    Sex,
    WeakSide,
)

NO_SIDE = "none"


class Day(forms.DateInput):
    """A date from the browser's own calendar, not later than today."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, {"max": dates.today().isoformat(), **(attrs or {})})


class DayField(forms.DateField):
    widget = Day

    def __init__(self, **kwargs: Any) -> None:
        # Browsers send the first; the others are for those that leave the typing to the reader.
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"], **kwargs)


class SideField(forms.ChoiceField):
    """The weak side, which must be chosen, be it "none found"."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [*WeakSide.choices, (NO_SIDE, _("None found"))]
        super().__init__(
            choices=[choice for choice in choices if choice[0]],
            widget=forms.RadioSelect,
            help_text=_("The patient's own left or right."),
            **kwargs,
        )

    def prepare_value(self, value: Any) -> Any:
        return NO_SIDE if value == "" else value

    def clean(self, value: Any) -> str:
        side = super().clean(value)
        return "" if side == NO_SIDE else side


class PatientForm(EditForm, forms.Form):
    record_number = forms.CharField(
        label=_("Record number"),
        max_length=Patient._meta.get_field("record_number").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=Patient._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "words"}),
    )
    birth_date = DayField(label=_("Birth date"), required=False)
    birth_precision = forms.ChoiceField(
        label=_("How exactly it is known"),
        choices=BirthPrecision.choices,
        initial=BirthPrecision.DAY,
        required=False,
        help_text=_("Where the year alone is known, any day of it will do."),
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=Sex.choices, initial=Sex.UNKNOWN, required=False, widget=forms.RadioSelect
    )
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    languages = forms.CharField(
        label=_("Languages"), max_length=120, required=False, help_text=_("Separated by commas.")
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient

    def clean_birth_precision(self) -> str:
        return self.cleaned_data["birth_precision"] or BirthPrecision.DAY

    def clean_sex(self) -> str:
        return self.cleaned_data["sex"] or Sex.UNKNOWN

    def clean(self) -> dict[str, Any] | None:
        """Ask the records' own rules too, so that one look shows every mistake and not the first kind."""
        cleaned = super().clean()
        errors = rules.check_patient(self._typed())
        for name in errors.keys() & self.cleaned_data.keys():
            self.add_error(name, errors[name])
        return cleaned

    def _typed(self) -> Patient:
        """The patient as typed so far, never to be saved."""
        known = {name: self.cleaned_data.get(name) for name in ("record_number", "birth_date")}
        known["birth_precision"] = self.cleaned_data.get("birth_precision") or BirthPrecision.DAY
        return Patient(pk=self.patient.pk, clinic=self.patient.clinic, **known)


class EpisodeForm(EditForm, forms.Form):
    cause = forms.ChoiceField(label=_("Cause"), choices=Cause.choices, widget=forms.RadioSelect)
    weak_side = SideField(label=_("Weak side"))
    onset_date = DayField(
        label=_("Onset"),
        required=False,
        help_text=_("The first day of weakness. Recovery is counted from it."),
    )
    onset_precision = forms.ChoiceField(
        label=_("How exactly the onset is known"),
        choices=Precision.choices,
        initial=Precision.DAY,
        required=False,
        help_text=_("Where month or year alone are known, any day of it will do."),
    )
    notes = forms.CharField(label=_("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def clean_onset_precision(self) -> str:
        return self.cleaned_data["onset_precision"] or Precision.DAY

    def clean(self) -> dict[str, Any] | None:
        """A date is asked for, unless nobody knows it or it is that of birth."""
        cleaned = super().clean()
        given = self.cleaned_data
        if "onset_date" in given and given["onset_date"] is None and not self._needs_no_onset(given):
            self.add_error("onset_date", ValidationError(_("This field is required."), code="required"))
        return cleaned

    def _needs_no_onset(self, given: dict[str, Any]) -> bool:
        patient = getattr(self, "patient", None)
        born = given.get("birth_date") or (patient.birth_date if patient is not None else None)
        if given.get("onset_precision") == Precision.UNKNOWN:
            return True
        return given.get("cause") == Cause.CONGENITAL and born is not None


class RegisterForm(PatientForm, EpisodeForm):
    """A new patient and what brought them, in one go."""

    patient_fields = tuple(PatientForm.base_fields)
    episode_fields = tuple(EpisodeForm.base_fields)
    rest = ("phone", "email", "languages", "notes")

    @property
    def rest_fields(self) -> list[forms.BoundField]:
        """What can wait until another day."""
        return [self[name] for name in self.rest]

    @property
    def rest_open(self) -> bool:
        """Whether something that can wait was typed, or refused: then it isn't hidden."""
        return self.is_bound and any(self[name].errors or self[name].value() for name in self.rest)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        known = {name: self.cleaned_data.get(name) for name in ("onset_date", "onset_precision", "cause")}
        onset = Episode(**{name: value for name, value in known.items() if value})
        rules.settle_onset(onset, self._typed())
        for name, errors in rules.check_onset(onset, self._typed()).items():
            self.add_error(name, errors)
        return cleaned

    @property
    def person(self) -> str:
        """Whom the reader was asked about where the clinic has a likely duplicate."""
        return f"{self['name'].value()} {self['birth_date'].value()}"

    @property
    def confirmed_new(self) -> bool:
        """Whether the reader has looked at this person's likely duplicates and logs another all the same."""
        return self.data.get("not_the_same") == self.person

    def part(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What was typed for those fields."""
        return {name: self.cleaned_data[name] for name in names}


class ConsentForm(forms.Form):
    use = forms.ChoiceField(choices=ConsentUse.choices, widget=forms.HiddenInput)
    given_on = DayField(label=_("Given on"))
    manner = forms.ChoiceField(
        label=_("How"), required=False, choices=[("", _("Not recorded")), *ConsentManner.choices]
    )

    @classmethod
    def blank(cls, use: str) -> ConsentForm:
        """A form for one use, dated today; the record shows one for each use that lacks consent."""
        return cls(auto_id=f"id_{use}_%s", initial={"use": use, "given_on": dates.today()})

"""The form of a treatment: what is told of each kind, and the injections by muscle and side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.common.forms import ControlsOfThePage, EditForm

from .forms import DayField
from .treatment_details import OperatedSide, where
from .treatment_words import FacePoint, face_points, injection_words, units_words
from .treatments import (
    BOUNDS,
    DRUGS,
    GROUPS,
    MUSCLES,
    SIDES,
    Operation,
    ToxinProduct,
    TreatmentKind,
    kinds_with,
)

NOT_RECORDED = ("", gettext_lazy("Not recorded"))


class InjectionGrid(ControlsOfThePage):
    """A number of units for each muscle and side: `injections-MUSCLE-SIDE`."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, Any]]:
        """What was typed, as text, of the muscles and sides where anything was."""
        found = []
        for muscle in MUSCLES:
            for side in SIDES:
                typed = str(data.get(f"{name}-{muscle.code}-{side}") or "").strip()
                if typed:
                    found.append({"muscle": muscle.code, "side": side, "units": typed})
        return found


class InjectionsField(forms.Field):
    """Injections as the record holds them; what was typed must be numbers."""

    widget = InjectionGrid

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """The rows with their units as numbers; decimals with a point or a comma."""
        found, errors = [], []
        for row in value or []:
            try:
                units = float(str(row["units"]).replace(",", "."))
            except ValueError:
                units = math.nan
            if math.isfinite(units):
                found.append({**row, "units": units})
            else:
                said = _("%(where)s: type the units as a number.") % {"where": where(row)}
                errors.append(ValidationError(said, code="invalid"))
        if errors:
            raise ValidationError(errors)
        return found

    def in_words(self, value: Any) -> str:
        """Two versions of the injections, side by side, are read and not typed."""
        return "; ".join(injection_words(value or []))


@dataclass(frozen=True, slots=True)
class GridCell:
    """The control of one muscle and side: its name, what it holds, and the point of the drawing that it fills."""

    name: str
    key: str
    side: str | Promise
    value: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """A muscle with both sides' controls."""

    muscle: str | Promise
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Fields that belong together, each with the kinds that it is for."""

    title: str | Promise
    kinds: str
    fields: tuple[tuple[forms.BoundField, str], ...]
    has_injections: bool


class ShortNumber(forms.FloatField):
    """A number that needn't be told, shown with no more decimals than it has."""

    def prepare_value(self, value: Any) -> Any:
        """As the control holds it."""
        return f"{value:g}" if isinstance(value, float) else value


def _number(field: type[forms.IntegerField], name: str, **more: Any) -> forms.IntegerField:
    """A number that needn't be told. What is plausible is said by the record's own rule, for the API too."""
    keys, step = ("decimal", "any") if issubclass(field, forms.FloatField) else ("numeric", "1")
    bounds = {"min": f"{BOUNDS[name].least:g}", "max": f"{BOUNDS[name].most:g}", "step": step}
    return field(required=False, widget=forms.NumberInput(attrs={"inputmode": keys, **bounds}), **more)


class TreatmentForm(EditForm, forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("Treatment"), choices=TreatmentKind.choices, widget=forms.RadioSelect
    )
    date = DayField(label=gettext_lazy("Date"))
    drug = forms.CharField(
        label=gettext_lazy("Drug"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "drugs", "autocomplete": "off"}),
    )
    dose_mg = _number(ShortNumber, "dose_mg", label=gettext_lazy("Dose a day, mg"))
    days = _number(forms.IntegerField, "days", label=gettext_lazy("For how many days"))
    therapy = forms.CharField(
        label=gettext_lazy("What is done"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Mime therapy, mirror exercises, massage and stretching."),
    )
    per_week = _number(forms.IntegerField, "per_week", label=gettext_lazy("Times a week"))
    weeks = _number(forms.IntegerField, "weeks", label=gettext_lazy("For how many weeks"))
    product = forms.ChoiceField(
        label=gettext_lazy("Product"),
        choices=[NOT_RECORDED, *ToxinProduct.choices],
        required=False,
        help_text=gettext_lazy("Units of one product say nothing about those of another."),
    )
    injections = InjectionsField(label=gettext_lazy("Injections"), required=False, initial=list)
    operation = forms.ChoiceField(
        label=gettext_lazy("Operation"), choices=[NOT_RECORDED, *Operation.choices], required=False
    )
    weight_g = _number(ShortNumber, "weight_g", label=gettext_lazy("Weight, g"))
    side = forms.ChoiceField(
        label=gettext_lazy("Side"),
        choices=[NOT_RECORDED, *OperatedSide.choices],
        required=False,
        help_text=gettext_lazy("The patient's own left or right."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What matters later. Eye care and taping too."),
    )

    @property
    def groups(self) -> list[ShownGroup]:
        """What is told of each kind, group by group."""
        return [
            ShownGroup(
                group.title,
                " ".join(group.kinds),
                tuple(
                    (self[name], " ".join(kinds_with(name))) for name in group.names if name != "injections"
                ),
                "injections" in group.names,
            )
            for group in GROUPS
        ]

    @property
    def drugs(self) -> list[str]:
        """What is offered while a drug is typed."""
        return [drug for drugs in DRUGS.values() for drug in drugs]

    @property
    def typed(self) -> list[dict[str, Any]]:
        """The injections as the page shows them: typed, or on file."""
        return list(self["injections"].value() or [])

    @property
    def grid(self) -> list[GridRow]:
        """Every muscle with the units of both sides."""
        held = {(row["muscle"], row["side"]): row["units"] for row in self.typed}
        return [
            GridRow(
                muscle.name,
                tuple(
                    GridCell(
                        f"{self['injections'].html_name}-{muscle.code}-{side}",
                        f"{muscle.code}-{side}",
                        label,
                        _plain(held.get((muscle.code, side))),
                    )
                    for side, label in SIDES.items()
                ),
            )
            for muscle in MUSCLES
        ]

    @property
    def readable(self) -> list[dict[str, Any]]:
        """The injections that are shown, as far as they are numbers."""
        found = []
        for row in self.typed:
            try:
                units = float(str(row["units"]).replace(",", "."))
            except ValueError:
                continue
            if math.isfinite(units):
                found.append({**row, "units": units})
        return found

    @property
    def points(self) -> list[FacePoint]:
        """Every muscle in the drawing, with the units that are shown."""
        return face_points(self.readable, every=True)

    @property
    def total(self) -> str:
        """All units that are shown, in words; empty where there are none."""
        units = [row["units"] for row in self.readable]
        return units_words(math.fsum(units)) if units else ""


def _plain(units: Any) -> str:
    """A number as a control holds it: with a point, and no more decimals than it has."""
    return units if isinstance(units, str) else "" if units is None else f"{units:g}"

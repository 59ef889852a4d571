"""Treatments: what was done, and what is told of each kind."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.patients.models import Treatment
from clinic.patients.treatments import (
    BOUNDS,
    DETAILS,
    MUSCLE_CHOICES,
    SIDE_CHOICES,
    Operation,
    ToxinProduct,
    kinds_with,
)

from .fields import Address, BlankAsNull, RecordedBy
from .records import WEAK_SIDES


def _of(name: str, said: str) -> str:
    """A field's help: what it is, and of which kinds it is told."""
    return f"{said} Of {', '.join(f'`{kind}`' for kind in kinds_with(name))} alone."


def _figure(name: str, said: str) -> dict[str, Any]:
    """A number that needn't be told, within what is plausible."""
    bounds = BOUNDS[name]
    return {
        "allow_null": True,
        "required": False,
        "help_text": _of(name, f"{said}, {bounds.least:g} to {bounds.most:g}; null: not told."),
    }


class InjectionSerializer(serializers.Serializer[Any]):
    """Botulinum toxin of one muscle and side, in units of the treatment's product."""

    muscle = serializers.ChoiceField(choices=MUSCLE_CHOICES)
    side = serializers.ChoiceField(choices=SIDE_CHOICES, help_text="The patient's own.")
    units = serializers.FloatField(help_text="More than 0.")


class InjectionInput(InjectionSerializer):
    """Botulinum toxin of one muscle and side, as it is sent."""


class TreatmentChange(serializers.ModelSerializer[Treatment]):
    """What may be told of a treatment; what belongs to another kind is refused."""

    drug = serializers.CharField(
        max_length=60, allow_blank=True, required=False, help_text=_of("drug", "Its name.")
    )
    dose_mg = serializers.FloatField(**_figure("dose_mg", "Milligrams a day"))
    days = serializers.IntegerField(**_figure("days", "For how many days"))
    therapy = serializers.CharField(
        max_length=120, allow_blank=True, required=False, help_text=_of("therapy", "What is done.")
    )
    per_week = serializers.IntegerField(**_figure("per_week", "How often a week"))
    weeks = serializers.IntegerField(**_figure("weeks", "For how many weeks"))
    product = BlankAsNull(
        choices=ToxinProduct.choices,
        required=False,
        help_text=_of("product", "Units of one product say nothing about another's."),
    )
    injections: serializers.BaseSerializer[Any] = InjectionInput(
        many=True, required=False, help_text=_of("injections", "Each muscle and side once; replaces all.")
    )
    operation = BlankAsNull(
        choices=Operation.choices, required=False, help_text=_of("operation", "Which; the note says more.")
    )
    weight_g = serializers.FloatField(**_figure("weight_g", "Grams"))
    side = BlankAsNull(choices=WEAK_SIDES, required=False, help_text=_of("side", "The patient's own."))

    class Meta:
        model = Treatment
        fields = ["kind", "date", "note", *DETAILS]


class TreatmentInput(TreatmentChange):
    episode = serializers.UUIDField()

    class Meta(TreatmentChange.Meta):
        fields = ["episode", *TreatmentChange.Meta.fields]


class TreatmentSerializer(TreatmentChange):
    """What was done, on which day, and what is told of it."""

    url = Address("treatment-detail")
    episode = serializers.UUIDField(source="episode_id", read_only=True)
    injections = InjectionSerializer(many=True, help_text=_of("injections", "Each muscle and side once."))
    units = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="All injections together, in units of the product; null: none told. Never add up products.",
    )
    recorded_by = RecordedBy()

    class Meta(TreatmentChange.Meta):
        fields = [
            "id", "url", "episode", "kind", "date", "note", *DETAILS, "units", "recorded_by", "created_at",
            "archived_at", "version",
        ]  # fmt: skip

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """All of them as they are answered: none is taken."""
        fields = super().get_fields()
        for field in fields.values():
            field.read_only = True
        return fields

"""What became of others with the same palsy."""

from __future__ import annotations

from rest_framework import serializers

from clinic.recovery.reference import Reference, ReferenceFigure, Severity


class ReferenceFigureSerializer(serializers.Serializer[ReferenceFigure]):
    """What became of a hundred people of a published series; never what becomes of this one."""

    code = serializers.CharField()
    text = serializers.CharField(help_text="In the language of the request.")
    of_100 = serializers.IntegerField()
    months = serializers.IntegerField(allow_null=True, help_text="After how many; null: told in `text`.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name


class ReferenceSerializer(serializers.Serializer[Reference]):
    """Figures of others with the same cause and severity at first."""

    severity = serializers.ChoiceField(
        choices=[one.value for one in Severity],
        help_text="At first, by the worst grade of the first two weeks; unknown: nobody gave one then.",
    )
    figures = ReferenceFigureSerializer(many=True)

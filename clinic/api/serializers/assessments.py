"""Clinical scales, as they were answered in visits."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.examination.models import Assessment

from .fields import Address, PersonSerializer


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    """A clinical scale as it was answered in a visit; finished once `finished_at` is set.

    Compare two only where `scale` and `scale_version` are the same.
    """

    url = Address("assessment-detail")
    visit = serializers.UUIDField(source="visit_id", read_only=True)
    patient = serializers.UUIDField(source="visit.patient_id", read_only=True)
    answers = serializers.SerializerMethodField(help_text="Item to answer; only what is answered.")
    sub_scores = serializers.SerializerMethodField(
        help_text="Sub-score to figure; null where one of its items is missing."
    )
    total = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Null while an item is missing, and for a scale without a total: never pro-rated.",
    )
    missing = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Items without an answer."
    )
    by = PersonSerializer(read_only=True)

    class Meta:
        model = Assessment
        fields = [
            "id", "url", "visit", "patient", "scale", "scale_version", "answers", "sub_scores", "total", "missing",
            "by", "finished_at", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_answers(self, assessment: Assessment) -> Any:
        return assessment.answers

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_sub_scores(self, assessment: Assessment) -> Any:
        return assessment.sub_scores

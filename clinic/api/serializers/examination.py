"""Tasks: what has to be looked after in a patient."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.examination import sentences
from clinic.examination.milestones import MilestoneCode
from clinic.examination.models import Outcome, Task

from .fields import Address, BlankAsNull, PersonSerializer


class GapSerializer(serializers.Serializer[Any]):
    """How far one eye stays open in one photo of closed eyes."""

    visit = serializers.UUIDField(read_only=True)
    photo = serializers.UUIDField(read_only=True)
    release = serializers.CharField(read_only=True, help_text="The model release that measured it.")
    at = serializers.DateTimeField(read_only=True, help_text="When the visit was.")
    exercise = serializers.CharField(read_only=True)
    side = serializers.CharField(read_only=True, help_text="The patient's own side.")
    mm = serializers.FloatField(read_only=True, help_text="Height of the gap between the lids, mm.")
    limit_mm = serializers.FloatField(
        read_only=True, help_text="What a healthy closed eye reads, and the error of one reading, mm."
    )


class TaskSerializer(serializers.ModelSerializer[Task]):
    """Open while `closed_at` is null. Raised by a person, or by a model release from an analysis."""

    url = Address("task-detail")
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    episode = serializers.UUIDField(source="episode_id", read_only=True)
    sentence = serializers.SerializerMethodField(help_text="What it is about, in words.")
    raised_by = PersonSerializer(read_only=True, allow_null=True)
    analysis = serializers.UUIDField(source="analysis_id", read_only=True, allow_null=True)
    gaps = serializers.SerializerMethodField(
        help_text="Of an eye that stays open: what was measured, oldest first."
    )
    owner = PersonSerializer(read_only=True, allow_null=True)
    milestone = BlankAsNull(
        choices=[(one.value, one.value) for one in MilestoneCode],
        read_only=True,
        help_text="Which look after a treatment or an onset a person took up or settled; null: none.",
    )
    treatment = serializers.UUIDField(
        source="treatment_id",
        read_only=True,
        allow_null=True,
        help_text="Of a recall: after which treatment.",
    )
    closed_by = PersonSerializer(read_only=True, allow_null=True)
    outcome = BlankAsNull(choices=Outcome.choices, read_only=True)

    class Meta:
        model = Task
        fields = [
            "id", "url", "patient", "episode", "kind", "sentence", "gaps", "raised_by", "release", "analysis",
            "milestone", "treatment", "owner", "plan", "next_check", "opened_at", "times_reopened", "closed_at",
            "closed_by", "outcome", "reason", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_sentence(self, task: Task) -> str:
        return sentences.sentence(task)

    @extend_schema_field(GapSerializer(many=True))
    def get_gaps(self, task: Task) -> Any:
        return GapSerializer(sentences.gaps(task), many=True).data


class TaskClosing(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=Outcome.choices, help_text="Why it is closed.")
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=4000, help_text="The same in words."
    )

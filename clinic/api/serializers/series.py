"""The series of photos of a visit, and the protocols with which visits begin."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinic.visits import exercises
from clinic.visits.models import SkippedExercise, SkipReason
from clinic.visits.protocols import CaptureProtocol
from clinic.visits.series import Series, SeriesPlace

from .fields import PersonSerializer

STATES = [("taken", "taken"), ("skipped", "skipped"), ("missing", "missing")]


class ProtocolSerializer(serializers.Serializer[Any]):
    """An ordered list of exercises. It never changes: another list has another key."""

    key = serializers.CharField(help_text="As visits and clinics name it.")
    name = serializers.CharField()
    version = serializers.IntegerField()
    about = serializers.CharField()
    exercises = serializers.SerializerMethodField(
        help_text="Codes, in the order in which they are asked for."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_exercises(self, protocol: CaptureProtocol) -> list[str]:
        return list(protocol.exercises)


class SkippedExerciseSerializer(serializers.ModelSerializer[SkippedExercise]):
    """Why an exercise of a visit was not taken. It is no missing photo, and counts as no figure."""

    by = PersonSerializer(read_only=True)
    reason = serializers.ChoiceField(choices=SkipReason.choices, read_only=True)

    class Meta:
        model = SkippedExercise
        fields = ["exercise", "reason", "note", "by", "created_at", "version"]
        read_only_fields = fields


class SeriesPlaceSerializer(serializers.Serializer[Any]):
    exercise = serializers.SerializerMethodField()
    asked = serializers.BooleanField(help_text="Whether the visit's protocol asks for it.")
    state = serializers.ChoiceField(choices=STATES)
    skip = SkippedExerciseSerializer(allow_null=True, help_text="Only where the state is `skipped`.")

    @extend_schema_field(serializers.CharField())
    def get_exercise(self, place: SeriesPlace) -> str:
        return place.exercise.code

    def to_representation(self, instance: SeriesPlace) -> dict[str, Any]:
        data: dict[str, Any] = super().to_representation(instance)
        return data if instance.state == "skipped" else {**data, "skip": None}


@extend_schema_serializer(component_name="Series")
class SeriesSerializer(serializers.Serializer[Any]):
    """What a visit's protocol asks for, what is there, and what was left out and why."""

    visit = serializers.UUIDField()
    protocol = ProtocolSerializer()
    of = serializers.IntegerField(help_text="How many exercises are asked for.")
    taken = serializers.IntegerField(help_text="Of how many of them there is a photo.")
    done = serializers.IntegerField(help_text="How many are there or were left out with a reason.")
    goes_on_with = serializers.CharField(
        allow_null=True,
        help_text="The first exercise that is neither there nor left out; null where none is.",
    )
    sentence = serializers.CharField()
    exercises = SeriesPlaceSerializer(
        many=True, help_text="The protocol's in their order, then all others that can be taken."
    )


class SkipInput(serializers.Serializer[Any]):
    exercise = serializers.ChoiceField(choices=exercises.all_choices())
    reason = serializers.ChoiceField(choices=SkipReason.choices)
    note = serializers.CharField(
        allow_blank=True, required=False, default="", max_length=200, help_text="Needed for `other`."
    )


class UnskipInput(serializers.Serializer[Any]):
    exercise = serializers.ChoiceField(choices=exercises.all_choices())


def as_data(visit_id: Any, series: Series) -> dict[str, Any]:
    """A series, as `SeriesSerializer` takes it."""
    return {
        "visit": visit_id,
        "protocol": series.protocol,
        "of": series.of,
        "taken": series.taken,
        "done": series.done,
        "goes_on_with": series.missing[0].code if series.missing else None,
        "sentence": series.sentence,
        "exercises": [*series.places, *series.besides],
    }

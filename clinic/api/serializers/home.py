"""What patients are asked to do at home, and what they say that they did."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.home import doses
from clinic.home.models import HomeProgramme

from .fields import Address, PersonSerializer

STEPS = [(step, step) for step in doses.BY_STEP]


class DoseSerializer(serializers.Serializer[Any]):
    """How much of one exercise: so many times a day so many repetitions, each held for so many seconds."""

    step = serializers.ChoiceField(choices=STEPS, help_text="The exercise, `exercise:side` of a sided one.")
    times = serializers.IntegerField(help_text="A day, 1 to 10.")
    repetitions = serializers.IntegerField(help_text="1 to 50.")
    seconds = serializers.IntegerField(help_text="Each is held so long, 1 to 60.")


class DoseInput(DoseSerializer):
    """A dose as it is sent."""


class PracticeWeekSerializer(serializers.Serializer[Any]):
    """One week of a programme: how often exercises were done, as the patient says, of how often they were asked for."""

    begins = serializers.DateField()
    days = serializers.IntegerField(help_text="Those of it that are over or today.")
    done = serializers.IntegerField()
    asked = serializers.IntegerField()


class HomeProgrammeSerializer(serializers.ModelSerializer[HomeProgramme]):
    """Exercises with their doses, from a day on. Doses never change: another dose is another programme."""

    url = Address("home-programme-detail")
    episode = serializers.UUIDField(source="episode_id", read_only=True)
    patient = serializers.UUIDField(source="episode.patient_id", read_only=True)
    doses = DoseSerializer(many=True, read_only=True)
    made_by = PersonSerializer(read_only=True)
    weeks = serializers.SerializerMethodField(help_text="Oldest first, to its last day or today.")

    class Meta:
        model = HomeProgramme
        fields = [
            "id", "url", "episode", "patient", "starts_on", "per_week", "doses", "message", "mirrored", "wants_photos",
            "made_by", "ended_at", "weeks", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    def get_weeks(self, programme: HomeProgramme) -> list[dict[str, Any]]:
        weeks = self.context["weeks"][programme.pk]
        return [dict(one) for one in PracticeWeekSerializer(weeks, many=True).data]


class HomeProgrammeChange(serializers.ModelSerializer[HomeProgramme]):
    """What is said beside the exercises."""

    message = serializers.CharField(max_length=500, allow_blank=True, required=False)
    mirrored = serializers.BooleanField(required=False, help_text="The live picture as in a mirror.")
    wants_photos = serializers.BooleanField(required=False)

    class Meta:
        model = HomeProgramme
        fields = ["message", "mirrored", "wants_photos"]


class HomeProgrammeInput(HomeProgrammeChange):
    """A programme that starts; one that runs in the episode ends with it."""

    episode = serializers.UUIDField()
    starts_on = serializers.DateField()
    per_week = serializers.IntegerField(
        min_value=1, max_value=7, required=False, help_text="Days a week; 7 if left out."
    )
    doses = DoseInput(many=True, help_text="At least one; each exercise once.")

    class Meta(HomeProgrammeChange.Meta):
        fields = ["episode", "starts_on", "per_week", "doses", *HomeProgrammeChange.Meta.fields]

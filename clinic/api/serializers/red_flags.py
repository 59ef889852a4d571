"""Red flags of a care episode: what is asked, and how it was answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from clinic.examination import red_flags
from clinic.examination.models import RedFlagScreening
from clinic.examination.selectors_red_flags import screenings_of
from clinic.patients.models import Episode, RedFlags

from .fields import PersonSerializer

CHOICES = [one.value for one in red_flags.RedFlagAnswer]


class RedFlagQuestionSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()
    answers = serializers.ListField(child=serializers.ChoiceField(choices=CHOICES))


class DestinationSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    action = serializers.CharField(help_text="Where to, in words.")
    why = serializers.CharField()
    urgent = serializers.BooleanField(help_text="Today at the latest.")


class RedFlagScreeningSerializer(serializers.ModelSerializer[RedFlagScreening]):
    """How an episode's red flags were answered. Never changed: the newest counts."""

    episode = serializers.UUIDField(source="episode_id", read_only=True)
    by = PersonSerializer(read_only=True)
    answers = serializers.DictField(child=serializers.CharField(), read_only=True)
    sent_to = serializers.SerializerMethodField(
        help_text="Where the answers send the patient; empty for none."
    )

    class Meta:
        model = RedFlagScreening
        fields = ["id", "episode", "by", "cause", "answers", "sent_to", "note", "created_at"]
        read_only_fields = fields

    @extend_schema_field(DestinationSerializer(many=True))
    def get_sent_to(self, screening: RedFlagScreening) -> Any:
        places = [red_flags.DESTINATIONS[code] for code in screening.sent_to]
        return DestinationSerializer(places, many=True).data


@extend_schema_serializer(component_name="RedFlags")
class RedFlagsSerializer(serializers.Serializer[Any]):
    """What is asked of an episode before a model's finding is shown in it, and how it was answered."""

    episode = serializers.UUIDField()
    state = serializers.ChoiceField(choices=RedFlags.choices)
    shows_findings = serializers.BooleanField(
        help_text="Whether its photos are analysed, and what was found is shown."
    )
    questions = RedFlagQuestionSerializer(many=True)
    screenings = RedFlagScreeningSerializer(many=True, help_text="The newest first.")


class RedFlagsInput(serializers.Serializer[Any]):
    answers = serializers.DictField(
        child=serializers.ChoiceField(choices=CHOICES),
        help_text="Each question of the episode by its code. One that is left out is no “no”: all are refused.",
    )
    note = serializers.CharField(allow_blank=True, required=False, default="", max_length=4000)


def as_data(episode: Episode) -> dict[str, Any]:
    """An episode's red flags, as `RedFlagsSerializer` takes them."""
    return {
        "episode": episode.pk,
        "state": episode.red_flags,
        "shows_findings": episode.shows_findings,
        "questions": red_flags.questions(cause=episode.cause),
        "screenings": [one.screening for one in screenings_of(episode=episode)],
    }

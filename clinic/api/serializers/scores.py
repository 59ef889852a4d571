"""What clinical scales came to in a course."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.examination.scales import Rater
from clinic.recovery.change import Verdict

COUNTED = "Null unless the onset is known to the day."
VERDICTS_OF_SCORES: list[Verdict] = ["better", "worse", "same", "unknown"]


class ScoreChangeSerializer(serializers.Serializer[Any]):
    """How a figure differs from an earlier one of the same scale and version."""

    figure = serializers.CharField(help_text="`total`, or a sub-score's code.")
    since = serializers.DateField()
    before = serializers.FloatField()
    now = serializers.FloatField()
    by = serializers.FloatField()
    smallest_detectable = serializers.FloatField(
        allow_null=True, help_text="As published for one patient; null where nobody published one."
    )
    verdict = serializers.ChoiceField(
        choices=[(one, one) for one in VERDICTS_OF_SCORES],
        help_text="`same`: no detectable change. `unknown`: no smallest detectable change is published.",
    )


class ScaleScoreSerializer(serializers.Serializer[Any]):
    """What one finished assessment came to. A figure is null where an item is missing, never zero."""

    assessment = serializers.UUIDField()
    visit = serializers.UUIDField(allow_null=True)
    date = serializers.DateField(help_text="In the clinic's time zone.")
    day = serializers.IntegerField(help_text=f"Days since onset. {COUNTED}", allow_null=True)
    week = serializers.IntegerField(help_text=f"Whole weeks since onset. {COUNTED}", allow_null=True)
    since_onset = serializers.CharField()
    scale = serializers.CharField()
    scale_version = serializers.CharField()
    rated_by = serializers.ChoiceField(
        choices=[(one.value, one.value) for one in Rater],
        allow_null=True,
        help_text="Null: this software doesn't know the scale.",
    )
    by = serializers.CharField(help_text="Who entered it.")
    way = serializers.CharField(
        allow_null=True, help_text="How a patient's answers came in: `paper`, `tablet` or `link`."
    )
    language = serializers.CharField(allow_null=True, help_text="In which the patient was asked.")
    total = serializers.FloatField(allow_null=True)
    sub_scores = serializers.DictField(child=serializers.FloatField(allow_null=True))
    missing = serializers.ListField(child=serializers.CharField())
    since_before = ScoreChangeSerializer(many=True)
    since_first = ScoreChangeSerializer(many=True)

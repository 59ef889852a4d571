"""Clinical scales, as they were answered in visits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.examination.models import AnswerWay, Assessment
from clinic.examination.scales import BY_CODE, SCALES, Rater, Scale, WrongAnswers

from ..catalogue import Problem
from .fields import Address, BlankAsNull, PersonSerializer


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    """A clinical scale as it was answered in a visit; finished once `finished_at` is set.

    Compare two only where `scale` and `scale_version` are the same.
    """

    url = Address("assessment-detail")
    visit = serializers.UUIDField(
        source="visit_id",
        read_only=True,
        allow_null=True,
        help_text="Null: the patient answered between visits.",
    )
    episode = serializers.UUIDField(source="of_episode.pk", read_only=True)
    patient = serializers.UUIDField(source="patient.pk", read_only=True)
    at = serializers.DateTimeField(read_only=True, help_text="Of the visit; between visits, of the answers.")
    way = BlankAsNull(
        choices=AnswerWay.choices,
        read_only=True,
        help_text="How a patient's answers came in; null: a clinician's.",
    )
    language = serializers.SerializerMethodField(help_text="In which the patient was asked; null: not known.")
    wording = serializers.UUIDField(
        source="wording_id", read_only=True, allow_null=True, help_text="The clinic's text that asked."
    )
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
    rated_by = serializers.SerializerMethodField(
        help_text="Who answers this scale: `clinician` or `patient`."
    )
    by = PersonSerializer(read_only=True, help_text="Who entered it last.")

    class Meta:
        model = Assessment
        fields = [
            "id", "url", "visit", "episode", "patient", "at", "scale", "scale_version", "way", "language",
            "wording", "answers", "sub_scores", "total", "missing",
            "rated_by", "by", "finished_at", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"]})
    def get_language(self, assessment: Assessment) -> str | None:
        return assessment.wording.language if assessment.wording is not None else None

    @extend_schema_field({"type": ["string", "null"], "examples": [one.value for one in Rater]})
    def get_rated_by(self, assessment: Assessment) -> str | None:
        known = BY_CODE.get(assessment.scale)
        return known.rater.value if known is not None else None

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_answers(self, assessment: Assessment) -> Any:
        return assessment.answers

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_sub_scores(self, assessment: Assessment) -> Any:
        return assessment.sub_scores


ANSWER = {"type": "object", "additionalProperties": {"type": ["integer", "string", "null"]}}


@extend_schema_field(ANSWER)
class AnswersField(serializers.DictField):
    """Item to answer, as the scale gives them: a number or a code; null takes one back."""

    child = serializers.JSONField(allow_null=True)  # the scale says what an item takes


class AssessmentChange(serializers.Serializer[Any]):
    answers = AnswersField(help_text="Item to answer; null takes one back, an item left out stays.")


class AssessmentInput(serializers.Serializer[Any]):
    visit = serializers.UUIDField()
    scale = serializers.ChoiceField(choices=[(one.code, one.code) for one in SCALES])
    scale_version = serializers.CharField(
        max_length=32,
        help_text="The version that you asked by: only the one that this software has is taken.",
    )
    answers = AnswersField(required=False, default=dict, help_text="Item to answer; may be partial.")
    finish = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Items and values must be the scale's own, in its version."""
        scale = BY_CODE[attrs["scale"]]
        if attrs["scale_version"] != scale.version:
            said = _("This software has version %(version)s of the scale.") % {"version": scale.version}
            raise serializers.ValidationError({"scale_version": [said]}, code="version")
        check_answers(scale, attrs["answers"])
        return attrs


def check_answers(scale: Scale, answers: Mapping[str, Any]) -> None:
    """A field's error for each answer that the scale doesn't know."""
    try:
        scale.check(answers)
    except WrongAnswers as error:
        problems = {item: [text] for item, text in error.problems.items()}
        raise serializers.ValidationError({"answers": problems}, code="invalid") from error


def definition_of(assessment: Assessment) -> Scale:
    """The scale in the version in which it was answered; 409 where this software has another."""
    if assessment.definition is None:
        raise Problem(
            "conflict",
            _("This assessment was made with another version of the scale and stays as it is."),
        )
    return assessment.definition

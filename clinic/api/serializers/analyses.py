"""Analyses: the job, its result, which is a model's and preliminary, and the releases that made them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from clinic.visits.models import ExerciseSide
from clinic.visits.reading import CAUTIONS
from clinic.visits.sentences import untaught_view
from inference.errors import explain
from inference.finding import figures_of, from_analysis
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.codes import ZONES, same_exercise
from inference.sentences import model_finding

from .fields import Address
from .landmarks import LandmarkCorrectionSerializer

VERDICTS = [("weak", "weak"), ("normal", "normal"), ("uncertain", "uncertain")]
VERDICT_HELP = (
    "`uncertain`: the model can't tell whether there is a weakness and names neither side nor grade. "
    "Null from a release that always chooses."
)


class MeasureSerializer(serializers.Serializer[Any]):
    """Both sides of one region in the unit of the whole, and the weaker over the stronger."""

    left = serializers.FloatField(allow_null=True)
    right = serializers.FloatField(allow_null=True)
    ratio = serializers.FloatField(allow_null=True, help_text="0 to 1; 1 is symmetric.")


class SymmetrySerializer(serializers.Serializer[Any]):
    unit = serializers.CharField()
    brow = MeasureSerializer(allow_null=True)
    eye = MeasureSerializer(allow_null=True)
    mouth = MeasureSerializer(allow_null=True)
    composite = serializers.FloatField(allow_null=True)


class ZoneSerializer(serializers.Serializer[Any]):
    """Remaining movement in one part of the face on each side, 0 (none) to 1 (full): a model's estimate."""

    left = serializers.FloatField()
    right = serializers.FloatField()


class ZonesSerializer(serializers.Serializer[Any]):
    brow = ZoneSerializer(allow_null=True)
    eye = ZoneSerializer(allow_null=True)
    midface = ZoneSerializer(allow_null=True)
    mouth = ZoneSerializer(allow_null=True)


class CautionSerializer(serializers.Serializer[Any]):
    """What is to be known about a result, for people and for programs."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class ResultSerializer(serializers.Serializer[Any]):
    """A model's finding. It never changes; another release of the models makes another analysis."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # a name that DRF's fields have too
        choices=[("model", "model")], help_text="Always `model`: no person said this."
    )
    preliminary = serializers.BooleanField(help_text="True until a clinician confirmed or corrected it.")
    notice = serializers.CharField(help_text="To be shown wherever the result is.")
    exercise = serializers.CharField(
        allow_null=True,
        help_text="Null in a view that no model has learnt: then nothing else says what it found.",
    )
    exercise_as_asked = serializers.BooleanField(allow_null=True)
    exercise_probabilities = serializers.DictField(child=serializers.FloatField())
    reference = serializers.ChoiceField(
        choices=[("used", "used"), ("unusable", "unusable")],
        allow_null=True,
        help_text="Whether the analysis' `reference` could be used; null where there was none.",
    )
    palsy_probability = serializers.FloatField(allow_null=True)
    palsy_verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True, help_text=VERDICT_HELP)
    sentence = serializers.CharField(
        help_text="The finding in words; of an uncertain one why, and what to do."
    )
    cautions = CautionSerializer(many=True)
    weak_side = serializers.ChoiceField(
        choices=ExerciseSide.choices,
        allow_null=True,
        help_text="The patient's own side; null without weakness and where it is uncertain.",
    )
    weak_side_probabilities = serializers.DictField(child=serializers.FloatField())
    grade = serializers.IntegerField(
        min_value=1, max_value=6, allow_null=True, help_text="House-Brackmann grade; null where uncertain."
    )
    grade_probabilities = serializers.DictField(child=serializers.FloatField())
    zones = ZonesSerializer(allow_null=True, help_text="Null from a release that gives none.")
    symmetry = SymmetrySerializer(
        help_text="As measured in this photo alone. Of closed eyes `eye` is what stays open: compare it with rest."
    )
    quality = serializers.DictField(
        child=serializers.JSONField(), help_text="What was measured of the photo itself."
    )
    milliseconds = serializers.DictField(child=serializers.FloatField())


class ReasonSerializer(serializers.Serializer[Any]):
    """Why there is no result: `rejected` asks for another photo, `failed` for another try."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=[("rejected", "rejected"), ("failed", "failed")])
    sentence = serializers.CharField()
    action = serializers.CharField()
    retry = serializers.BooleanField(help_text="Whether analysing the same photo again can help.")


class AnalysisSerializer(serializers.ModelSerializer[Analysis]):
    """One model release's look at one photo. Follow it until its status is final."""

    url = Address("analysis-detail")
    photo = serializers.UUIDField(source="photo_id", read_only=True)
    reference = serializers.UUIDField(
        source="reference_id",
        read_only=True,
        allow_null=True,
        help_text="The photo at rest that this one was judged beside; null for a photo at rest, and without one.",
    )
    status = serializers.ChoiceField(
        choices=Status.choices,
        read_only=True,
        help_text="`queued` and `running` go on; `succeeded`, `rejected`, `failed` and `cancelled` are final.",
    )
    waiting_seconds = serializers.SerializerMethodField()
    running_seconds = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()
    correction = serializers.SerializerMethodField(
        help_text=(
            "Where a clinician put points right; null while the model's hold. Its `symmetry` holds then in place of "
            "`result`'s."
        )
    )

    class Meta:
        model = Analysis
        fields = [
            "id", "url", "photo", "reference", "release", "status", "attempt", "queued_at", "started_at", "finished_at",
            "waiting_seconds", "running_seconds", "reason", "result", "correction", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_waiting_seconds(self, analysis: Analysis) -> float | None:
        return _seconds(analysis.queued_at, analysis.started_at)

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_running_seconds(self, analysis: Analysis) -> float | None:
        return _seconds(analysis.started_at, analysis.finished_at)

    @extend_schema_field(ReasonSerializer(allow_null=True))
    def get_reason(self, analysis: Analysis) -> dict[str, Any] | None:
        if analysis.status not in (Status.REJECTED, Status.FAILED):
            return None
        return dict(ReasonSerializer(explain(analysis.error_code)).data)

    @extend_schema_field(ResultSerializer(allow_null=True))
    def get_result(self, analysis: Analysis) -> dict[str, Any] | None:
        if analysis.status != Status.SUCCEEDED:
            return None
        return {**_finding(analysis), "preliminary": analysis.pk not in self.context["confirmed"]}

    @extend_schema_field(LandmarkCorrectionSerializer(allow_null=True))
    def get_correction(self, analysis: Analysis) -> dict[str, Any] | None:
        if analysis.correction is None:
            return None
        return dict(LandmarkCorrectionSerializer(analysis.correction, context=self.context).data)


def _seconds(start: Any, end: Any) -> float | None:
    return round((end - start).total_seconds(), 3) if start and end else None


def _finding(analysis: Analysis) -> dict[str, Any]:
    figures = figures_of(analysis.findings)
    asked = analysis.photo.exercise
    found, knows = from_analysis(analysis, asked=asked), figures.knows(asked)
    return {
        "source": "model",
        "notice": _("A model's finding, to support documentation. Not a diagnosis."),
        "exercise": analysis.exercise if knows else None,
        "exercise_as_asked": same_exercise(asked, analysis.exercise) if knows else None,
        "exercise_probabilities": dict(figures.exercises) if knows else {},
        "reference": figures.reference or None,
        "palsy_probability": analysis.palsy_probability if knows else None,
        "palsy_verdict": (found.stated_verdict or None) if knows else None,
        "sentence": model_finding(found) if knows else untaught_view(asked),
        "cautions": [
            {"code": code, "sentence": str(CAUTIONS[code])} for code in found.cautions if code in CAUTIONS
        ],
        "weak_side": found.weak_side or None,
        "weak_side_probabilities": dict(figures.sides) if knows else {},
        "grade": found.grade,
        "grade_probabilities": dict(figures.grades) if knows else {},
        "zones": {zone: found.zones.get(zone) for zone in ZONES} if found.zones else None,
        "symmetry": {key: figures.symmetry.get(key) for key in ("unit", "brow", "eye", "mouth", "composite")},
        "quality": dict(figures.quality),
        "milliseconds": dict(figures.milliseconds),
    }


class LandmarksSerializer(serializers.Serializer[Any]):
    """The 478 points that were measured, numbered as the face mesh is, as shares of the photo's width and height."""

    landmarks = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    )


@extend_schema_serializer(component_name="Release")
class ReleaseSerializer(serializers.Serializer[Any]):
    """A release of the models and its model card: what it was trained on, its figures and limits."""

    name = serializers.CharField()
    url = serializers.SerializerMethodField()
    active = serializers.SerializerMethodField(help_text="Whether new photos are analysed by it.")
    usable = serializers.BooleanField(help_text="Whether its files are complete and unaltered.")
    card = serializers.DictField(child=serializers.JSONField())

    @extend_schema_field(serializers.URLField())
    def get_url(self, release: Any) -> str:
        return reverse("api:release-detail", args=[release.name], request=self.context.get("request"))

    def get_active(self, release: Any) -> bool:
        return bool(release.name == self.context["active"])

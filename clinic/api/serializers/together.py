"""What all views of a visit say together."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from clinic.visits.grading import VisitFinding
from clinic.visits.models import GRADES, ExerciseSide, Visit, VisitConfirmation
from inference.pipeline.codes import ZONES
from inference.pipeline.visit import VisitFindings

from .analyses import VERDICTS
from .fields import GRADE, BlankAsNull, PersonSerializer
from .records import WEAK_SIDES

GRADE_SOURCES = [("clinician", "clinician"), ("model", "model")]


class VisitZoneSerializer(serializers.Serializer[Any]):
    """Remaining movement in one part of the face, 0 (none) to 1 (full), with the ends of its 95 % interval."""

    left = serializers.FloatField()
    left_low = serializers.FloatField()
    left_high = serializers.FloatField()
    right = serializers.FloatField()
    right_low = serializers.FloatField()
    right_high = serializers.FloatField()
    views = serializers.ListField(child=serializers.CharField(), help_text="The views that show it.")


class VisitZonesSerializer(serializers.Serializer[Any]):
    brow = VisitZoneSerializer(allow_null=True)
    eye = VisitZoneSerializer(allow_null=True)
    midface = VisitZoneSerializer(allow_null=True)
    mouth = VisitZoneSerializer(allow_null=True)


@extend_schema_serializer(component_name="VisitFindings")
class VisitFindingsSerializer(serializers.Serializer[Any]):
    """A model's estimate from all views of a visit. Only photos of one release are combined."""

    visit = serializers.UUIDField()
    visit_grade = serializers.IntegerField(
        help_text="The visit's one House-Brackmann grade: the clinician's, else the model's.", **GRADE
    )
    visit_grade_source = serializers.ChoiceField(
        choices=GRADE_SOURCES, allow_null=True, help_text="Whose it is."
    )
    source = serializers.ChoiceField(  # type: ignore[assignment]  # a name that DRF's fields have too
        choices=[("model", "model")], help_text="Always `model`."
    )
    preliminary = serializers.BooleanField(help_text="True until a clinician has had a word on the visit.")
    notice = serializers.CharField(help_text="To be shown wherever the findings are.")
    release = serializers.CharField(
        allow_null=True,
        help_text="Null, with all that follows, where no release that combines views judged any.",
    )
    photos = serializers.ListField(child=serializers.UUIDField(), help_text="The photos that were combined.")
    sentence = serializers.CharField(help_text="The findings in words; of uncertain ones what to do.")
    palsy_probability = serializers.FloatField(allow_null=True)
    palsy_verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True)
    weak_side = serializers.ChoiceField(
        choices=ExerciseSide.choices,
        allow_null=True,
        help_text="The patient's own side; null where it is not sure.",
    )
    side_probability = serializers.FloatField(
        allow_null=True, help_text="Of the likelier side, given a weakness of one side."
    )
    weak_side_probabilities = serializers.DictField(child=serializers.FloatField())
    grade = serializers.IntegerField(
        help_text="House-Brackmann grade; null where uncertain, and from too few views.", **GRADE
    )
    grade_needs = serializers.ListField(
        child=serializers.CharField(), help_text="The views for want of which there is no grade."
    )
    grade_low = serializers.IntegerField(help_text="Lower end of its 95 % interval.", **GRADE)
    grade_high = serializers.IntegerField(help_text="Upper end of its 95 % interval.", **GRADE)
    grade_probabilities = serializers.DictField(child=serializers.FloatField())
    zones = VisitZonesSerializer(allow_null=True)
    views_used = serializers.ListField(child=serializers.CharField())
    views_missing = serializers.ListField(child=serializers.CharField())


class VisitConfirmationInput(serializers.Serializer[Any]):
    palsy = serializers.BooleanField()
    weak_side = BlankAsNull(choices=WEAK_SIDES, required=False, default="", help_text="Only with `palsy`.")
    grade = serializers.ChoiceField(choices=GRADES, allow_null=True, required=False, default=None)
    comment = serializers.CharField(allow_blank=True, required=False, default="", max_length=4000)


@extend_schema_serializer(component_name="VisitConfirmation")
class VisitConfirmationSerializer(serializers.ModelSerializer[VisitConfirmation]):
    """A clinician's word on a whole visit, beside what the model had found. Never changed: the newest counts."""

    visit = serializers.UUIDField(source="visit_id", read_only=True)
    by = PersonSerializer(read_only=True)
    weak_side = BlankAsNull(choices=WEAK_SIDES, read_only=True)
    analyses = serializers.ListField(
        child=serializers.UUIDField(), read_only=True, help_text="The analyses that stood behind it."
    )
    contradictions = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = VisitConfirmation
        fields = [
            "id", "visit", "by", "palsy", "weak_side", "grade", "comment", "analyses", "release", "agrees",
            "contradictions", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


def as_data(visit: Visit, known: VisitFinding) -> dict[str, Any]:
    """The findings of a visit, or their empty form."""
    found, model = known.together, known.model
    findings = found.findings if found is not None else VisitFindings()
    ends = known.model_range or (None, None)
    return {
        "visit": visit.pk,
        "visit_grade": known.grade,
        "visit_grade_source": known.source or None,
        "source": "model",
        "preliminary": known.clinician is None,
        "notice": _("A model's finding, to support documentation. Not a diagnosis."),
        "release": found.release if found is not None else None,
        "photos": list(found.photos) if found is not None else [],
        "sentence": known.model_sentence,
        **{
            name: getattr(findings, name)
            for name in (
                "palsy_probability", "palsy_verdict", "side_probability", "weak_side_probabilities",
                "grade_probabilities", "views_used", "views_missing",
            )
        },
        "weak_side": (model.weak_side or None) if model is not None else None,
        "grade": known.model_grade,
        "grade_low": ends[0],
        "grade_high": ends[1],
        "grade_needs": list(known.missing),
        "zones": {zone: findings.zones.get(zone) for zone in ZONES} if findings.zones else None,
    }  # fmt: skip

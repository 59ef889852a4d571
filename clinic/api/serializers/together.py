"""What all views of a visit say together."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from clinic.visits.models import Side, Visit
from clinic.visits.together import Together
from inference.pipeline.codes import ZONES
from inference.pipeline.visit import VisitFindings

from .analyses import VERDICTS

GRADE = {"min_value": 1, "max_value": 6, "allow_null": True}


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
    source = serializers.ChoiceField(choices=[("model", "model")], help_text="Always `model`.")
    preliminary = serializers.BooleanField(
        help_text="True until a clinician has had a word on each of the photos."
    )
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
        choices=Side.choices, allow_null=True, help_text="The patient's own side; null where it is not sure."
    )
    side_probability = serializers.FloatField(
        allow_null=True, help_text="Of the likelier side, given a weakness of one side."
    )
    weak_side_probabilities = serializers.DictField(child=serializers.FloatField())
    grade = serializers.IntegerField(help_text="House-Brackmann grade; null where uncertain.", **GRADE)
    grade_low = serializers.IntegerField(help_text="Lower end of its 95 % interval.", **GRADE)
    grade_high = serializers.IntegerField(help_text="Upper end of its 95 % interval.", **GRADE)
    grade_probabilities = serializers.DictField(child=serializers.FloatField())
    zones = VisitZonesSerializer(allow_null=True)
    views_used = serializers.ListField(child=serializers.CharField())
    views_missing = serializers.ListField(child=serializers.CharField())


def as_data(visit: Visit, found: Together | None) -> dict[str, Any]:
    """The findings of a visit, or their empty form."""
    findings = found.findings if found is not None else VisitFindings()
    verdict = found.finding if found is not None else None
    sentence = f"{found.sentence} {found.advice}".strip() if found is not None else ""
    return {
        "visit": visit.pk,
        "source": "model",
        "preliminary": found.preliminary if found is not None else True,
        "notice": _("A model's finding, to support documentation. Not a diagnosis."),
        "release": found.release if found is not None else None,
        "photos": list(found.photos) if found is not None else [],
        "sentence": sentence,
        **{
            name: getattr(findings, name)
            for name in (
                "palsy_probability", "palsy_verdict", "side_probability", "weak_side_probabilities",
                "grade_low", "grade_high", "grade_probabilities", "views_used", "views_missing",
            )
        },
        "weak_side": findings.side,
        "grade": verdict.grade if verdict is not None else None,
        "zones": {zone: findings.zones.get(zone) for zone in ZONES} if findings.zones else None,
    }  # fmt: skip

"""A release's validation ledger in a clinic: what clinicians confirmed, against what the release had found."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from clinic.validation.agreement import Agreement
from clinic.validation.ledger import SCORES, Ledger

LACKS = {
    "labels": "too few confirmed photos",
    "patients": "too few patients",
    "bands": "too few patients in one of the bands of grades",
    "agreement": "agrees too rarely",
    "bound": "so few photos that the true agreement may be too low",
}


class ShareSerializer(serializers.Serializer[Any]):
    """`hits` of `count`, with Wilson's 95 % interval; null where nothing was counted."""

    hits = serializers.IntegerField()
    count = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class KappaSerializer(serializers.Serializer[Any]):
    """Quadratic weighted kappa with a 95 % interval over patients; null where it has no meaning."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    count = serializers.IntegerField()


@extend_schema_serializer(component_name="Agreement")
class AgreementSerializer(serializers.Serializer[Any]):
    photos = serializers.IntegerField(help_text="Photos that both have judged.")
    patients = serializers.IntegerField()
    uncertain = serializers.IntegerField(
        help_text="Photos on which one of the two left open whether there is a palsy; in no share of it."
    )
    exercise = ShareSerializer()
    palsy = ShareSerializer()
    side = ShareSerializer()
    grade_exact = ShareSerializer()
    grade_within_one = ShareSerializer()
    kappa = KappaSerializer()


class BandSerializer(serializers.Serializer[Any]):
    grade_low = serializers.IntegerField(help_text="House-Brackmann grade, as confirmed.")
    grade_high = serializers.IntegerField()
    agreement = AgreementSerializer()


class StandingSerializer(serializers.Serializer[Any]):
    """One score beside the bar from which on it counts as validated in the clinic."""

    score = serializers.ChoiceField(choices=[(score, score) for score in SCORES])
    passes = serializers.BooleanField()
    lacks = serializers.ListField(child=serializers.ChoiceField(choices=list(LACKS.items())))
    share = ShareSerializer()


@extend_schema_serializer(component_name="Ledger")
class LedgerSerializer(serializers.Serializer[Any]):
    clinic = serializers.UUIDField()
    release = serializers.CharField()
    validated = serializers.BooleanField(help_text="Whether every score passes the bar.")
    scores = StandingSerializer(many=True)
    overall = AgreementSerializer()
    bands = BandSerializer(many=True)
    unknown_exercise = serializers.IntegerField(
        help_text="Confirmed photos of exercises that the release was never taught; not in `scores`' exercise."
    )


def as_data(clinic: uuid.UUID, ledger: Ledger) -> dict[str, Any]:
    """A ledger as `LedgerSerializer` takes it."""
    return {
        "clinic": clinic,
        "release": ledger.release,
        "validated": ledger.validated,
        "scores": ledger.standings,
        "overall": ledger.overall,
        "bands": [_band(band, agreement) for band, agreement in ledger.bands],
        "unknown_exercise": ledger.unknown_exercise,
    }


def _band(band: tuple[int, int], agreement: Agreement) -> dict[str, Any]:
    return {"grade_low": band[0], "grade_high": band[1], "agreement": agreement}

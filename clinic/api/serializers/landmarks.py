"""The points of a face that a clinician may put right, and what was put right."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.visits.landmark_names import name_of
from inference.models import Analysis, LandmarkCorrection
from inference.pipeline.measure.places import PARTS, PLACES
from inference.selectors_corrections import correction_of

from .fields import BlankAsNull, PersonSerializer

SIDES = [("left", "left"), ("right", "right")]
INDEX = "As the face mesh is numbered."


class PlaceSerializer(serializers.Serializer[Any]):
    """A point as shares of the photo's width and height."""

    x = serializers.FloatField(min_value=0, max_value=1)
    y = serializers.FloatField(min_value=0, max_value=1)


class PointSerializer(PlaceSerializer):
    """A point that measures read. `x` and `y` hold: they are a clinician's where `moved` is true, else the model's."""

    index = serializers.IntegerField(help_text=INDEX)
    name = serializers.CharField(help_text="The same on both sides.")
    part = serializers.ChoiceField(choices=[(part, part) for part in PARTS])
    side = BlankAsNull(
        choices=SIDES, read_only=True, help_text="The patient's own side; null on the midline."
    )
    text = serializers.CharField(help_text="Which point it is, in words.")
    moved = serializers.BooleanField()
    model = PlaceSerializer(help_text="Where the model has it.")


class LandmarkCorrectionSerializer(serializers.ModelSerializer[LandmarkCorrection]):
    """Where a clinician put points of an analysis. Never changed: the newest holds, and one without points says that
    the model's hold again."""

    analysis = serializers.UUIDField(source="analysis_id", read_only=True)
    by = PersonSerializer(read_only=True)
    points = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        read_only=True,
        help_text="Index of a moved point to its shares of the photo's width and height.",
    )
    symmetry = serializers.DictField(
        child=serializers.JSONField(),
        read_only=True,
        help_text="All measures of the face with these points, in the form of `result`'s; empty without points.",
    )

    class Meta:
        model = LandmarkCorrection
        fields = ["id", "analysis", "number", "by", "points", "symmetry", "created_at"]
        read_only_fields = fields


class PointsSerializer(serializers.Serializer[Any]):
    """The points of one analysis that measures read, and the correction that holds."""

    analysis = serializers.UUIDField()
    correction = LandmarkCorrectionSerializer(
        allow_null=True, help_text="The newest; null while nobody moved a point."
    )
    points = PointSerializer(many=True)


class MovedPoint(PlaceSerializer):
    index = serializers.IntegerField(help_text=INDEX)


class PointsInput(serializers.Serializer[Any]):
    points = MovedPoint(
        many=True,
        help_text="All points that lie elsewhere than the model's; none: the model's hold again.",
    )

    def validate_points(self, points: list[dict[str, Any]]) -> dict[int, list[float]]:
        return {one["index"]: [one["x"], one["y"]] for one in points}


def as_data(analysis: Analysis) -> dict[str, Any]:
    """The points of an analysis, as `PointsSerializer` takes them."""
    newest = correction_of(analysis=analysis)
    moved = newest.moved if newest is not None else {}
    landmarks = analysis.landmarks or []
    return {
        "analysis": analysis.pk,
        "correction": newest,
        "points": [
            {
                **_place(moved.get(index, landmarks[index])),
                "index": index,
                "name": place.name,
                "part": place.part,
                "side": place.side,
                "text": name_of(place),
                "moved": index in moved,
                "model": _place(landmarks[index]),
            }
            for index, place in PLACES.items()
        ],
    }


def _place(shares: Any) -> dict[str, float]:
    return {"x": shares[0], "y": shares[1]}

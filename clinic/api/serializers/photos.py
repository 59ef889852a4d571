"""Photos, what a clinician confirmed of them, and the protocol of exercises."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.visits import exercises
from clinic.visits.models import GRADES, Confirmation, Photo, Side

from ..moments import MomentField
from .analyses import AnalysisSerializer
from .fields import Address, BlankAsNull, PersonSerializer, Upload
from .records import WEAK_SIDES


class ExerciseSerializer(serializers.Serializer[Any]):
    """One exercise of the capture protocol."""

    code = serializers.CharField()
    name = serializers.CharField()
    instruction = serializers.CharField()
    sided = serializers.BooleanField(help_text="Done with one side of the face; its photo names that side.")
    drawing = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField())
    def get_drawing(self, exercise: exercises.Exercise) -> str:
        address = static(exercise.drawing)
        request = self.context.get("request")
        return request.build_absolute_uri(address) if request else address


class ConfirmationSerializer(serializers.ModelSerializer[Confirmation]):
    """A clinician's word on one analysis. Never changed: the newest of a photo counts."""

    url = Address("confirmation-detail")
    photo = serializers.UUIDField(source="photo_id", read_only=True)
    analysis = serializers.UUIDField(source="analysis_id", read_only=True)
    by = PersonSerializer(read_only=True)
    weak_side = BlankAsNull(choices=WEAK_SIDES, read_only=True)

    class Meta:
        model = Confirmation
        fields = [
            "id", "url", "photo", "analysis", "by", "exercise", "palsy", "weak_side", "grade", "comment", "agrees",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class ConfirmationInput(serializers.Serializer[Any]):
    analysis = serializers.UUIDField()
    exercise = serializers.ChoiceField(
        choices=exercises.all_choices(),
        required=False,
        help_text="What the photo shows, if you say so: it is filed under it. Left out, nothing is said of it.",
    )
    palsy = serializers.BooleanField()
    weak_side = BlankAsNull(choices=WEAK_SIDES, required=False, default="", help_text="Only with `palsy`.")
    grade = serializers.ChoiceField(choices=GRADES, allow_null=True, required=False, default=None)
    comment = serializers.CharField(allow_blank=True, required=False, default="", max_length=4000)


class PhotoSerializer(serializers.ModelSerializer[Photo]):
    """A photo of one exercise, with its newest analysis and the clinician's newest word."""

    url = Address("photo-detail")
    visit = serializers.UUIDField(source="visit_id", read_only=True)
    exercise = serializers.CharField(read_only=True, help_text="The exercise that was asked for.")
    side = BlankAsNull(choices=Side.choices, read_only=True, help_text="For an exercise of one side.")
    image = Address("photo-image")
    thumbnail = Address("photo-thumbnail")
    analysis = serializers.SerializerMethodField()
    confirmation = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = [
            "id", "url", "visit", "exercise", "side", "taken_at", "image", "thumbnail", "width", "height", "size",
            "sha256", "original_sha256", "created_at", "archived_at", "version", "analysis", "confirmation",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {"size": {"help_text": "Bytes of the stored file."}}

    @extend_schema_field(AnalysisSerializer(allow_null=True))
    def get_analysis(self, photo: Photo) -> dict[str, Any] | None:
        analysis = self.context["analyses"].get(photo.pk)
        if analysis is None:
            return None
        # The photo is at hand; the analysis must not fetch it again.
        analysis.photo = photo
        return dict(AnalysisSerializer(analysis, context=self.context).data)

    @extend_schema_field(ConfirmationSerializer(allow_null=True))
    def get_confirmation(self, photo: Photo) -> dict[str, Any] | None:
        confirmation = self.context["confirmations"].get(photo.pk)
        return dict(ConfirmationSerializer(confirmation, context=self.context).data) if confirmation else None


class PhotoUpload(serializers.Serializer[Any]):
    """One photo of one exercise, sent as multipart/form-data."""

    visit = serializers.UUIDField()
    exercise = serializers.ChoiceField(
        choices=exercises.all_choices(), help_text="The exercise that was asked for."
    )
    side = serializers.ChoiceField(
        choices=Side.choices, required=False, allow_blank=True, help_text="For an exercise of one side."
    )
    taken_at = MomentField(
        required=False,
        help_text="With its offset from UTC. Read from the photo itself if left out, or else now.",
    )
    image = Upload(
        allow_empty_file=True,
        max_length=255,
        help_text="JPEG, PNG, WebP, HEIC or AVIF, up to 25 MB and 65 megapixels; the content decides, not the name.",
    )


class PhotoChange(serializers.Serializer[Any]):
    exercise = serializers.ChoiceField(choices=exercises.all_choices())
    side = BlankAsNull(choices=Side.choices, required=False, help_text="For an exercise of one side.")

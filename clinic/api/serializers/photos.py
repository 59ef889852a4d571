"""Photos, what a clinician confirmed of them, and the protocol of exercises."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.visits import exercises
from clinic.visits.models import GRADES, Confirmation, ExerciseSide, Photo, TakenFrom

from ..moments import MomentSerializerField
from .analyses import AnalysisSerializer
from .fields import Address, BlankAsNull, PersonSerializer, UploadField
from .records import WEAK_SIDES


class ExerciseSerializer(serializers.Serializer[Any]):
    """One exercise of the capture protocol."""

    code = serializers.CharField()
    name = serializers.CharField()
    instruction = serializers.CharField()
    sided = serializers.BooleanField(help_text="Done with one side of the face; its photo names that side.")
    drawing = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField())
    def get_drawing(self, exercise: exercises.ProtocolExercise) -> str:
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
    exercise_named = serializers.BooleanField(
        read_only=True,
        help_text=(
            "Whether somebody, or the file's name, said so; false: filed by its place among the files. See the "
            "visit's `filing`."
        ),
    )
    side = BlankAsNull(choices=ExerciseSide.choices, read_only=True, help_text="For an exercise of one side.")
    taken_from = BlankAsNull(
        choices=TakenFrom.choices,
        read_only=True,
        help_text="Where `taken_at` comes from: the file, a person or program, or the visit. Null: not known.",
    )
    image = Address("photo-image")
    thumbnail = Address("photo-thumbnail")
    analysis = serializers.SerializerMethodField()
    confirmation = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = [
            "id", "url", "visit", "exercise", "exercise_named", "side", "taken_at", "taken_from", "image", "thumbnail",
            "width", "height", "size",
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
        choices=exercises.all_choices(),
        required=False,
        help_text=(
            "The exercise that was asked for. Left out, the file's name may name it; else the photo is filed under the "
            "first exercise that is missing, until somebody says what it shows: see the visit's `filing`."
        ),
    )
    side = serializers.ChoiceField(
        choices=ExerciseSide.choices,
        required=False,
        allow_blank=True,
        help_text="For an exercise of one side.",
    )
    taken_at = MomentSerializerField(
        required=False,
        help_text="With its offset from UTC. Read from the photo itself if left out, or else now.",
    )
    image = UploadField(
        allow_empty_file=True,
        max_length=255,
        help_text="JPEG, PNG, WebP, HEIC or AVIF, up to 25 MB and 65 megapixels; the content decides, not the name.",
    )


class PhotoChange(serializers.Serializer[Any]):
    exercise = serializers.ChoiceField(choices=exercises.all_choices())
    side = BlankAsNull(choices=ExerciseSide.choices, required=False, help_text="For an exercise of one side.")
    taken_at = MomentSerializerField(
        help_text="With its offset from UTC. Not before birth, not in the future."
    )


class ProposedFilingSerializer(serializers.Serializer[Any]):
    """Under what one photo is filed, and under what it would be."""

    photo = serializers.UUIDField(source="card.photo.pk")
    exercise = serializers.CharField(source="card.photo.exercise", help_text="Under what it is filed now.")
    side = BlankAsNull(source="card.photo.side", choices=ExerciseSide.choices, read_only=True)
    version = serializers.IntegerField(
        source="card.photo.version", help_text="For `If-Match`: `photo`, a full stop, this."
    )
    proposed_exercise = serializers.CharField(source="step.exercise.code")
    proposed_side = BlankAsNull(source="step.side", choices=ExerciseSide.choices, read_only=True)
    judged = serializers.BooleanField(help_text="False: its picture says nothing, so it stays where it is.")
    sure = serializers.BooleanField(help_text="Whether the picture alone does not speak against it.")
    probability = serializers.FloatField(
        help_text="That the picture alone shows the proposed exercise, 0 to 1."
    )


class FilingSerializer(serializers.Serializer[Any]):
    """How the photos of a visit belong together that nobody filed: each exercise once, as a rule, rest first."""

    release = serializers.CharField(allow_null=True, help_text="The model release behind it.")
    photos = ProposedFilingSerializer(many=True, source="filings")

"""The recovery history, as the pages' own selector reads it. What people said and what models found stay apart."""

from __future__ import annotations

import uuid
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from clinic.common.spans import Precision
from clinic.examination.along import Along
from clinic.patients.models import Cause
from clinic.patients.treatments import ToxinProduct, TreatmentKind
from clinic.recovery.data import scores_as_data
from clinic.recovery.figures import measures_of
from clinic.recovery.history import EpisodeHistory, VisitPoint
from clinic.recovery.measures import PhotoPoint
from clinic.recovery.reference import reference_of
from clinic.visits import protocols
from clinic.visits.models import ExerciseSide, SkipReason
from inference.pipeline.measure.synkinesis import PARTS

from .analyses import VERDICT_HELP, VERDICTS
from .fields import GRADE, BlankAsNull
from .records import WEAK_SIDES
from .reference import ReferenceSerializer
from .scores import COUNTED, ScaleScoreSerializer
from .together import GRADE_SOURCES

ERROR_HELP = (
    "Smallest change that is more than noise (95 %), of one comparison; null while nobody has measured it."
)
KINDS = [("movement", "movement since rest"), ("distance", "ratio of distances")]
VERDICTS_OF_CHANGE = [(one, one) for one in ("better", "worse", "same", "unknown")]


class ReadingSerializer(serializers.Serializer[Any]):
    """A region's figure at a visit, and the photos and release that it comes from."""

    value = serializers.FloatField(
        help_text="Movement: the weak side's as a share of the other's, -1 to 1. Distance: 0 to 1; 1 is alike."
    )
    figure = serializers.ChoiceField(choices=KINDS, source="kind")
    exercise = serializers.CharField(help_text="Of several the first.")
    exercises = serializers.ListField(
        child=serializers.CharField(), help_text="Whose movements were added up."
    )
    left_mm = serializers.FloatField(
        source="left", allow_null=True, help_text="Mean movement of the patient's left."
    )
    right_mm = serializers.FloatField(source="right", allow_null=True)
    rest_date = serializers.DateField(
        allow_null=True, help_text="Of the visit that lent its photo at rest; null: the visit's own."
    )
    release = serializers.CharField()
    photo = serializers.UUIDField(source="photo_id")


class RestingSerializer(serializers.Serializer[Any]):
    """One asymmetry of the face at rest: the weak side less the other, or left less right where no side is weak."""

    name = serializers.CharField(help_text="A measure; docs/measures.md defines it.")
    value = serializers.FloatField(
        help_text="mm; above 0: wider eye, lower corner of the mouth, higher brow."
    )
    side = serializers.CharField(help_text="The side that is measured against the other.")
    error = serializers.FloatField(allow_null=True, help_text=ERROR_HELP)
    release = serializers.CharField()


class MeasureFigureSerializer(serializers.Serializer[Any]):
    """One measure of one photo; docs/measures.md defines each and its sign."""

    name = serializers.CharField()
    unit = serializers.ChoiceField(choices=[("mm", "mm"), ("deg", "deg")])
    left = serializers.FloatField(allow_null=True)
    right = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="Left less right.")
    value = serializers.FloatField(allow_null=True, help_text="Of a measure of the whole face.")
    error = serializers.FloatField(allow_null=True, help_text=f"Of the difference or the value. {ERROR_HELP}")
    side_error = serializers.FloatField(allow_null=True, help_text="The same of one side's value.")
    scale_from = serializers.CharField(
        allow_null=True, help_text="iris, or rest_photo: closed eyes have no irises. Null: an angle."
    )


MEASURE_FIGURES: Final = tuple(MeasureFigureSerializer().fields)


class ModelGradeSerializer(serializers.Serializer[Any]):
    """From all views of the visit together, by one release, with its 95 % interval."""

    grade = serializers.IntegerField(min_value=1, max_value=6)
    lowest = serializers.IntegerField()
    highest = serializers.IntegerField()
    photos = serializers.IntegerField()
    release = serializers.CharField()


class AlongSerializer(serializers.Serializer[Any]):
    """One part in one exercise, in photos of one visit by one release; millimetres, the patient's own sides."""

    part = serializers.ChoiceField(
        source="moved.part",
        choices=[(part, part) for part in PARTS],
        help_text="eye: narrows; mouth, chin: rise.",
    )
    exercise = serializers.CharField(source="moved.exercise")
    left = serializers.FloatField(source="moved.left")
    right = serializers.FloatField(source="moved.right")
    left_share = serializers.SerializerMethodField(help_text="Of the length at rest, of that side.")
    right_share = serializers.SerializerMethodField()
    side_error = serializers.FloatField(allow_null=True, help_text="Half of the 95 % interval of one side.")
    difference = serializers.SerializerMethodField(help_text="Left less right.")
    error = serializers.FloatField(allow_null=True, help_text="Half of the 95 % interval of the difference.")
    limit = serializers.FloatField(
        allow_null=True, help_text="The larger of that error and what nineteen of twenty healthy faces reach."
    )
    more = BlankAsNull(
        choices=ExerciseSide.choices, read_only=True, help_text="The side that moves more than that."
    )
    release = serializers.CharField()

    def get_left_share(self, one: Along) -> float | None:
        return one.moved.share("left")

    def get_right_share(self, one: Along) -> float | None:
        return one.moved.share("right")

    def get_difference(self, one: Along) -> float:
        return one.moved.more_on("left")


class ModelsWordSerializer(serializers.Serializer[VisitPoint]):
    """What the models found at a visit."""

    preliminary = serializers.SerializerMethodField(
        help_text="True until a clinician has had a word on the visit."
    )
    grade = ModelGradeSerializer(source="model_grade", allow_null=True)
    brow = ReadingSerializer(allow_null=True)
    eye = ReadingSerializer(allow_null=True)
    mouth = ReadingSerializer(allow_null=True)
    composite = serializers.FloatField(
        allow_null=True, help_text="Mean of the three, where all are of one kind."
    )
    rest = RestingSerializer(source="resting", many=True, read_only=True)
    along = AlongSerializer(
        many=True,
        read_only=True,
        help_text="What moved since rest in exercises that aren't about it. No figure is called synkinesis.",
    )
    releases = serializers.ListField(child=serializers.CharField())

    def get_preliminary(self, visit: VisitPoint) -> bool:
        return visit.preliminary


class CliniciansWordSerializer(serializers.Serializer[VisitPoint]):
    """What people said at a visit."""

    seen_by = serializers.CharField(source="clinician")
    seen_by_id = serializers.SerializerMethodField()
    seen_by_kind = serializers.SerializerMethodField(help_text="`person`; `system`: a program recorded it.")
    grade = serializers.IntegerField(source="clinician_grade", help_text="Given to the visit.", **GRADE)

    @extend_schema_field(serializers.UUIDField())
    def get_seen_by_id(self, visit: VisitPoint) -> uuid.UUID | None:
        return self.context["people"][visit.visit_id].public_id

    @extend_schema_field({"type": "string", "examples": ["person", "system"]})
    def get_seen_by_kind(self, visit: VisitPoint) -> str:
        return "system" if self.context["people"][visit.visit_id].pk in self.context["systems"] else "person"


class PhotoResultSerializer(serializers.Serializer[Any]):
    """What one release found in one photo."""

    analysis = serializers.UUIDField(source="analysis_id")
    release = serializers.CharField()
    brow = serializers.FloatField(allow_null=True)
    eye = serializers.FloatField(allow_null=True)
    mouth = serializers.FloatField(allow_null=True)
    palsy_probability = serializers.FloatField(allow_null=True)
    weak_side = BlankAsNull(choices=WEAK_SIDES, read_only=True)
    palsy_verdict = BlankAsNull(choices=VERDICTS, source="verdict", read_only=True, help_text=VERDICT_HELP)
    movement = serializers.FloatField(
        source="share",
        allow_null=True,
        help_text="Since rest: the weak side's as a share of the other's, -1 to 1.",
    )
    moved_left_mm = serializers.FloatField(source="moved.left", allow_null=True, default=None)
    moved_right_mm = serializers.FloatField(source="moved.right", allow_null=True, default=None)
    corrected = serializers.BooleanField(help_text="Whether a clinician put points right for these figures.")


class ConfirmedSerializer(serializers.Serializer[Any]):
    """A clinician's newest word on a photo."""

    exercise = serializers.CharField()
    palsy = serializers.BooleanField()
    weak_side = BlankAsNull(choices=WEAK_SIDES, read_only=True)
    grade = serializers.IntegerField(**GRADE)
    by = serializers.CharField()
    by_id = serializers.UUIDField(help_text="Of whoever gave it.")
    at = serializers.DateTimeField()


CONFIRMED: Final = tuple(map(str, ConfirmedSerializer().fields))


class PhotoPointSerializer(serializers.Serializer[Any]):
    photo = serializers.UUIDField(source="photo_id")
    exercise = serializers.CharField(help_text="The clinician's word where there is one, else as asked for.")
    side = BlankAsNull(choices=ExerciseSide.choices, read_only=True)
    taken_at = serializers.DateTimeField()
    status = serializers.CharField(help_text="Of the newest analysis.")
    results = PhotoResultSerializer(many=True, help_text="One a release, newest first.")
    measures = serializers.SerializerMethodField(
        help_text="By the newest release, those that are read in this exercise; lengths in the scale of the page."
    )
    confirmed = serializers.SerializerMethodField()

    @extend_schema_field(ConfirmedSerializer(allow_null=True))
    def get_confirmed(self, photo: PhotoPoint) -> dict[str, Any] | None:
        if photo.confirmed is None:
            return None
        author = self.context["people"].get(photo.photo_id)
        word = {name: getattr(photo.confirmed, name) for name in CONFIRMED if name != "by_id"}
        return dict(ConfirmedSerializer({**word, "by_id": author and author.public_id}).data)

    @extend_schema_field(MeasureFigureSerializer(many=True))
    def get_measures(self, photo: PhotoPoint) -> Any:
        # As `MeasureFigureSerializer` would, which for the thousands of a page takes longer than all else.
        return [{name: getattr(one, name) for name in MEASURE_FIGURES} for one in measures_of(photo)]


class NotTakenSerializer(serializers.Serializer[Any]):
    """An exercise that a visit did without."""

    exercise = serializers.CharField()
    reason = serializers.ChoiceField(choices=SkipReason.choices)
    note = serializers.CharField()


class VisitPointSerializer(serializers.Serializer[VisitPoint]):
    visit = serializers.UUIDField(source="visit_id")
    at = serializers.DateTimeField()
    date = serializers.DateField(help_text="In the clinic's time zone.")
    day = serializers.IntegerField(help_text=f"Days since onset. {COUNTED}", allow_null=True)
    week = serializers.IntegerField(help_text=f"Whole weeks since onset. {COUNTED}", allow_null=True)
    since_onset = serializers.CharField(
        source="since", help_text="In words, as exactly as the onset is known; empty where it isn't."
    )
    grade = serializers.IntegerField(
        help_text="The visit's one House-Brackmann grade: the clinician's, else the model's.", **GRADE
    )
    grade_source = BlankAsNull(choices=GRADE_SOURCES, read_only=True)
    clinician = CliniciansWordSerializer(source="*")
    model = ModelsWordSerializer(source="*")
    waiting = serializers.IntegerField(help_text="Photos whose analysis goes on.")
    protocol = serializers.SerializerMethodField(help_text="Key of the one with which the visit was begun.")
    not_taken = serializers.SerializerMethodField(
        help_text="Exercises that were left out with a reason: they have no figures, which is not zero."
    )
    photos = PhotoPointSerializer(many=True)

    def get_protocol(self, visit: VisitPoint) -> str:
        return protocols.of_key(visit.protocol).key

    @extend_schema_field(NotTakenSerializer(many=True))
    def get_not_taken(self, visit: VisitPoint) -> Any:
        return NotTakenSerializer(visit.not_taken, many=True).data


class TreatmentMarkSerializer(serializers.Serializer[Any]):
    treatment = serializers.UUIDField(source="treatment_id")
    date = serializers.DateField()
    day = serializers.IntegerField(help_text=COUNTED, allow_null=True)
    week = serializers.IntegerField(help_text=COUNTED, allow_null=True)
    kind = serializers.ChoiceField(choices=TreatmentKind.choices)
    note = serializers.CharField()
    product = BlankAsNull(choices=ToxinProduct.choices, help_text="Of botulinum toxin; null: not told.")
    units = serializers.FloatField(
        allow_null=True, help_text="Of botulinum toxin, in the product's units; null: none told."
    )
    details = serializers.CharField(
        source="coded", help_text="Whatever else is told, as `name=value` by the names of `/treatments/`."
    )


class ModelChangeSerializer(serializers.Serializer[Any]):
    """From this visit on, other releases gave the figures: do not compare across it without saying so."""

    visit = serializers.UUIDField(source="visit_id")
    date = serializers.DateField()
    day = serializers.IntegerField(help_text=COUNTED, allow_null=True)
    week = serializers.IntegerField(help_text=COUNTED, allow_null=True)
    before = serializers.ListField(child=serializers.CharField())
    after = serializers.ListField(child=serializers.CharField())


class FigureChangeSerializer(serializers.Serializer[Any]):
    """A region's change between two visits: the same release, the same exercises."""

    region = serializers.CharField(help_text="brow, eye, mouth, or face: the mean of the three.")
    figure = serializers.ChoiceField(choices=KINDS, source="after.kind")
    exercises = serializers.ListField(child=serializers.CharField(), source="after.exercises")
    since = serializers.DateField(help_text="The earlier visit.")
    before = serializers.FloatField(source="before.value")
    now = serializers.FloatField(source="after.value")
    by = serializers.FloatField()
    error = serializers.FloatField(allow_null=True, help_text=ERROR_HELP)
    limit = serializers.FloatField(
        allow_null=True, help_text="What a change must exceed, as one of all comparisons of this course."
    )
    verdict = serializers.ChoiceField(choices=VERDICTS_OF_CHANGE)


class CourseSerializer(serializers.Serializer[Any]):
    """What can be said of the course, and how sure that is."""

    sentence = serializers.CharField()
    caveat = serializers.CharField()
    worse = serializers.BooleanField(help_text="Whether any figure is worse than at an earlier visit.")
    fall = FigureChangeSerializer(
        source="changes.worst", allow_null=True, help_text="The fall that says most."
    )
    since_before = FigureChangeSerializer(source="changes.before", many=True)
    since_first = FigureChangeSerializer(source="changes.first", many=True)
    since_best = FigureChangeSerializer(source="changes.best", many=True)


@extend_schema_serializer(component_name="History")
class HistorySerializer(serializers.Serializer[EpisodeHistory]):
    """One episode's course: its newest visits, oldest first, with all treatments and changes of the models."""

    episode = serializers.UUIDField(source="episode_id")
    patient = serializers.UUIDField(source="patient_id")
    onset_date = serializers.DateField(source="onset.date", help_text="Read it with onset_precision.")
    onset_precision = serializers.ChoiceField(choices=Precision.choices, source="onset.precision")
    cause = serializers.ChoiceField(choices=Cause.choices)
    weak_side = BlankAsNull(choices=WEAK_SIDES, read_only=True)
    course = CourseSerializer()
    visits = serializers.SerializerMethodField(
        help_text="The newest ones, or the newest before the one that `before` names; `earlier` has those before them."
    )
    earlier = serializers.SerializerMethodField(
        help_text="The address of the visits before these, with the same course; null where there are none."
    )
    treatments = TreatmentMarkSerializer(many=True)
    model_changes = ModelChangeSerializer(many=True)
    scores = serializers.SerializerMethodField(
        help_text="Clinical scales and questionnaires of the whole course, finished ones, oldest first."
    )
    reference = serializers.SerializerMethodField(
        help_text="How it went for others; null where no published figure belongs here, never told of a stroke."
    )
    releases = serializers.ListField(child=serializers.CharField())
    waiting = serializers.IntegerField()

    @extend_schema_field(ReferenceSerializer(allow_null=True))
    def get_reference(self, history: EpisodeHistory) -> Any:
        found = reference_of(history)
        return ReferenceSerializer(found).data if found is not None else None

    @extend_schema_field(ScaleScoreSerializer(many=True))
    def get_scores(self, history: EpisodeHistory) -> Any:
        return scores_as_data(history)

    @extend_schema_field(VisitPointSerializer(many=True))
    def get_visits(self, history: EpisodeHistory) -> Any:
        page = self.context["pages"][history.episode_id]
        return VisitPointSerializer(page.visits, many=True, context=self.context).data

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_earlier(self, history: EpisodeHistory) -> str | None:
        page = self.context["pages"][history.episode_id]
        if not page.earlier:
            return None
        address = reverse("api:episode-history", args=[history.episode_id], request=self.context["request"])
        return f"{address}?before={page.visits[0].visit_id}"

    def to_representation(self, instance: EpisodeHistory) -> Any:
        """Nothing is counted from an onset that stands in for one that nobody knows to the day."""
        shown = super().to_representation(instance)
        if instance.onset.precision != Precision.DAY:
            for one in (*shown["visits"], *shown["treatments"], *shown["model_changes"]):
                one["day"] = one["week"] = None
        return shown


class PatientHistorySerializer(serializers.Serializer[Any]):
    """The histories of all of a patient's episodes, newest first."""

    patient = serializers.UUIDField()
    episodes = HistorySerializer(many=True)

"""Clinics, patients, episodes, treatments, consents and visits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.accounts.models import Clinic, ModelUse, Role
from clinic.patients.models import Consent, ConsentManner, Episode, Patient, WeakSide
from clinic.recovery.models import PatientSummary
from clinic.visits import protocols
from clinic.visits.models import Visit

from ..moments import MomentSerializerField
from .assessments import AssessmentSerializer
from .fields import Address, BlankAsNull, PersonSerializer, RecordedBy

CLOCKS = dt.timedelta(minutes=5)
WEAK_SIDES = [("left", WeakSide.LEFT.label), ("right", WeakSide.RIGHT.label), ("both", WeakSide.BOTH.label)]


class ClinicSerializer(serializers.ModelSerializer[Clinic]):
    """A clinic of yours, and your role in it."""

    url = Address("clinic-detail")
    model_use = serializers.ChoiceField(
        source="effective_model_use",
        choices=ModelUse.choices,
        read_only=True,
        help_text="What it lets a model do: photos have results to be had with `in_use` alone.",
    )
    protocol = serializers.SerializerMethodField(help_text="Key of the one with which new visits begin.")
    role = serializers.SerializerMethodField()

    class Meta:
        model = Clinic
        fields = ["id", "url", "name", "time_zone", "language", "model_use", "protocol", "role"]
        read_only_fields = fields

    def get_protocol(self, clinic: Clinic) -> str:
        return protocols.of_clinic(clinic).key

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices))
    def get_role(self, clinic: Clinic) -> str:
        return str(self.context["roles"].get(clinic.pk, ""))


class SummarySerializer(serializers.ModelSerializer[PatientSummary]):
    """The figures of the patients' list. `model_grade` is a model's, `clinician_grade` a person's."""

    symmetry = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        read_only=True,
        help_text="Composite symmetry of the last twenty visits, oldest first; 0 to 1 or null.",
    )

    class Meta:
        model = PatientSummary
        fields = [
            "last_visit_at", "visits", "symmetry", "model_grade", "clinician_grade",
            "to_retake", "to_confirm", "failed", "worse",
        ]  # fmt: skip
        read_only_fields = fields


class PatientSerializer(serializers.ModelSerializer[Patient]):
    url = Address("patient-detail")
    clinic = serializers.UUIDField(source="clinic_id", read_only=True)
    email = serializers.CharField(read_only=True, help_text="Empty where none is on record.")
    summary = SummarySerializer(read_only=True, allow_null=True)

    class Meta:
        model = Patient
        fields = [
            "id", "url", "clinic", "record_number", "name", "birth_date", "birth_precision", "sex", "phone", "email",
            "languages", "created_at", "archived_at", "restricted_at", "version",
            "summary",
        ]  # fmt: skip
        read_only_fields = fields


class PatientChange(serializers.ModelSerializer[Patient]):
    class Meta:
        model = Patient
        fields = [
            "record_number",
            "name",
            "birth_date",
            "birth_precision",
            "sex",
            "phone",
            "email",
            "languages",
        ]
        # The service knows whether a number is taken, and by whose patients.
        validators: list[Any] = []


class PatientInput(PatientChange):
    clinic = serializers.UUIDField(
        required=False,
        help_text="Whose patient it becomes. May be left out when you belong to one clinic only.",
    )

    class Meta(PatientChange.Meta):
        fields = ["clinic", *PatientChange.Meta.fields]


class PatientSearch(serializers.Serializer[Any]):
    """What to look for. It travels in the body, since names have no place in an address or a log."""

    text = serializers.CharField(
        max_length=120,
        required=False,
        allow_blank=True,
        default="",
        help_text="Parts of a name or of a record number.",
    )
    record_number = serializers.CharField(
        max_length=32, required=False, allow_blank=True, default="", help_text="The whole record number."
    )
    clinic = serializers.UUIDField(required=False, help_text="Search this clinic only.")
    archived = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Archived patients alone, or current ones alone. Null: current ones; of a record number, both.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Something to look for, or the answer would be a list of everybody."""
        if not given["text"] and not given["record_number"]:
            raise serializers.ValidationError({"text": [_("Say what to look for.")]}, code="required")
        return given


class PatientsFound(serializers.Serializer[Any]):
    more = serializers.BooleanField(help_text="Whether there are others; search for more of the name.")
    restricted = serializers.IntegerField(
        help_text="How many restricted records of your clinics have that record number: kept, and not shown."
    )
    results = PatientSerializer(many=True)


class EpisodeSerializer(serializers.ModelSerializer[Episode]):
    url = Address("episode-detail")
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    weak_side = BlankAsNull(
        choices=WEAK_SIDES, read_only=True, help_text="The patient's own side; null: none found."
    )

    recorded_by = RecordedBy()

    class Meta:
        model = Episode
        fields = [
            "id", "url", "patient", "cause", "weak_side", "onset_date", "onset_precision", "notes",
            "red_flags", "recorded_by", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


class EpisodeChange(serializers.ModelSerializer[Episode]):
    weak_side = BlankAsNull(choices=WEAK_SIDES, help_text="The patient's own side; null: none found.")

    class Meta:
        model = Episode
        fields = ["cause", "weak_side", "onset_date", "onset_precision", "notes"]


class EpisodeInput(EpisodeChange):
    patient = serializers.UUIDField()

    class Meta(EpisodeChange.Meta):
        fields = ["patient", *EpisodeChange.Meta.fields]


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """Consent to one use of the photos; in force while `revoked_at` is null."""

    url = Address("consent-detail")
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    manner = BlankAsNull(
        choices=ConsentManner.choices, read_only=True, help_text="How it was given; null: not recorded."
    )
    recorded_by = PersonSerializer(read_only=True)
    revoked_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Consent
        fields = [
            "id", "url", "patient", "use", "given_on", "manner", "recorded_by", "revoked_at", "revoked_by",
            "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields


class ConsentInput(serializers.ModelSerializer[Consent]):
    patient = serializers.UUIDField()
    manner = BlankAsNull(
        choices=ConsentManner.choices, required=False, default="", help_text="How it was given."
    )

    class Meta:
        model = Consent
        fields = ["patient", "use", "given_on", "manner"]
        validators: list[Any] = []


class VisitSerializer(serializers.ModelSerializer[Visit]):
    url = Address("visit-detail")
    patient = serializers.UUIDField(source="patient_id", read_only=True)
    episode = serializers.UUIDField(source="episode_id", read_only=True)
    clinician = PersonSerializer(read_only=True)
    assessments = serializers.SerializerMethodField(
        help_text="Clinical scales as they were answered in it; null for a token without the scope `results.read`."
    )

    class Meta:
        model = Visit
        fields = [
            "id", "url", "patient", "episode", "at", "origin", "clinician", "impression", "grade", "protocol",
            "assessments", "created_at", "archived_at", "version",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            "grade": {"help_text": "The clinician's House-Brackmann grade, 1 to 6."},
            "origin": {
                "help_text": "`home`: its photos were sent by the patient, and `clinician` asked for them."
            },
        }

    protocol = serializers.SerializerMethodField(
        help_text="Key of the protocol with which it was begun: what its series is complete by."
    )

    def get_protocol(self, visit: Visit) -> str:
        return protocols.of_key(visit.protocol).key

    @extend_schema_field(AssessmentSerializer(many=True, allow_null=True))
    def get_assessments(self, visit: Visit) -> Any:
        found = self.context["assessments"]
        if found is None:
            return None
        return AssessmentSerializer(found.get(visit.pk, []), many=True, context=self.context).data


class VisitChange(serializers.ModelSerializer[Visit]):
    at = MomentSerializerField(required=False, help_text="With its offset from UTC; now if left out.")

    class Meta:
        model = Visit
        fields = ["at", "impression", "grade"]

    def validate_at(self, at: dt.datetime) -> dt.datetime:
        """A visit is recorded when it happens or later; a few minutes are left to the clocks."""
        if at > timezone.now() + CLOCKS:
            raise serializers.ValidationError(_("A visit can't be in the future."), code="future")
        return at


class VisitInput(VisitChange):
    patient = serializers.UUIDField()
    episode = serializers.UUIDField(
        required=False, help_text="One of the patient's episodes; the current one if left out."
    )

    protocol = serializers.ChoiceField(
        choices=protocols.choices(), required=False, help_text="The clinic's own if left out."
    )

    class Meta(VisitChange.Meta):
        fields = ["patient", "episode", "protocol", *VisitChange.Meta.fields]

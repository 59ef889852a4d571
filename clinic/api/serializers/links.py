"""Links that are sent to patients."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clinic.examination.selectors_questionnaires import QUESTIONNAIRES
from clinic.patients.models import LinkPurpose, LinkState, PatientLink
from clinic.patients.services_links import LONGEST_DAYS, USUAL_DAYS

from .fields import Address, PersonSerializer


class PatientLinkSerializer(serializers.ModelSerializer[PatientLink]):
    """A link by which a patient answers without an account. Its secret is told once, where it is made."""

    url = Address("patient-link-detail")
    episode = serializers.UUIDField(source="episode_id", read_only=True)
    patient = serializers.UUIDField(source="episode.patient_id", read_only=True)
    state = serializers.ChoiceField(choices=LinkState.choices, read_only=True)
    wording = serializers.SerializerMethodField(
        help_text="Of a questionnaire the clinic's text that asks; null of a home programme."
    )
    made_by = PersonSerializer(read_only=True)
    address = serializers.SerializerMethodField(
        help_text="To be sent to the patient; null but in the answer that made it."
    )

    class Meta:
        model = PatientLink
        fields = [
            "id", "url", "episode", "patient", "purpose", "wording", "state", "made_by", "address", "expires_at",
            "used_at", "revoked_at", "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_wording(self, link: PatientLink) -> str | None:
        return link.subject if link.purpose == LinkPurpose.QUESTIONNAIRE else None

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_address(self, link: PatientLink) -> str | None:
        addresses: dict[Any, str] = self.context.get("addresses", {})
        return addresses.get(link.pk)


class PatientLinkInput(serializers.Serializer[Any]):
    episode = serializers.UUIDField()
    purpose = serializers.ChoiceField(
        choices=LinkPurpose.choices, required=False, default=LinkPurpose.QUESTIONNAIRE
    )
    scale = serializers.ChoiceField(
        choices=[(one.code, one.code) for one in QUESTIONNAIRES],
        required=False,
        help_text="Of a questionnaire, which needs it; no other link takes it.",
    )
    language = serializers.ChoiceField(
        choices=[(code, code) for code, _of in settings.LANGUAGES],
        required=False,
        help_text="In which it asks, the same way.",
    )
    days = serializers.IntegerField(
        required=False, default=USUAL_DAYS, min_value=1, max_value=LONGEST_DAYS, help_text="Until it ends."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A questionnaire is named by scale and language, and nothing else is."""
        asks = attrs["purpose"] == LinkPurpose.QUESTIONNAIRE
        wrong = [name for name in ("scale", "language") if (name in attrs) != asks]
        if wrong:
            said = _("Say this as well.") if asks else _("Only a questionnaire is asked for by this.")
            raise serializers.ValidationError(dict.fromkeys(wrong, said), "required" if asks else "invalid")
        return attrs

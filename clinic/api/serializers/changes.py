"""The change feed, as it is told: what happened to which record, and what the holder of a copy is to do."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.reverse import reverse

from clinic.feed.models import TOMBSTONES, Change, RecordKind, What

TODO: dict[str, tuple[str, str | Promise]] = {
    What.CREATED: ("fetch", _("Fetch the record.")),
    What.CHANGED: ("fetch", _("Fetch the record again.")),
    What.ARCHIVED: (
        "fetch",
        _("Fetch the record again; it is archived, so take it out of lists and figures."),
    ),
    What.RESTORED: ("fetch", _("Fetch the record again; it counts in lists and figures once more.")),
    What.REVOKED: (
        "stop_use",
        _(
            "Stop using the patient's photos for what this consent allowed, and delete the copies that were made for "
            "that alone."
        ),
    ),
    What.RESTRICTED: (
        "close",
        _(
            "Close your copy of everything of this patient: neither show nor use it until you are told that the "
            "restriction is lifted."
        ),
    ),
    What.RESTRICTION_LIFTED: (
        "fetch_all",
        _("Open your copy again, and fetch the patient with all records: you were told of none meanwhile."),
    ),
    What.ERASED: (
        "erase",
        _(
            "Delete your copy of everything of this patient, unless a law makes you keep it, and tell whoever you "
            "passed it on to."
        ),
    ),
    What.DESTROYED: (
        "erase",
        _("The record is destroyed. Delete what you still hold of this patient, in backups when they end."),
    ),
}


class TodoSerializer(serializers.Serializer[Any]):
    """What the holder of a copy is to do; decide by the code."""

    code = serializers.CharField(
        help_text="`fetch`, `fetch_all`, `stop_use`, `close`, `erase`; there may be others."
    )
    sentence = serializers.CharField()


@extend_schema_serializer(component_name="Change")
class ChangeSerializer(serializers.Serializer[Change]):
    kind = serializers.CharField(
        help_text="`patient`, `episode`, `treatment`, `consent`, `visit`, `photo`, `analysis`, `confirmation`, `task`, "
        "`assessment`."
    )
    id = serializers.UUIDField(source="record", help_text="Of the record.")
    url = serializers.SerializerMethodField(
        help_text="Where to fetch it; null where there is nothing to fetch."
    )
    what = serializers.CharField(
        help_text=(
            "`created`, `changed`, `archived`, `restored`; `revoked` of a consent; `restricted`, "
            "`restriction_lifted`, `erased`, `destroyed` of a patient with all that is theirs."
        )
    )
    version = serializers.IntegerField(
        allow_null=True,
        help_text="Grows with each change of the record; null of kinds that keep no versions.",
    )
    at = serializers.DateTimeField(
        help_text="When it happened. Changes come in their order, not in that of this time."
    )
    patient = serializers.UUIDField(help_text="Whose record it is.")
    clinic = serializers.UUIDField(source="clinic_id")
    photo = serializers.UUIDField(allow_null=True, help_text="That an analysis or a confirmation is of.")
    todo = serializers.SerializerMethodField()

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_url(self, change: Change) -> str | None:
        if change.what in TOMBSTONES - {What.REVOKED} or change.kind not in RecordKind.values:
            return None
        return reverse(f"api:{change.kind}-detail", args=[change.record], request=self.context.get("request"))

    @extend_schema_field(TodoSerializer)
    def get_todo(self, change: Change) -> dict[str, str]:
        code, sentence = TODO[change.what]
        return {"code": code, "sentence": str(sentence)}


@extend_schema_serializer(component_name="Changes")
class ChangesSerializer(serializers.Serializer[Any]):
    cursor = serializers.CharField(
        help_text="Keep it once you have dealt with `results`; the next look begins there."
    )
    next = serializers.URLField(help_text="The address of the next look.")
    more = serializers.BooleanField(help_text="Whether there is more to fetch at once.")
    results = ChangeSerializer(many=True)

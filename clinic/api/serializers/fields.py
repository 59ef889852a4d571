"""Fields that the resources share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

GRADE: dict[str, Any] = {"min_value": 1, "max_value": 6, "allow_null": True}
"""What a House-Brackmann grade may be, as a number."""


class BlankAsNull(serializers.ChoiceField):
    """A choice that may be absent: null outside, the empty string in the database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) if value else None

    def get_attribute(self, instance: Any) -> Any:
        # None would skip `to_representation`, which knows what to do with both.
        return super().get_attribute(instance) or ""


@extend_schema_field(OpenApiTypes.URI)
class Address(serializers.Field[str, Any, str, Any]):
    """The record's own address in the API."""

    def __init__(self, view_name: str, **kwargs: Any) -> None:
        self.view_name = view_name
        super().__init__(source="pk", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return reverse(f"api:{self.view_name}", args=[value], request=self.context.get("request"))


@extend_schema_field({"type": "string", "format": "binary"})
class UploadField(serializers.FileField):
    """A file as it comes. Not an ImageField, which would decode before intake has looked at size and type."""


class PersonSerializer(serializers.Serializer[Any]):
    """Who wrote something, as far as a colleague needs to know."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    name = serializers.CharField(source="get_full_name", read_only=True)
    kind = serializers.SerializerMethodField(
        help_text="`person`, or `system`: another program, so that no person said it."
    )

    @extend_schema_field({"type": "string", "examples": ["person", "system"]})
    def get_kind(self, user: Any) -> str:
        return "system" if user.pk in self.context["systems"] else "person"


@extend_schema_field(PersonSerializer(allow_null=True))
class RecordedBy(serializers.Field[Any, Any, Any, Any]):
    """Who made the record, by its history; null where that names nobody."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="pk", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        author = self.context["authors"].get(value)
        return PersonSerializer(author, context=self.context).data if author else None

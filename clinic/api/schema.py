"""The OpenAPI document: what drf-spectacular can't read off the code by itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny

from .problems import CATALOGUE, MEDIA_TYPE

ANSWERS = {
    "400": "The request is malformed or a field is wrong.",
    "401": "No valid token or session.",
    "403": "Your role does not permit this.",
    "404": "There is nothing here that you may see.",
    "409": "The request contradicts what is on record.",
    "413": "The request or the photo is too large.",
    "415": "The media type, or the type of the photo, is not supported.",
    "422": "The photo can't be taken in.",
    "429": "Too many requests; `Retry-After` says when to come back.",
}


class TokenScheme(OpenApiAuthenticationExtension):
    """A token of `POST /api/v1/tokens/`, or one made in the profile."""

    target_class = "knox.auth.TokenAuthentication"
    name = "token"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class Schema(AutoSchema):
    """Names operations after their views, and lists the problems that each may answer with."""

    def get_problem_statuses(self) -> set[str]:
        """The statuses of the problems that this operation may answer with."""
        if self.path.startswith("/api/v1/tokens"):
            return {"400", "401", "413", "415", "429"} if self.method == "POST" else {"401", "409", "429"}
        found = {"429"}
        if "{" in self.path:
            found.add("404")
        if AllowAny in self.view.permission_classes:
            return found
        found.add("401")
        if self.method in ("POST", "PATCH"):
            found |= {"400", "403", "404", "409", "413", "415"}
        if self.method == "GET" and self._is_list_view():
            found.add("400")
        if self.method == "POST" and self.path == "/api/v1/photos/":
            found.add("422")
        return found

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for status in self.get_problem_statuses():
            operation["responses"].setdefault(
                status,
                {
                    "description": ANSWERS[status],
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            )
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation


def name_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the shape that every problem has."""
    text = {"type": "string"}
    error = {
        "type": "object",
        "required": ["field", "code", "detail"],
        "properties": {
            "field": {**text, "description": "Empty where the error is about the whole."},
            "code": text,
            "detail": text,
        },
    }
    result["components"]["schemas"]["Problem"] = {
        "type": "object",
        "description": "Problem details (RFC 9457). Decide by `code`; titles and details are for people.",
        "required": ["type", "title", "status", "code", "detail", "instance"],
        "properties": {
            "type": {**text, "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "code": {**text, "enum": list(CATALOGUE)},
            "detail": text,
            "instance": {**text, "description": "The path that was asked for."},
            "errors": {"type": "array", "items": error, "description": "What is wrong, field by field."},
        },
    }
    return result

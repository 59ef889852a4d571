"""The OpenAPI document: what drf-spectacular can't read off the code by itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

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


class Schema(AutoSchema):
    """Names operations after their views, and lists the problems that each may answer with."""

    def get_problem_statuses(self) -> list[str]:
        """The statuses of the problems that this operation may answer with."""
        found = ["429"]
        if self.view.permission_classes:
            found.append("401")
        if self.path.startswith("/api/v1/tokens"):
            found += ["400", "401", "409"]
        if "{" in self.path:
            found.append("404")
        if self.method in ("POST", "PATCH", "DELETE") and self.view.permission_classes:
            found += ["400", "403", "404", "409", "413", "415"]
        if self._is_list_view() and self.method == "GET":
            found.append("400")
        if self.view.__class__.__name__ == "PhotoViewSet" and self.method == "POST" and "{" not in self.path:
            found.append("422")
        return sorted(set(found))

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

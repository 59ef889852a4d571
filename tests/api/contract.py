"""A client that holds every answer of the API against the committed OpenAPI document."""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from clinic.api.etags import asks_for_match

SNAPSHOT = Path(settings.BASE_DIR) / "clinic" / "api" / "schema.yaml"
# What any address may answer, whatever its operation says.
ANYWHERE = {405, 406, 500}


@lru_cache
def document() -> dict[str, Any]:
    """The snapshot."""
    loaded: dict[str, Any] = yaml.load(SNAPSHOT.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader"))  # noqa: B009
    return loaded


@lru_cache
def strict_components() -> dict[str, Any]:
    """The components, closed: an answer with a field that the document lacks is wrong."""
    components = copy.deepcopy(document()["components"])
    for schema in components["schemas"].values():
        _close(schema)
    return components  # type: ignore[no-any-return]


def _close(schema: Any) -> None:
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            _close(value)
    elif isinstance(schema, list):
        for value in schema:
            _close(value)


def errors_of(schema: dict[str, Any], value: Any) -> list[str]:
    """Where the value departs from the schema."""
    validator = Draft202012Validator(
        {**schema, "components": strict_components()}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator.iter_errors(value)
    ]


@lru_cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path) + "$"), path) for path in paths]


def template_of(path: str) -> str | None:
    """The documented path that this one is an instance of."""
    return next((template for pattern, template in _patterns() if pattern.match(path)), None)


def resolved(response: dict[str, Any]) -> dict[str, Any]:
    """The response, or the component that it points to."""
    name = str(response.get("$ref", "")).rpartition("/")[2]
    return document()["components"]["responses"][name] if name else response  # type: ignore[no-any-return]


def check(method: str, path: str, response: Any) -> None:
    """Fail unless the document allows this answer of this operation."""
    template = template_of(path)
    if template is None or method in ("HEAD", "OPTIONS"):
        return
    status, media_type = response.status_code, response.get("Content-Type", "").partition(";")[0]
    operation = document()["paths"][template].get(method.lower())
    if operation is None or status in ANYWHERE:
        assert status in ANYWHERE or status in (401, 404), f"{method} {template} answered {status}"
        assert media_type == "application/problem+json"
        return
    # An identifier that is no UUID is an unknown address.
    assert str(status) in operation["responses"], f"{method} {template} answered {status}"
    contents = resolved(operation["responses"][str(status)]).get("content")
    if not contents:
        assert response.content == b"", f"{method} {template} {status} has a body"
        return
    assert media_type in contents, f"{method} {template} {status} came as {media_type}"
    if media_type.endswith("json"):
        wrong = errors_of(contents[media_type]["schema"], response.json())
        assert wrong == [], f"{method} {template} {status}: {wrong}"


class Client(APIClient):
    """DRF's test client, with each answer checked. It changes records whatever their version, unless told one."""

    def request(self, **kwargs: Any) -> Any:
        if asks_for_match(kwargs["REQUEST_METHOD"], template_of(kwargs["PATH_INFO"]) or ""):
            kwargs.setdefault("HTTP_IF_MATCH", "*")
        response = super().request(**kwargs)
        check(kwargs["REQUEST_METHOD"], kwargs["PATH_INFO"], response)
        return response

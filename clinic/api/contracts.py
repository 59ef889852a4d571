"""How the document binds both sides: requests hold no other fields than it names; answers may tell more one day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

COMPONENT = "#/components/schemas/"


def close_requests(document: dict[str, Any]) -> None:
    """Objects that are sent have no other fields: the server refuses them, and a client should not be let in doubt."""
    schemas = document["components"]["schemas"]
    for name in _reached(document, _requests(document)):
        if "properties" in schemas[name]:
            schemas[name]["additionalProperties"] = False


def open_answers(document: dict[str, Any]) -> None:
    """Codes in answers are texts with examples: a client made from the document must bear one that it doesn't know."""
    schemas = document["components"]["schemas"]
    sent = _reached(document, _requests(document))
    for name in sorted(set(schemas) - sent):
        if "enum" not in schemas[name]:
            schemas[name] = _opened(schemas[name], schemas)
    # What no request uses any more is named by nobody.
    used = _reached(document, [document["paths"], document["components"].get("responses", {})])
    for name in sorted(set(schemas) - used):
        if "enum" in schemas[name] or name in ("BlankEnum", "NullEnum"):
            del schemas[name]


def _opened(schema: Any, schemas: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_opened(one, schemas) for one in schema]
    if not isinstance(schema, dict):
        return schema
    codes = _codes(schema, schemas)
    if codes is None:
        return {key: _opened(value, schemas) for key, value in schema.items()}
    values, nullable = codes
    whole = all(isinstance(value, int) for value in values)
    kind = "integer" if whole else "string"
    rest = {key: value for key, value in schema.items() if key in ("description", "readOnly", "title")}
    return {"type": [kind, "null"] if nullable else kind, **rest, "examples": values}


def _codes(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[list[Any], bool] | None:
    """The known values of a field of codes and whether it may be null; None for any other schema."""
    if "enum" in schema:
        values = [value for value in schema["enum"] if value not in (None, "")]
        return values, None in schema["enum"] or "null" in schema.get("type", [])
    if "$ref" in schema:
        return (
            _codes(schemas[schema["$ref"].removeprefix(COMPONENT)], schemas)
            if _is_code(schema, schemas)
            else None
        )
    for way in ("oneOf", "anyOf", "allOf"):
        parts = schema.get(way) or []
        coded = [part for part in parts if _is_code(part, schemas)]
        others = [part for part in parts if part not in coded]
        if coded and all(_is_null(part, schemas) for part in others):
            found = [codes for part in coded if (codes := _codes(part, schemas))]
            nullable = bool(others) or any(null for _values, null in found)
            return [value for values, _null in found for value in values], nullable
    return None


def _is_code(schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    if "$ref" in schema:
        return "enum" in schemas.get(schema["$ref"].removeprefix(COMPONENT), {})
    return "enum" in schema


def _is_null(schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    target = schemas.get(schema.get("$ref", "").removeprefix(COMPONENT), schema)
    return target.get("type") == "null"


def _requests(document: dict[str, Any]) -> list[Any]:
    """What is sent: the bodies, and the parameters of queries."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    return [
        part
        for operation in operations
        for part in (operation.get("requestBody"), operation.get("parameters"))
    ]


def _reached(document: dict[str, Any], roots: Any) -> set[str]:
    """The names of all components that these parts lead to."""
    found: set[str] = set()
    waiting = list(_named(roots))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _named(document["components"]["schemas"].get(name))
    return found


def _named(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(COMPONENT):
                yield value.removeprefix(COMPONENT)
            else:
                yield from _named(value)
    elif isinstance(part, list):
        for value in part:
            yield from _named(value)

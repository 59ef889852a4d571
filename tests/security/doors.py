"""Every address of the house with production's headers and cookies in force."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.house.test_settings import PRODUCTION
from tests.shell.places import KINDS

HOST = "clinic.example.org"
# What belongs to this suite's own servers and folders stays.
KEPT = (
    "DATABASES",
    "CACHES",
    "STORAGES",
    "VAR_DIR",
    "STATIC_ROOT",
    "CELERY",
    "LOGGING",
    "LOG_JSON",
    "PASSWORD_HASHERS",
)
RANDOM = "6f2f4f5e-0000-4000-8000-000000000000"
CONVERTED = re.compile(r"<(?:(\w+):)?(\w+)>")


def production_settings(monkeypatch: Any) -> dict[str, Any]:
    """The values that production's settings have, read under an environment like a clinic's."""
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    for name in ("clinic.config.settings.base", "clinic.config.settings.production"):
        module = importlib.reload(importlib.import_module(name))
    return {
        name: getattr(module, name) for name in dir(module) if name.isupper() and not name.startswith(KEPT)
    }


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Each route in full with its pattern."""
    yield from _walk(get_resolver(), "")


def _walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield route, pattern


def path_of(route: str, records: dict[str, Any]) -> str:
    """The route with records of ours put in; what is not ours is a number that nobody has."""
    kind = max((kind for kind in KINDS if route.startswith(kind)), key=len, default="")
    if route.startswith("api/v1/"):
        kind = route.removeprefix("api/v1/").partition("/")[0].rstrip("s")
        pk = records.get({"analyse": "analysis"}.get(kind, kind))
    else:
        pk = records.get(KINDS.get(kind, ""))

    def fill(match: re.Match[str]) -> str:
        if match[1] == "uuid":
            return str(getattr(pk, "pk", RANDOM))
        return "1" if match[1] == "int" else "rest"

    plain = CONVERTED.sub(fill, route)
    # Regular expressions: the catch-alls of API and administration.
    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "nothing", plain).replace(".*", "nothing")
    return "/" + plain.replace("^", "").replace("$", "").replace("\\Z", "").lstrip("/")

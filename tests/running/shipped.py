"""What stands in docker/: the compose file with its variables put in, the Dockerfiles' last stage, the manifests."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
DOCKERFILES = {"risorius-web": DOCKER / "web.Dockerfile", "risorius-worker": DOCKER / "worker.Dockerfile"}
SITE = "localhost"
# What docker/env.example asks for.
CHOSEN = {"RISORIUS_SITE": SITE, "RISORIUS_VERSION": "0.1.0"}
VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::(\?|-)([^}]*))?\}")


class Missing(KeyError):
    """A variable without which compose stops."""


def interpolate(text: str, chosen: Mapping[str, str]) -> str:
    """The text as compose reads it: ${NAME:-default}, ${NAME:?complaint}, and $$ for a dollar."""

    def put_in(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if name is None:
            return "$"
        if chosen.get(name):
            return chosen[name]
        if kind == "?":
            raise Missing(name)
        return rest or ""

    return VARIABLE.sub(put_in, text)


def compose(chosen: Mapping[str, str] = CHOSEN) -> dict[str, Any]:
    """The compose file, its anchors merged."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        return interpolate(value, chosen) if isinstance(value, str) else value

    read: dict[str, Any] = walk(yaml.safe_load((DOCKER / "compose.yml").read_text()))
    return read


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def image_name(service: Mapping[str, Any]) -> str:
    return str(service["image"]).partition(":")[0]


@cache
def dockerfile(path: Path) -> list[tuple[str, str]]:
    """The instructions of the last stage."""
    text = re.sub(r"\\\n\s*", "", path.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]
    last = max(index for index, (word, _rest) in enumerate(pairs) if word == "FROM")
    return pairs[last:]


def image_environment(path: Path) -> dict[str, str]:
    """The ENV of the image; PATH as it is inside."""
    pairs = (pair.partition("=") for word, rest in dockerfile(path) if word == "ENV" for pair in rest.split())
    return {name: value.replace("$PATH", os.defpath.lstrip(":")) for name, _equals, value in pairs}


def command_of(service: Mapping[str, Any]) -> list[str]:
    """What the container runs: its own command, or its image's."""
    if "command" in service:
        return list(service["command"])
    rest = next(rest for word, rest in dockerfile(DOCKERFILES[image_name(service)]) if word == "CMD")
    command: list[str] = json.loads(rest)
    return command


def seconds(text: str | int) -> int:
    """A duration of compose, as 90s or 1m30s."""
    parts = re.findall(r"(\d+)(h|m|s)", str(text))
    return sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)


def manifests() -> list[tuple[str, dict[str, Any]]]:
    """Every document of docker/kubernetes/, with its file's name."""
    return [
        (path.name, document)
        for path in sorted((DOCKER / "kubernetes").glob("*.yaml"))
        for document in yaml.safe_load_all(path.read_text())
        if document
    ]

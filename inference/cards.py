"""The model card as the Models pages show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .registry import ReleaseInfo


def describe(release: ReleaseInfo) -> dict[str, Any]:
    """A release with its card."""
    return {"name": release.name, "card": release.card}


def figure_path(release: ReleaseInfo, file: str) -> Path | None:
    """A figure of the release, if it has one of that name."""
    if release.folder is None or Path(file).name != file or not file.endswith(".png"):
        return None
    path = release.folder / file
    return path if path.is_file() else None

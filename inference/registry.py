"""Which model release is active, its card, and what is wrong with it. Standard library only, for the web process."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from inference.pipeline.errors import PipelineError
from inference.pipeline.release import Release, active_folder, load_release, verify_release

logger = logging.getLogger(__name__)

NO_RELEASE = "none"
"""Stands for the release of a photo queued while no model is installed; the worker that claims it puts its own."""
RECHECK_AFTER = 5.0
"""Seconds for which the folder is trusted; its checksums are made anew only when a file in it changed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the active release can't be used: a code of `inference.errors` and the technical sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release as the pages need it; `problems` is empty when the worker may use it. files: name -> SHA-256."""

    name: str
    folder: Path | None = None
    card: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        return not self.problems


_lock = threading.Lock()
_known: tuple[float, object, ReleaseInfo] | None = None


def artifacts_dir() -> Path:
    return Path(settings.MODEL_ARTIFACTS_DIR)


def active() -> ReleaseInfo:
    """The active model release and its problems, kept until a file of it changes."""
    global _known
    with _lock:
        root = artifacts_dir()
        if _known and time.monotonic() - _known[0] < RECHECK_AFTER and _known[1][0] == root:  # type: ignore[index]
            return _known[2]
        fingerprint = (root, _fingerprint(root))
        info = _known[2] if _known and _known[1] == fingerprint else _inspect(root)
        _known = (time.monotonic(), fingerprint, info)
        return info


def forget() -> None:
    """Look at the folder anew on the next call."""
    global _known
    with _lock:
        _known = None


def releases() -> list[ReleaseInfo]:
    """Every release in the folder, the active one first, then by name, newest first."""
    current = active()
    found = [current] if current.folder else []
    for folder in sorted(artifacts_dir().glob("*/release.json"), reverse=True):
        if folder.parent != current.folder:
            found.append(_described(folder.parent))
    return found


def by_name(name: str) -> ReleaseInfo | None:
    """The release of that name, or None."""
    return next((release for release in releases() if release.name == name), None)


def _fingerprint(root: Path) -> object:
    """Changes whenever a file of the active release does, without reading it."""
    try:
        folder = active_folder(root)
        files = sorted(path for path in folder.iterdir() if path.is_file())
        return folder, tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    except (PipelineError, OSError) as error:
        return str(error)


def _inspect(root: Path) -> ReleaseInfo:
    try:
        release = verify_release(root)
    except PipelineError as error:
        logger.error("The model release can't be used (%s): %s", error.code, error)
        return _named_as_far_as_known(root, Problem(error.code, str(error)))
    return _info(release)


def _named_as_far_as_known(root: Path, problem: Problem) -> ReleaseInfo:
    try:
        folder = active_folder(root)
    except PipelineError:
        return ReleaseInfo(NO_RELEASE, problems=(problem,))
    return replace(_described(folder), problems=(problem,))


def _described(folder: Path) -> ReleaseInfo:
    try:
        release = load_release(folder)
    except PipelineError as error:
        return ReleaseInfo(folder.name, folder, problems=(Problem(error.code, str(error)),))
    return _info(release)


def _info(release: Release) -> ReleaseInfo:
    card = release.card if isinstance(release.card, dict) else {}
    return ReleaseInfo(release.name, release.folder, card, files=release.files)

"""Which model release is in use, which runs beside it, their cards, and what is wrong with them.

Standard library and one table, for the web process. A release is a folder; the table says what is done with it. As
long as the table names no release in use, the one that the folder's ACTIVE file names is: see docs/releases.md.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.db import DatabaseError, connection

from inference import selectors
from inference.pipeline.errors import ModelAltered, PipelineError
from inference.pipeline.release import (
    JUDGEMENT_FILE,
    Release,
    active_folder,
    load_release,
    release_folder,
    sha256_of,
    verify_release,
)
from inference.selectors import Decision

from .since import measured_since

logger = logging.getLogger(__name__)

NO_RELEASE = "none"
"""Stands for the release of a photo queued while no model is installed; the worker that claims it puts its own."""
RECHECK_AFTER = 5.0
"""Seconds for which table and folder are trusted; checksums are made anew only when a file changed."""


@dataclass(frozen=True, slots=True)
class ReleaseProblem:
    """Why the release in use can't be used: a code of `inference.errors` and the technical sentence."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """A release as the pages need it; `problems` is empty when the worker may use it.

    files: name -> SHA-256. exercises: those that it tells apart. thresholds, repeatability: as in release.json.
    """

    name: str
    folder: Path | None = None
    card: dict[str, Any] = field(default_factory=dict)
    problems: tuple[ReleaseProblem, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    exercises: tuple[str, ...] = ()
    thresholds: dict[str, float] = field(default_factory=dict)
    repeatability: dict[str, Any] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        return not self.problems

    @property
    def uses_reference(self) -> bool:
        """Whether it judges a face beside the same face at rest."""
        return JUDGEMENT_FILE in self.files


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    root: Path
    decision: Decision
    fingerprint: object
    info: ReleaseInfo


_lock = threading.Lock()
_known: _Known | None = None
_papers: dict[tuple[Any, str], tuple[str, dict[str, Any]]] = {}
HASHED: Final = 16
"""Characters of a paper's hash, which tells versions of one paper apart and proves nothing."""
_remembered_at = 0.0


def artifacts_dir() -> Path:
    return Path(settings.MODEL_ARTIFACTS_DIR)


def active() -> ReleaseInfo:
    """The release in use and its problems, known anew some seconds after table or folder changed."""
    return _look().info


def shadow_name() -> str:
    """The release that runs beside the one in use, its results unseen; empty if there is none."""
    look = _look()
    return "" if look.decision.shadow == look.info.name else look.decision.shadow


def default_name() -> str:
    """The release that the folder's ACTIVE file names; empty if it names none that is there."""
    try:
        return active_folder(artifacts_dir()).name
    except PipelineError:
        return ""


def forget() -> None:
    """Look at table and folder anew on the next call."""
    global _known
    with _lock:
        _known = None
        _papers.clear()


def releases() -> list[ReleaseInfo]:
    """Every release in the folder, the one in use first, then by name, newest first."""
    current = active()
    found = [current] if current.folder else []
    for file in sorted(artifacts_dir().glob("*/release.json"), reverse=True):
        if file.parent != current.folder:
            found.append(_described(file.parent))
    return found


def by_name(name: str) -> ReleaseInfo | None:
    """The release of that name, or None."""
    return next((release for release in releases() if release.name == name), None)


def repeatability(name: str) -> dict[str, Any]:
    """The smallest detectable changes of that release's figures; empty where it is unknown or has measured none. Asked
    for every figure of a page, so it is believed for some seconds."""
    return _remembered(name)[1]


def paper_of(name: str) -> str:
    """A hash of the release's own paper, whenever it was installed; empty where it isn't. Believed for some seconds."""
    return _remembered(name)[0]


def _remembered(name: str) -> tuple[str, dict[str, Any]]:
    global _remembered_at
    if time.monotonic() - _remembered_at > RECHECK_AFTER:
        _papers.clear()
        _remembered_at = time.monotonic()
    key = settings.MODEL_ARTIFACTS_DIR, name
    if key not in _papers:
        try:
            folder = release_folder(name, artifacts_dir())
            told = _described(folder)
            paper = sha256_of(folder / "release.json")[:HASHED]
            _papers[key] = paper, {**measured_since(told.files), **told.repeatability}
        except (PipelineError, OSError):
            _papers[key] = "", {}
    return _papers[key]


def installed(name: str) -> bool:
    """Whether there is a folder of that name."""
    try:
        return release_folder(name, artifacts_dir()).is_dir()
    except PipelineError:
        return False


def fingerprint(folder: Path) -> str:
    """SHA-256 over release.json, card.json and every file that release.json lists. Raises PipelineError."""
    names = ["release.json", "card.json", *sorted(load_release(folder).files)]
    try:
        lines = [f"{name} {sha256_of(folder / name)}\n" for name in names]
    except OSError as error:
        raise ModelAltered(f"A file of {folder.name} can't be read: {error.strerror}.") from error
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check(name: str) -> Release:
    """The release, if it may be used: complete, unaltered, and the one that was registered. Raises PipelineError."""
    return _checked(name, selectors.fingerprint_of(name=name))


def _checked(name: str, expected: str) -> Release:
    release = verify_release(artifacts_dir(), name)
    if release.name != name:
        raise ModelAltered(f"The folder {name} holds the model release {release.name}.")
    if expected and fingerprint(release.folder) != expected:
        raise ModelAltered(f"Model release {name} is not the one that was registered under that name.")
    return release


def _look() -> _Known:
    global _known
    with _lock:
        root = artifacts_dir()
        if _known and time.monotonic() - _known.at < RECHECK_AFTER and _known.root == root:
            return _known
        decision = _decided()
        found = (decision, _files(root, decision.active))
        if _known and (_known.root, _known.decision, _known.fingerprint) == (root, *found):
            info = _known.info
        else:
            info = _inspect(root, decision)
        _known = _Known(time.monotonic(), root, *found, info)
        return _known


def _decided() -> Decision:
    """What the table says; while it can't be asked, what it said last, or nothing."""
    before = _known.decision if _known else Decision()
    on_file = connection.vendor == "sqlite" and not cast(Any, connection).is_in_memory_db()
    if on_file and not Path(connection.settings_dict["NAME"]).exists():
        return before  # a look makes no database
    try:
        return selectors.decision()
    except DatabaseError:
        return before


def _files(root: Path, name: str) -> object:
    """Changes whenever a file of the release does, without reading it."""
    try:
        folder = release_folder(name, root) if name else active_folder(root)
        files = sorted(path for path in folder.iterdir() if path.is_file())
        return folder, tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)
    except (PipelineError, OSError) as error:
        return str(error)


def _inspect(root: Path, decision: Decision) -> ReleaseInfo:
    try:
        release = _checked(decision.active, decision.fingerprint) if decision.active else verify_release(root)
    except PipelineError as error:
        logger.error("The model release can't be used (%s): %s", error.code, error)
        return _named_as_far_as_known(root, decision.active, ReleaseProblem(error.code, str(error)))
    return _info(release)


def _named_as_far_as_known(root: Path, name: str, problem: ReleaseProblem) -> ReleaseInfo:
    try:
        folder = release_folder(name, root) if name else active_folder(root)
    except PipelineError:
        return ReleaseInfo(name or NO_RELEASE, problems=(problem,))
    return replace(_described(folder), name=name or _described(folder).name, problems=(problem,))


def _described(folder: Path) -> ReleaseInfo:
    """The release of a folder, read again only when one of its two papers changed: pages ask for every figure that
    they draw."""
    return _read(folder, *(_stamp(folder / name) for name in ("release.json", "card.json")))


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=64)
def _read(folder: Path, *_stamps: tuple[int, int]) -> ReleaseInfo:
    try:
        release = load_release(folder)
    except PipelineError as error:
        return ReleaseInfo(folder.name, folder, problems=(ReleaseProblem(error.code, str(error)),))
    return _info(release)


def _info(release: Release) -> ReleaseInfo:
    card = release.card if isinstance(release.card, dict) else {}
    return ReleaseInfo(
        release.name,
        release.folder,
        card,
        files=release.files,
        exercises=release.exercises,
        thresholds=release.thresholds,
        repeatability=release.repeatability,
    )

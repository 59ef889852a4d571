"""What a model release must bring before this installation lets it in; each refusal is a sentence.

From good machine learning practice (FDA, Health Canada and MHRA, Good Machine Learning Practice for Medical Device
Development: Guiding Principles, 2021): test people apart from training people (principle 4), figures with their
uncertainty (8, 9), and files that are provably the released ones (2).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from inference.pipeline.codes import EXERCISES
from inference.pipeline.errors import PipelineError
from inference.pipeline.release import PREPROCESSING_VERSION, SERVED, Release, load_release, sha256_of

from . import registry

SHA256 = re.compile(r"[0-9a-f]{64}")
MODEL_SUFFIXES = frozenset({".tflite", ".keras", ".h5", ".onnx", ".npz"})
"""Files that decide a result, and so need a checksum."""


class Refused(Exception):
    """A release that stays outside; the message says why, for the administrator."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A release that may come in, and its fingerprint."""

    release: Release
    fingerprint: str


def examine(folder: Path) -> Admitted:
    """The release of that folder, given by path or by name. Raises Refused."""
    place = _place(folder)
    try:
        release = load_release(place)
    except PipelineError as error:
        raise Refused(str(error)) from error
    for look in CHECKS:
        look(release)
    return Admitted(release, registry.fingerprint(place))


def _place(folder: Path) -> Path:
    root = registry.artifacts_dir().resolve()
    here = root / folder if not folder.is_absolute() and len(folder.parts) == 1 else folder
    place = (here if here.is_dir() else folder).resolve()
    if not place.is_dir():
        raise Refused(f"There is no folder {folder}.")
    if place.parent != root:
        raise Refused(
            f"{folder} does not lie in {root}. Copy it there first, on every machine that runs the product: "
            "registering copies nothing."
        )
    return place


def _name(release: Release) -> None:
    if release.name != release.folder.name:
        raise Refused(f"The folder {release.folder.name} holds a release that calls itself {release.name!r}.")
    if len(release.name) > 64 or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", release.name):
        raise Refused("A release's name has at most 64 letters, digits, points and dashes.")


def _checksums(release: Release) -> None:
    if not release.files:
        raise Refused("release.json lists no files with checksums.")
    for name, checksum in release.files.items():
        if Path(name).name != name:
            raise Refused(f"release.json names a file outside its folder: {name!r}.")
        if not SHA256.fullmatch(str(checksum)):
            raise Refused(f"{name} has no SHA-256 checksum in release.json.")
        path = release.path(name)
        if path.is_symlink() or not path.is_file():
            raise Refused(f"{name} is missing.")
        if sha256_of(path) != checksum:
            raise Refused(f"{name} differs from its checksum in release.json.")
    unlisted = [
        path.name
        for path in sorted(release.folder.iterdir())
        if path.suffix in MODEL_SUFFIXES and path.name not in release.files
    ]
    if unlisted:
        raise Refused(f"{unlisted[0]} lies in the folder without a checksum in release.json.")


def _preprocessing(release: Release) -> None:
    if release.preprocessing not in SERVED:
        raise Refused(
            f"It wants photos prepared by version {release.preprocessing}; this program makes version "
            f"{PREPROCESSING_VERSION}. Install the version of Risorius that belongs to it."
        )
    if not release.exercises or not set(release.exercises) <= set(EXERCISES):
        raise Refused("It knows exercises that this program does not.")


def _test_people(release: Release) -> None:
    data = _card(release).get("data")
    data = data if isinstance(data, dict) else {}
    splits = data.get("splits")
    test = splits.get("test") if isinstance(splits, dict) else None
    if not isinstance(test, dict) or not _positive(test.get("people")):
        raise Refused("Its card names no test people (data.splits.test.people).")
    by_person = str(data.get("disjoint_by", "")) == "person" or str(data.get("split", "")).startswith(
        "by person"
    )
    if not by_person:
        raise Refused(
            "Its card does not say that no person is in two splits (data.disjoint_by must be “person”)."
        )
    if not _manifests(data):
        raise Refused(
            "Its card names no data set by hash (data.manifest_sha256), so who was tested can't be proved."
        )


def _figures(release: Release) -> None:
    figures = _card(release).get("figures")
    if not isinstance(figures, list) or not figures:
        raise Refused("Its card holds no figures.")
    for row in figures:
        name = str(row.get("name") or row.get("key") or "?") if isinstance(row, dict) else "?"
        if not isinstance(row, dict) or not _number(row.get("value")):
            raise Refused(f"A figure of its card has no value: {name}.")
        low, high = row.get("low"), row.get("high")
        if not _number(low) or not _number(high) or low > high or not row.get("interval"):
            raise Refused(f"A figure of its card has no interval (low, high, interval): {name}.")


CHECKS: tuple[Callable[[Release], None], ...] = (_name, _checksums, _preprocessing, _test_people, _figures)


def _card(release: Release) -> dict[str, Any]:
    return release.card if isinstance(release.card, dict) else {}


def _manifests(data: dict[str, Any]) -> list[str]:
    """The hashes of the data sets' manifests: one, a list of them, or rows with a `sha256` each."""
    given = data.get("manifest_sha256") or data.get("manifests") or []
    rows = list(given.values()) if isinstance(given, dict) else given if isinstance(given, list) else [given]
    hashes = [str(row.get("sha256", "")) if isinstance(row, dict) else str(row) for row in rows]
    return hashes if hashes and all(SHA256.fullmatch(text) for text in hashes) else []


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""Where the training's raw material comes from, and one sentence for each when it is missing."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from inference.pipeline.errors import PipelineError

FACE = (
    "The ICT face model is missing at {path}: get ICT-FaceKit (MIT) from github.com/ICT-VGL/ICT-FaceKit and "
    "pack it with `python -m ml_training.pack_face`, then name that folder with --face."
)
PORTRAITS = (
    "No portraits (*.jpg) at {path}: get SFHQ (MIT) from github.com/SelfishGene/SFHQ-dataset and name the "
    "folder with --portraits."
)
WEIGHTS = (
    "The ImageNet weights are missing at {path}: they are what Keras downloads for weights='imagenet', "
    "include_top=False; name their folder in the config."
)

CONFIG = "No config at {path}: those of the releases lie in ml_training/configs, and docs/training.md has every key."


class SourceMissing(SystemExit):
    """Raw material is not where the caller said; the message says where anyone can get it."""


def face_folder(path: Path) -> Path:
    """The folder, checked to hold ict_face.npz and vertex_indices.json. Raises SourceMissing."""
    if not (path / "ict_face.npz").is_file() or not (path / "vertex_indices.json").is_file():
        raise SourceMissing(FACE.format(path=path))
    return path


def portrait_files(path: Path) -> list[Path]:
    """The portraits (*.jpg) of a folder, sorted by name. Raises SourceMissing."""
    files = sorted(path.glob("*.jpg")) if path.is_dir() else []
    if not files:
        raise SourceMissing(PORTRAITS.format(path=path))
    return files


def config(path: Path, kind: Any, given: dict[str, Any]) -> Any:
    """A config of that dataclass, with what the command line gives in place of what the file says. Raises SourceMissing
    where the file is absent, no JSON, or has keys that nobody knows."""
    if not path.is_file():
        raise SourceMissing(CONFIG.format(path=path))
    try:
        content = json.loads(path.read_text()) | given
    except (ValueError, TypeError) as error:
        raise SourceMissing(f"{path} holds no JSON object: {error}.") from error
    unknown = sorted(set(content) - {field.name for field in fields(kind)})
    if unknown:
        raise SourceMissing(f"{path} has keys that this program doesn't know: {', '.join(unknown)}.")
    try:
        return kind(**content)
    except TypeError as error:
        raise SourceMissing(f"{path} lacks a key: {error}.") from error


def told(main: Callable[[], None]) -> None:
    """Run a program; what it lacks is said in a sentence in place of a traceback. Raises SystemExit."""
    try:
        main()
    except PipelineError as error:
        raise SystemExit(str(error)) from error
    except OSError as error:
        if error.filename is None:
            raise
        reason = (error.strerror or "can't be read").lower()
        raise SystemExit(
            f"{error.filename}: {reason}. docs/training.md tells which command makes what."
        ) from error


def weights_file(path: Path) -> Path:
    """The file, checked to exist. Raises SourceMissing."""
    if not path.is_file():
        raise SourceMissing(WEIGHTS.format(path=path))
    return path

"""Where the training's raw material comes from, and one sentence for each when it is missing."""

from pathlib import Path

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


def config_file(path: Path) -> Path:
    """The file, checked to exist. Raises SourceMissing."""
    if not path.is_file():
        raise SourceMissing(CONFIG.format(path=path))
    return path


def weights_file(path: Path) -> Path:
    """The file, checked to exist. Raises SourceMissing."""
    if not path.is_file():
        raise SourceMissing(WEIGHTS.format(path=path))
    return path

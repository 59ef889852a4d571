"""A model release: a folder of model files, their checksums and the model card, all as data.

    artifacts/ACTIVE               the name of the release in use
    artifacts/2026.11.6/release.json, card.json, network.tflite, judgement.tflite, locator.tflite, refinement.npz, *.png

Standard library only, since the web process's system checks call `verify_release`.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from inference.pipeline.codes import EXERCISES
from inference.pipeline.errors import ModelAltered, ModelMissing

ARTIFACTS_DIR: Final = Path(__file__).resolve().parent.parent / "artifacts"
ACTIVE_FILE: Final = "ACTIVE"
JUDGEMENT_FILE: Final = "judgement.tflite"
"""Of releases that judge a face beside the same face at rest."""
PREPROCESSING_VERSION: Final = 3
"""Raised whenever `align`, `shape` or what a network is given changes, so that an old one is never fed new inputs."""
EVEN_GAUGE: Final = 3
"""The version from which on a network is given the mean of what the gauge reads in a face and in its mirror image."""
SERVED: Final = (2, PREPROCESSING_VERSION)
"""The versions that this code can still make: a release gets the inputs that it was trained on."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release as its release.json tells it.

    files: name -> SHA-256 (hex) of every file that serving reads.
    input_sizes: model name -> side of its square input, px.
    temperatures: head -> divisor of its logits, fitted on validation people.
    thresholds: "palsy" -> probability from which a weak side is named; "exercise" -> probability under
        which the exercise is called unsure.
    card: the model card (card.json) as data.
    visit: parameters by which several photos of one visit are combined.
    repeatability: measure or score -> smallest detectable change between two photos of the same face.
    refinement: the correction of the landmarks' pull towards symmetry.
    """

    name: str
    folder: Path
    files: dict[str, str]
    exercises: tuple[str, ...]
    input_sizes: dict[str, int]
    temperatures: dict[str, float]
    thresholds: dict[str, float]
    preprocessing: int
    card: dict[str, Any]
    visit: dict[str, Any] = field(default_factory=dict)
    repeatability: dict[str, float] = field(default_factory=dict)
    refinement: dict[str, Any] = field(default_factory=dict)

    @property
    def uses_reference(self) -> bool:
        """Whether it judges a face beside the same face at rest."""
        return JUDGEMENT_FILE in self.files

    def path(self, file: str) -> Path:
        """Where the named file of this release lies."""
        return self.folder / file


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def active_folder(artifacts_dir: Path | None = None) -> Path:
    """Folder of the release that ACTIVE names. Raises ModelMissing."""
    root = Path(artifacts_dir) if artifacts_dir else ARTIFACTS_DIR
    try:
        name = (root / ACTIVE_FILE).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ModelMissing(f"No model release is active: {root / ACTIVE_FILE} is missing.") from error
    return release_folder(name, root)


def release_folder(name: str, artifacts_dir: Path | None = None) -> Path:
    """Folder of the release of that name. Raises ModelMissing."""
    root = Path(artifacts_dir) if artifacts_dir else ARTIFACTS_DIR
    folder = root / name
    if not name or Path(name).name != name or not folder.is_dir():
        raise ModelMissing(f"The model release {name!r} has no folder in {root}.")
    return folder


def load_release(folder: Path) -> Release:
    """Read release.json and card.json of a release folder. Raises ModelMissing, ModelAltered.

    It reads no model file; `verify_release` does.
    """
    folder = Path(folder)
    try:
        data = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelMissing(f"{folder} holds no complete model release: {error.strerror}.") from error
    except ValueError as error:
        raise ModelAltered(f"release.json or card.json in {folder} is damaged.") from error
    try:
        return Release(
            name=str(data["name"]),
            folder=folder,
            files=dict(data["files"]),
            exercises=tuple(data["exercises"]),
            input_sizes=dict(data["input_sizes"]),
            temperatures=dict(data["temperatures"]),
            thresholds=dict(data["thresholds"]),
            preprocessing=int(data["preprocessing"]),
            card=card,
            **{key: dict(data.get(key, {})) for key in ("visit", "repeatability", "refinement")},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelAltered(f"release.json in {folder} lacks or garbles {error}.") from error


def verify_release(artifacts_dir: Path | None = None, name: str | None = None) -> Release:
    """Load the named release, or the one that ACTIVE names, and check each of its files against its checksum.

    Raises ModelMissing (nothing active, a file absent) or ModelAltered (another checksum, another list of
    exercises, crops of another version than this code makes).
    """
    release = load_release(release_folder(name, artifacts_dir) if name else active_folder(artifacts_dir))
    for file, expected in release.files.items():
        path = release.path(file)
        if not path.is_file():
            raise ModelMissing(f"{file} of model release {release.name} is missing.")
        if sha256_of(path) != expected:
            raise ModelAltered(f"{file} of model release {release.name} differs from its checksum.")
    if not release.exercises or not set(release.exercises) <= set(EXERCISES):
        raise ModelAltered(f"Model release {release.name} knows other exercises than this code.")
    if release.preprocessing not in SERVED:
        raise ModelAltered(f"Model release {release.name} wants crops of version {release.preprocessing}.")
    return release

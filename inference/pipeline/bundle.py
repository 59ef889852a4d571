"""Google's face landmarker: one file that holds the face detector, the face mesh and the gauge of expressions.

`face_landmarker/README.md` says where it comes from. Each process checks it against its checksum before it reads it.
"""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Final

from inference.pipeline.errors import ModelAltered, ModelMissing

FOLDER: Final = Path(__file__).resolve().parent / "face_landmarker"
FILE: Final = "face_landmarker.task"
DETECTOR: Final = "face_detector.tflite"
LANDMARKS: Final = "face_landmarks_detector.tflite"
BLENDSHAPES: Final = "face_blendshapes.tflite"


def network(name: str, folder: Path = FOLDER) -> bytes:
    """One of the three .tflite files of the bundle. Raises ModelMissing, ModelAltered."""
    try:
        content = (folder / FILE).read_bytes()
        listed = (folder / "SHA256SUMS").read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelMissing(f"{folder} lacks the face landmarker or its checksum.") from error
    if listed != [hashlib.sha256(content).hexdigest(), FILE]:
        raise ModelAltered(f"{FILE} differs from its checksum.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            return bundle.read(name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelAltered(f"{FILE} holds no {name}.") from error

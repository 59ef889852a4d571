"""The 478 points of MediaPipe's face mesh, in pixels of the upright image."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from inference.pipeline.codes import LANDMARK_COUNT
from inference.pipeline.errors import LandmarksFailed

MAX_FACES: Final = 3
"""Enough to tell one face from several."""

_import_lock = threading.Lock()
_NOT_NEEDED: Final = ("tensorflow", "jax")


@contextlib.contextmanager
def _without_training_libraries() -> Iterator[None]:
    """Make TensorFlow and JAX look absent while MediaPipe is imported.

    MediaPipe 0.10 takes both in for converters that no face mesh needs: 749 MB and 9 s instead of 128 MB
    and 1.4 s (2 cores, Python 3.11). A library that is loaded already, as in training, stays as it is.
    """
    with _import_lock:
        hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
        sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None means: import fails
        try:
            yield
        finally:
            for name in hidden:
                if sys.modules.get(name) is None:
                    sys.modules.pop(name, None)


class FaceMesh:
    """Finds faces in single images. One object a process: it is not safe to share between threads."""

    def __init__(self, max_faces: int = MAX_FACES) -> None:
        with _without_training_libraries():
            try:
                from mediapipe.python.solutions.face_mesh import FaceMesh as MediaPipeMesh
            except ImportError as error:
                raise LandmarksFailed(f"MediaPipe can't be loaded: {error}") from error
        self._mesh: Any = MediaPipeMesh(
            static_image_mode=True,
            max_num_faces=max_faces,
            refine_landmarks=True,
            min_detection_confidence=0.5,
        )

    def find(self, image: np.ndarray) -> list[np.ndarray]:
        """Faces in an RGB image (h, w, 3) uint8, largest first; each float32 (478, 3): x, y, z in px.

        z grows away from the camera, with its zero near the middle of the head. Raises LandmarksFailed.
        """
        height, width = image.shape[:2]
        try:
            found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks or []
        except (RuntimeError, ValueError) as error:
            raise LandmarksFailed("The face mesh could not be computed.") from error
        faces = [
            np.array([[p.x * width, p.y * height, p.z * width] for p in face.landmark], np.float32)
            for face in found
        ]
        for face in faces:
            if face.shape != (LANDMARK_COUNT, 3) or not np.isfinite(face).all():
                raise LandmarksFailed("The face mesh gave points that are no numbers.")
        return sorted(faces, key=lambda face: -float(np.ptp(face[:, 0])))

    def close(self) -> None:
        """Free the native graph."""
        self._mesh.close()

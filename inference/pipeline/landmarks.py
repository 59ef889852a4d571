"""The 478 points of the face mesh, in pixels of the picture: what a detector saw, looked at closely.

The networks are those of Google's face landmarker (`face_landmarker/README.md`); the square about a detected face and
the way back are those of MediaPipe's face_landmarks_detector_graph.cc (Apache-2.0).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from inference.pipeline import bundle
from inference.pipeline.codes import LANDMARK_COUNT
from inference.pipeline.detect import Detection, FaceDetector
from inference.pipeline.errors import LandmarksFailed
from inference.pipeline.lite import LiteModel

MAX_FACES: Final = 3
"""Enough to tell one face from several."""
SIDE: Final = 256
"""Side of the square in which the network sees a face, px."""
ROOM: Final = 1.5
"""Side of that square over the side of the detector's box."""
LEAST_PRESENCE: Final = 0.5
"""Probability that the square holds a face, under which its points are dropped."""
POINTS_SHAPE: Final = (1, 1, 1, LANDMARK_COUNT * 3)
PRESENCE_SHAPE: Final = (1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Face:
    """points: float32 (478, 3), x, y, z in px; z grows away from the camera, with its zero near the middle of the head.
    detection: what the detector saw before: how the head is held, since the mesh fits itself to any square that it is
    shown. presence: probability that there is a face, 0 to 1."""

    points: np.ndarray
    detection: Detection
    presence: float

    @property
    def width(self) -> float:
        """The larger of what it spans across and down the picture, px, so that a head on its side counts alike."""
        return float(np.ptp(self.points[:, :2], axis=0).max())

    @property
    def distant(self) -> bool:
        """Whether it is so small in the picture that only a second, closer look found it."""
        return self.detection.distant


class FaceMesh:
    """Finds faces in single images. One object a process: it is not safe to share between threads."""

    def __init__(self, max_faces: int = MAX_FACES, threads: int = 1) -> None:
        """Raises ModelMissing, ModelAltered, LandmarksFailed."""
        self.max_faces = max_faces
        self._detector = FaceDetector(threads)
        self._model = LiteModel(bundle.network(bundle.LANDMARKS), threads, LandmarksFailed)
        if (
            self._model.takes != {(1, SIDE, SIDE, 3)}
            or not {POINTS_SHAPE, PRESENCE_SHAPE} <= self._model.gives
        ):
            raise LandmarksFailed("The face mesh has other inputs or outputs than this code reads.")

    def find(self, image: np.ndarray) -> list[np.ndarray]:
        """Points of the faces in an RGB image (h, w, 3) uint8, largest face first; see `Face.points`. Raises
        LandmarksFailed."""
        return [face.points for face in self.faces(image)]

    def faces(self, image: np.ndarray) -> list[Face]:
        """Faces in an RGB image (h, w, 3) uint8, largest first. Raises LandmarksFailed."""
        seen = self._detector.find(image)[: self.max_faces]
        looked = [self._look(image, detection) for detection in seen]
        return sorted(
            (face for face in looked if face.presence >= LEAST_PRESENCE), key=lambda face: -face.width
        )

    def _look(self, image: np.ndarray, detection: Detection) -> Face:
        """The mesh of a detected face, in the square that is turned with its eyes."""
        turn, middle = np.radians(detection.roll_deg), detection.box[:2]
        size = detection.box[2:] * ROOM
        axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size / SIDE
        back = np.column_stack(
            [axes, middle - axes @ [SIDE / 2, SIDE / 2]]
        )  # px of the square to px of the picture
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        square = cv2.warpAffine(image, back, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        given = self._model.run(square.astype(np.float32) / 255)
        raw = given[POINTS_SHAPE].reshape(LANDMARK_COUNT, 3)
        flat = raw[:, :2] @ back[:, :2].T + back[:, 2]
        points = np.column_stack([flat, raw[:, 2] * size[0] / SIDE]).astype(np.float32)
        presence = 1 / (1 + np.exp(-np.clip(given[PRESENCE_SHAPE].item(), -100, 100)))
        return Face(points, detection, float(presence))

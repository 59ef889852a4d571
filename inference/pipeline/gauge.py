"""How strong each of 52 expressions is in a face mesh: a gauge of movement that was taught by real faces.

The network is the blendshape network of Google's face landmarker (`face_landmarker/README.md`; Grishchenko et al.,
"Blendshapes GHUM", arXiv 2309.05782). It reads the mesh alone, no pixels. It is blind to puffed cheeks and sneers:
`cheekPuff` and `noseSneer` stay near 0.
"""

from typing import Final

import numpy as np

from inference.pipeline import bundle
from inference.pipeline.codes import LANDMARK_COUNT
from inference.pipeline.errors import LandmarksFailed
from inference.pipeline.lite import LiteModel
from inference.pipeline.shape import MIRROR

READ: Final = np.array((
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
))  # fmt: skip
"""The 146 points of the mesh that the network reads (kLandmarksSubsetIdxs of MediaPipe's face_blendshapes_graph.cc)."""
NAMES: Final[tuple[str, ...]] = (
    "neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""The coefficients in the network's order (kBlendshapeNames there); left and right are the person's own."""
MIRRORED: Final[tuple[int, ...]] = tuple(
    NAMES.index(name.replace("Left", "*").replace("Right", "Left").replace("*", "Right")) for name in NAMES
)
"""The coefficient that each becomes in a mirror."""
GIVES: Final = (len(NAMES),)


class Gauge:
    """For one face at a time; not safe to share between threads."""

    def __init__(self, threads: int = 1) -> None:
        """Raises ModelMissing, ModelAltered, LandmarksFailed."""
        self._model = LiteModel(bundle.network(bundle.BLENDSHAPES), threads, LandmarksFailed)
        if self._model.takes != {(1, len(READ), 2)} or self._model.gives != {GIVES}:
            raise LandmarksFailed("The gauge has other inputs or outputs than this code reads.")

    def blendshapes(self, points: np.ndarray) -> np.ndarray:
        """(52,) coefficients, 0 to 1, in the order of `NAMES`, of a face mesh (478, 2 or more), px.

        The pixels must be square: a mesh in shares of the picture's width and height is stretched. Where the face lies
        and how large it is make no difference. Raises LandmarksFailed.
        """
        if points.ndim != 2 or len(points) != LANDMARK_COUNT or not np.isfinite(points).all():
            raise LandmarksFailed("A gauge needs the 478 points of a face mesh.")
        return self._model.run(points[READ, :2])[GIVES]

    def even(self, points: np.ndarray) -> np.ndarray:
        """(52,) the mean of what it reads in a face mesh and of what it reads in the mirror, sides changed back.

        The network itself isn't symmetric: of a mirrored face it reads coefficients that are some hundredths others.
        These turn over exactly. Raises LandmarksFailed.
        """
        straight = self.blendshapes(points)
        mirror = self.blendshapes(points[list(MIRROR), :2] * np.array([-1.0, 1.0]))
        return np.asarray((straight + mirror[list(MIRRORED)]) / 2)

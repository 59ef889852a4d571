"""Tells a person from the background: Google's selfie segmentation (`selfie_segmentation/README.md`) on LiteRT."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from inference.pipeline.lite import LiteModel

FILE: Final = Path(__file__).parent / "selfie_segmentation" / "selfie_segmentation.tflite"
SIDE: Final = 256
"""Side of the picture that the network sees, px; other shapes are squeezed into it."""


class Silhouette:
    """For one picture at a time; not safe to share between threads."""

    def __init__(self) -> None:
        """Raises ClassificationFailed."""
        self._model = LiteModel(FILE)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """(h, w) float32, 0 background to 1 person, of an RGB uint8 image (h, w, 3)."""
        seen = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        [mask] = self._model.run(seen).values()
        height, width = image.shape[:2]
        wide = cv2.resize(mask[..., 0].astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.clip(wide, 0, 1)

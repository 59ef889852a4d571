"""The locator of a release: where the landmarks of a face lie, more exactly than the face mesh tells."""

from typing import Final

import numpy as np

from inference.pipeline.errors import ClassificationFailed
from inference.pipeline.lite import LiteModel
from inference.pipeline.places import FACE
from inference.pipeline.release import Release

FILE: Final = "locator.tflite"
PLACES_SHAPE: Final = (1, len(FACE), 2)


class Locator:
    """For one photo at a time; not safe to share between threads. It looks at the crop and at its mirror image, so that
    a mirrored photo's landmarks are the mirrored ones."""

    def __init__(self, release: Release, threads: int = 1) -> None:
        """Raises ClassificationFailed."""
        self.size = release.input_sizes["locator"]
        self._model = LiteModel(release.path(FILE), threads)
        if self._model.takes != {(1, self.size, self.size, 3)} or self._model.gives != {PLACES_SHAPE}:
            raise ClassificationFailed("The locator has other inputs or outputs than its release says.")

    def find(self, crop: np.ndarray) -> np.ndarray:
        """(63, 2) places of `places.FACE` in the eyes' frame (see `places.with_places`), of a crop of
        `align.crop_face`, (size, size, 3), uint8. Raises ClassificationFailed."""
        return self._model.run(crop)[PLACES_SHAPE]


def of_release(release: Release, threads: int = 1) -> Locator | None:
    """The release's locator, None where it has none."""
    return Locator(release, threads) if FILE in release.files else None

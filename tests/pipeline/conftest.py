"""The people of these tests do not exist; each is composed of portraits that no model was trained on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

PEOPLE = Path(__file__).resolve().parents[1] / "people"


@pytest.fixture(scope="session")
def analyser():
    """The release in use, loaded once."""
    from inference.pipeline import Analyser

    return Analyser()


@pytest.fixture(scope="session")
def mesh():
    from inference.pipeline.landmarks import FaceMesh

    return FaceMesh()


@pytest.fixture(scope="session")
def person() -> np.ndarray:
    """A face at rest, RGB (h, w, 3)."""
    from inference.pipeline.decode import decode

    return decode(PEOPLE / "t1.jpg")


@pytest.fixture(scope="session")
def points(mesh, person) -> np.ndarray:
    [face] = mesh.find(person)
    return face


def exposed(image: np.ndarray, gain: float) -> np.ndarray:
    return np.clip(image * np.float32(gain), 0, 255).astype(np.uint8)


def scaled(image: np.ndarray, factor: float) -> np.ndarray:
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def tilted(image: np.ndarray, degrees: float) -> np.ndarray:
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def shaken(image: np.ndarray, length: int) -> np.ndarray:
    return cv2.filter2D(image, -1, np.full((1, length), 1 / length, np.float32))

"""Lays a photo so that the eyes stand where they stand on every other: for comparing two dates."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import BinaryIO, Final

from PIL import Image

# Corners of the patient's right and left eye among the landmarks: no expression moves them much.
RIGHT_EYE: Final = (33, 133)
LEFT_EYE: Final = (362, 263)

WIDTH: Final = 720
HEIGHT: Final = 900
EYE_DISTANCE: Final = 240
"""Between the eyes' centres, px: a third of the width leaves both ears in the picture."""
EYE_LINE: Final = 360
"""How far below the upper edge the eyes stand, px."""
_OUTSIDE: Final = (128, 132, 136)
"""Where the photo has nothing: a grey that stands back on light pages and on dark ones."""
_QUALITY: Final = 88


class CannotAlign(ValueError):
    """The landmarks don't show where the eyes are."""


def aligned_jpeg(*, file: BinaryIO, landmarks: Sequence[Sequence[float]]) -> bytes:
    """The photo turned, scaled and cut so that the eyes are level at a fixed place and distance."""
    eyes = _eyes(landmarks)
    with Image.open(file, formats=["JPEG"]) as image:
        scale = _scale(eyes, image.size)
        # A JPEG is decoded at half or a quarter of its size where that is enough.
        image.draft("RGB", (math.ceil(image.width / scale), math.ceil(image.height / scale)))
        picture = image.convert("RGB")
    scale = _scale(eyes, picture.size)
    if scale >= 2:
        picture = picture.reduce(int(scale))
    out = io.BytesIO()
    frame = picture.transform(
        (WIDTH, HEIGHT),
        Image.Transform.AFFINE,
        _matrix(eyes, picture.size),
        resample=Image.Resampling.BICUBIC,
        fillcolor=_OUTSIDE,
    )
    frame.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


Point = tuple[float, float]


def _eyes(landmarks: Sequence[Sequence[float]]) -> tuple[Point, Point]:
    """The centres of the patient's right and left eye, as shares of the picture's width and height."""
    try:
        right, left = (
            ((landmarks[a][0] + landmarks[b][0]) / 2, (landmarks[a][1] + landmarks[b][1]) / 2)
            for a, b in (RIGHT_EYE, LEFT_EYE)
        )
    except (IndexError, KeyError, TypeError) as error:
        raise CannotAlign from error
    if not all(math.isfinite(value) for value in (*right, *left)) or right == left:
        raise CannotAlign
    return right, left


def _placed(eyes: tuple[Point, Point], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The middle between the eyes and the way from the right to the left one, px."""
    (rx, ry), (lx, ly) = eyes
    width, height = size
    return (rx + lx) / 2 * width, (ry + ly) / 2 * height, (lx - rx) * width, (ly - ry) * height


def _scale(eyes: tuple[Point, Point], size: tuple[int, int]) -> float:
    """How many pixels of the photo make one of the frame."""
    _, _, across, down = _placed(eyes, size)
    return max(math.hypot(across, down) / EYE_DISTANCE, 1e-3)


def _matrix(
    eyes: tuple[Point, Point], size: tuple[int, int]
) -> tuple[float, float, float, float, float, float]:
    """Pillow's affine coefficients, which lead from a place in the frame to one in the photo."""
    x, y, across, down = _placed(eyes, size)
    a, b = across / EYE_DISTANCE, down / EYE_DISTANCE
    return (a, -b, x - a * WIDTH / 2 + b * EYE_LINE, b, a, y - b * WIDTH / 2 - a * EYE_LINE)

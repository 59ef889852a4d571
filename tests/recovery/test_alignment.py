"""Aligned photos: wherever the face was, the eyes end at the same place."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from clinic.recovery import alignment
from inference.pipeline.landmarks import FaceMesh

PEOPLE = Path(__file__).parents[1] / "people"
RIGHT, LEFT = (alignment.WIDTH - alignment.EYE_DISTANCE) / 2, (alignment.WIDTH + alignment.EYE_DISTANCE) / 2


@pytest.fixture(scope="module")
def mesh():  # type: ignore[no-untyped-def]
    return FaceMesh()


def landmarks(mesh: FaceMesh, image: Image.Image) -> list[list[float]]:
    (points,) = mesh.find(np.asarray(image.convert("RGB")))
    return [[float(x) / image.width, float(y) / image.height] for x, y in points[:, :2]]


def eyes(points: list[list[float]], width: int, height: int) -> tuple[tuple[float, float], ...]:
    """The centres of both eyes, px, by the same corners that the alignment goes by."""
    return tuple(
        ((points[a][0] + points[b][0]) / 2 * width, (points[a][1] + points[b][1]) / 2 * height)
        for a, b in (alignment.RIGHT_EYE, alignment.LEFT_EYE)
    )


def aligned(image: Image.Image, points: list[list[float]]) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    file.seek(0)
    return Image.open(io.BytesIO(alignment.aligned_jpeg(file=file, landmarks=points)))


def moved(image: Image.Image, degrees: float, scale: float) -> Image.Image:
    """The same face smaller or larger, and tilted, as the next visit's photo has it."""
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(120, 120, 120))


def dotted(photo: Image.Image, places: tuple[tuple[float, float], ...]) -> Image.Image:
    """The photo with a soft green dot at each place, true to a fraction of a pixel."""
    pixels = np.asarray(photo).astype(float)
    rows, columns = np.indices(pixels.shape[:2])
    for x, y in places:
        away = np.hypot(columns + 0.5 - x, rows + 0.5 - y)
        share = np.clip(photo.width / 120 + 0.5 - away, 0, 1)[..., None]
        pixels = pixels * (1 - share) + np.array([0, 255, 0]) * share
    return Image.fromarray(pixels.round().astype(np.uint8))


@pytest.mark.parametrize(
    "name", ["t1.jpg", "t2.jpg", "t1-left-palsy-smile.jpg", "t1-left-palsy-open-mouth.jpg"]
)
@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (9, 1), (-14, 0.75), (5, 2.3)])
def test_the_eyes_of_real_photos_end_where_the_frame_wants_them(mesh, name, degrees, scale):
    photo = moved(Image.open(PEOPLE / name).convert("RGB"), degrees, scale)
    points = landmarks(mesh, photo)
    # Dots on the eyes' centres, so that the picture itself says where they went.
    frame = aligned(dotted(photo, eyes(points, *photo.size)), points)

    assert frame.size == (alignment.WIDTH, alignment.HEIGHT)
    pixels = np.asarray(frame.convert("RGB")).astype(int)
    green = np.clip(pixels[..., 1] - np.maximum(pixels[..., 0], pixels[..., 2]) - 60, 0, None)
    for half, wanted in ((slice(0, 360), RIGHT), (slice(360, 720), LEFT)):
        weights = green[:, half]
        rows, columns = np.indices(weights.shape)
        # A pixel's centre lies half a pixel past its number.
        x = np.average(columns, weights=weights) + 0.5 + half.start
        y = np.average(rows, weights=weights) + 0.5
        assert abs(x - wanted) < 1
        assert abs(y - alignment.EYE_LINE) < 1


def test_two_visits_photos_lie_on_one_another(mesh):
    one = Image.open(PEOPLE / "t1-left-palsy-rest.jpg").convert("RGB")
    other = moved(Image.open(PEOPLE / "t1-left-palsy-smile.jpg").convert("RGB"), 11, 0.8)

    found = []
    for photo in (one, other):
        frame = aligned(photo, landmarks(mesh, photo))
        found.append(eyes(landmarks(mesh, frame), *frame.size))

    (right_a, left_a), (right_b, left_b) = found
    # The mesh is asked anew, on other pixels: its own noise is in these figures.
    assert abs((right_a[1] + left_a[1]) / 2 - (right_b[1] + left_b[1]) / 2) < 2
    assert abs(math.dist(right_a, left_a) - math.dist(right_b, left_b)) < 4


def test_a_large_photo_is_not_decoded_in_full(monkeypatch):
    asked = []
    draft = JpegImageFile.draft
    monkeypatch.setattr(JpegImageFile, "draft", lambda *given: asked.append(given[2]) or draft(*given))
    points = [[0.5, 0.5]] * 478
    points[33], points[133], points[362], points[263] = [0.3, 0.4], [0.42, 0.4], [0.58, 0.4], [0.7, 0.4]

    frame = aligned(Image.new("RGB", (2400, 3000)), points)

    assert asked[0][0] < 1200
    assert frame.size == (alignment.WIDTH, alignment.HEIGHT)


@pytest.mark.parametrize(
    "points",
    [
        [],
        [[0.5, 0.5]] * 478,
        [[math.nan, 0.5]] * 478,
        [None] * 478,
    ],
)
def test_landmarks_that_show_no_eyes_are_refused(points):
    with pytest.raises(alignment.CannotAlign):
        aligned(Image.new("RGB", (64, 80)), points)

"""Photo bytes to pixels: upright, shrunk, refused by name."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from inference.pipeline import decode as module
from inference.pipeline.decode import LONGEST_SIDE_PX, decode
from inference.pipeline.errors import ImageTooLarge, UnreadableImage


def encoded(size=(60, 40), form="JPEG", mode="RGB", **options) -> bytes:
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    stream = io.BytesIO()
    image.convert(mode).save(stream, form, **options)
    return stream.getvalue()


def sideways(turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    return encoded(exif=exif, quality=95)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_accepted_formats_become_rgb(form):
    assert decode(encoded(form=form)).shape == (40, 60, 3)


def test_heic_is_read():
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "red")).save(stream)
    assert decode(stream.getvalue()).shape == (48, 64, 3)


def test_a_photo_taken_sideways_is_turned_upright():
    upright = decode(sideways(6))
    assert upright.shape == (60, 40, 3)
    # Orientation 6: the stored left edge is the top of the picture.
    assert upright[5, 20].tolist() == pytest.approx([254, 0, 0], abs=12)
    assert upright[-5, 20].tolist() == pytest.approx([255, 255, 255], abs=12)


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1281, 20)])
def test_the_longest_side_is_limited(size):
    assert max(decode(encoded(size)).shape[:2]) == LONGEST_SIDE_PX


def test_a_small_photo_keeps_its_pixels():
    image = np.random.default_rng(0).integers(0, 255, (30, 50, 3), dtype=np.uint8)
    assert np.array_equal(decode(image), image)


def test_transparent_parts_become_white():
    stream = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(stream, "PNG")
    assert decode(stream.getvalue()).min() == 255


@pytest.mark.parametrize(
    "data",
    [b"", b"only words", encoded()[:400], b"\xff\xd8\xff\xe0" + bytes(100), encoded(form="GIF", mode="P")],
)
def test_what_is_no_photo_is_unreadable(data):
    with pytest.raises(UnreadableImage):
        decode(data)


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(UnreadableImage):
        decode(tmp_path / "none.jpg")


def test_too_many_bytes_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(ImageTooLarge):
        decode(encoded((200, 200)))


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(module, "MAX_PIXELS", 1000)
    with pytest.raises(ImageTooLarge):
        decode(encoded((200, 200)))


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
)
def test_an_array_that_is_no_rgb_picture_is_refused(array):
    with pytest.raises(UnreadableImage):
        decode(array)

"""Pictures as cameras, telephones and mischief make them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image, PngImagePlugin
from pillow_heif import register_heif_opener

register_heif_opener()

SIZE = (240, 300)
# One colour for each corner, clockwise from the top left: what turns a picture shows.
CORNERS = {"red": (200, 30, 30), "green": (30, 180, 30), "blue": (30, 30, 200), "white": (240, 240, 240)}


def picture(size: tuple[int, int] = SIZE, shade: int = 0) -> Image.Image:
    """A picture of four coloured quarters; another shade makes another file."""
    image = Image.new("RGB", size, (shade, 128, 128))
    width, height = size[0] // 2, size[1] // 2
    places = ((0, 0), (width, 0), (width, height), (0, height))
    for colour, place in zip(CORNERS.values(), places, strict=True):
        image.paste(colour, (*place, place[0] + width - 8, place[1] + height - 8))
    return image


def corners(data: bytes) -> list[str]:
    """The names of a picture's corners, clockwise from the top left."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    right, bottom = image.width - 20, image.height - 20
    found = [image.getpixel(place) for place in ((12, 12), (right, 12), (right, bottom), (12, bottom))]
    return [
        min(CORNERS, key=lambda name: sum(abs(a - b) for a, b in zip(CORNERS[name], colour, strict=True)))
        for colour in found
    ]


def encoded(kind: str = "JPEG", image: Image.Image | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    (image or picture()).save(stream, kind, **options)
    return stream.getvalue()


def telltale_exif(orientation: int = 1) -> Image.Exif:
    """What a telephone writes: where, when, with what, by whom."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Telltale"
    exif[ExifTags.Base.Artist] = "Dr Somebody"
    exif[ExifTags.Base.ImageDescription] = "Jane Doe, born 1980"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:04 09:30:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "S", 2: (6.0, 12.0, 30.0), 3: "E", 4: (106.0, 49.0, 0.0)})
    return exif


def animation(kind: str) -> bytes:
    frames = [picture(shade=shade) for shade in (0, 90, 180)]
    return encoded(kind, frames[0], save_all=True, append_images=frames[1:], duration=80)


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few hundred kilobytes that would fill gigabytes when decoded."""
    rows = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    data = b"".join(rows.compress(row) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part) for part in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )


def text_bomb() -> bytes:
    """A small PNG whose text would unpack to 64 MB."""
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "A" * 64 * 1024 * 1024, zip=True)
    return encoded("PNG", pnginfo=info)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def upload(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)

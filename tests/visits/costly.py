"""Small files that ask for much: scans, segments, fill bytes, pixels, channels; and ordinary large photos."""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

from .pictures import encoded, picture

PEOPLE = Path(__file__).parents[1] / "people"


def many_scans(count: int, side: int = 1600) -> bytes:
    """A progressive JPEG that repeats one of its refinements: small, and as much work as so many pictures."""
    data = encoded(image=picture((side, side)), progressive=True, quality=30)
    starts = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    last = data[starts[-1] : -2]
    return data[:-2] + last * count + b"\xff\xd9"


def many_segments(count: int) -> bytes:
    """A JPEG with as many comments."""
    data = encoded()
    return data[:2] + b"\xff\xfe\x00\x03x" * count + data[2:]


def fill_bytes(count: int) -> bytes:
    """A JPEG with as many bytes that mean nothing before its first segment."""
    data = encoded()
    return data[:2] + b"\xff" * count + data[2:]


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG's part with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def wide_png(width: int, height: int, colour: int = 6, depth: int = 8) -> bytes:
    """A PNG of one colour: hundreds of megabytes of pixels in a few hundred kilobytes."""
    size = width * depth // 8 * {0: 1, 2: 3, 6: 4}[colour]
    packer = zlib.compressobj(9)
    row = b"\0" + b"\x80" * size
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def many_chunks(count: int) -> bytes:
    """A PNG with as many parts that hold nothing."""
    data = encoded("PNG")
    return data[:33] + chunk(b"teXt", b"") * count + data[33:]


@lru_cache(maxsize=4)
def photo(width: int, height: int, kind: str = "JPEG", **how: Any) -> bytes:
    """A photo of somebody, of that size."""
    stream = io.BytesIO()
    with Image.open(PEOPLE / "t1.jpg") as image:
        image.convert("RGB").resize((width, height)).save(stream, kind, **({"quality": 90} | how))
    return stream.getvalue()

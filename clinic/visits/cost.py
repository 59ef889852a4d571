"""What a picture would cost to decode, reckoned from its headers and the list of its parts, before anything decodes it.

One bound for all kinds: so many pixels, so much memory while they are decoded, so many times a decoder goes over all of
them, so many parts to read. A hostile file of a few hundred kilobytes can ask for gigabytes or for minutes; what no
camera and no ordinary program writes is refused by this look alone. Whatever it overlooks, the child that decodes has
limits of its own (`clinic.visits.decoding`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.conf import settings

LONGEST_SIDE: Final = 4096
"""Pixels of a stored photo. Beyond these a face gains no detail that the analysis or an eye uses."""
MOST_SCANS: Final = 50
"""Of one picture. A camera's progressive JPEG has ten scans or so."""
MOST_PARTS: Final = {"JPEG": 2000, "PNG": 16_000, "WEBP": 2000, "HEIF": 4000, "AVIF": 4000}
"""A JPEG's large profile or depth map takes a few hundred segments; a PNG of 25 MB in chunks of 2 kB 12,000."""
SCANS_OVER_THE_LARGEST: Final = 14
"""So many times may a decoder go over a picture of the largest size; more often over a smaller one."""
BYTES_PER_PIXEL: Final = 8
"""Of memory, for a picture of the largest size: what a progressive photo without thinned colours takes."""
COPIED: Final = 16
"""Bytes that a pixel takes of a picture that is decoded into one buffer and copied to another, as WebP is, and of a
transparent one, which is laid on a white one."""
MOST_FILLED: Final = 64
"""Bytes between two segments of a JPEG that count as one more."""
NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xff]")
IN_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START_OF_SCAN, END_OF_IMAGE = b"\xda", b"\xd9"
# Start of a frame, baseline to lossless; those in the gaps are tables.
FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
SIZES: Final = re.compile(rb"ispe\0\0\0\0(.{4})(.{4})", re.DOTALL)


@dataclass(slots=True)
class Cost:
    """pixels: of the picture. memory: bytes that decoding holds at once. scans: times that it goes over all pixels.
    parts: segments, chunks or items that are read one by one."""

    pixels: int = 0
    memory: int = 0
    scans: int = 1
    parts: int = 0

    @property
    def work(self) -> int:
        """Pixels that a decoder goes over, each as often as it does."""
        return self.pixels * self.scans

    def refusal(self, kind: str) -> str:
        """The code of clinic.visits.refusals by which a picture of this cost is refused; empty where it is not."""
        most = settings.PHOTO_MAX_PIXELS
        if self.pixels > most:
            return "too_many_pixels"
        within = (
            self.memory <= BYTES_PER_PIXEL * most
            and self.work <= SCANS_OVER_THE_LARGEST * most
            and self.scans <= MOST_SCANS
            and self.parts <= MOST_PARTS[kind]
        )
        return "" if within else "too_costly"


def reckon(data: bytes, kind: str) -> Cost:
    """The cost of a file that begins as that kind (of `clinic.visits.intake.KINDS`), as far as it can be read."""
    return _READERS[kind](data)


def _jpeg(data: bytes) -> Cost:
    """Segments and scans up to the end of the first picture."""
    cost = Cost(scans=0)
    for at, code in _markers(data, cost):
        if code in FRAMES:
            height, width, channels, sampling = _frame(data, at)
            cost.pixels = max(cost.pixels, width * height)
            # Three channels are decoded into four bytes, at half the size where that is large enough; a progressive
            # one's coefficients are held besides.
            halved = max(width, height) >= 2 * LONGEST_SIDE
            held = (4 if channels > 1 else 1) / (4 if halved else 1)
            besides = 2 * sampling if code in PROGRESSIVE else 0
            cost.memory = max(cost.memory, int(cost.pixels * (held + besides)))
        if cost.parts > MOST_PARTS["JPEG"] or cost.scans > MOST_SCANS:
            break
    cost.scans = max(1, cost.scans)
    return cost


def _markers(data: bytes, cost: Cost) -> Iterator[tuple[int, int]]:
    """Each segment's place behind its marker, and its code; counts them and the scans into `cost`."""
    at = 2
    while match := NEXT_MARKER.search(data, at):
        cost.parts += 1 + (match.end() - at) // MOST_FILLED
        at = match.end()
        # Not the match itself, which may be as long as the file.
        code = data[at - 1 : at]
        if code == END_OF_IMAGE:
            return
        cost.scans += code == START_OF_SCAN
        yield at, code[0]
        if code == START_OF_SCAN:
            # On to what ends the scan: its own bytes hold no marker but restarts.
            found = IN_SCAN.search(data, at)
            at = found.start() if found else len(data)
        else:
            at += int.from_bytes(data[at : at + 2], "big")


def _frame(data: bytes, at: int) -> tuple[int, int, int, float]:
    """Height, width, channels, and how many values a pixel has once thinned channels are counted as what they are."""
    header = data[at : at + 8]
    if len(header) < 8:
        return 0, 0, 1, 1.0
    height, width, channels = struct.unpack(">HHB", header[3:8])
    factors = [data[at + 9 + 3 * number : at + 10 + 3 * number] for number in range(channels)]
    areas = [(one[0] >> 4) * (one[0] & 15) for one in factors if one]
    largest = max(areas, default=0)
    return height, width, channels, sum(areas) / largest if largest else 1.0


def _png(data: bytes) -> Cost:
    """Chunks up to the end; a transparent picture is laid on a white one, which takes several times its memory."""
    cost = Cost()
    at, channels, depth, transparent = 8, 3, 8, False
    while at + 8 <= len(data) and cost.parts <= MOST_PARTS["PNG"]:
        length, name = struct.unpack(">I4s", data[at : at + 8])
        cost.parts += 1
        if name == b"IHDR" and len(data) >= at + 18:
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8 : at + 18])
            cost.pixels, channels = width * height, PNG_CHANNELS.get(colour, 4)
        transparent |= name == b"tRNS"
        if name == b"IEND":
            break
        at += 12 + length
    # Pillow holds one byte of grey, or four of whatever is more; grey of sixteen bits is turned into four and more.
    held = 10 if (channels == 1 and depth == 16) else 1 if channels == 1 else 4
    cost.memory = cost.pixels * (COPIED if transparent or channels in (2, 4) else held)
    return cost


def _webp(data: bytes) -> Cost:
    """The canvas, or of a file without one the picture; transparent or not, it is decoded as a whole and copied."""
    head, body = data[12:16], data[20:40]
    width = height = 0
    if head == b"VP8X" and len(body) >= 10:
        width, height = (1 + int.from_bytes(body[at : at + 3], "little") for at in (4, 7))
    elif head == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif head == b"VP8 " and len(body) >= 10:
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return Cost(pixels=width * height, memory=width * height * COPIED)


def _boxes(data: bytes) -> Cost:
    """Of HEIF and AVIF: the largest size that is declared, and how many items there are, in the box that describes."""
    described = _meta(data)
    sizes = [
        int.from_bytes(width, "big") * int.from_bytes(height, "big")
        for width, height in SIZES.findall(described)
    ]
    pixels = max(sizes, default=0)
    parts = described.count(b"infe") + len(sizes)
    return Cost(pixels=pixels, memory=pixels * 8, parts=parts)


def _meta(data: bytes) -> bytes:
    at = 0
    while at + 16 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if name == b"meta":
            return data[at : at + length] if length else data[at:]
        if length < 8:
            return b""
        at += length
    return b""


_READERS: Final = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "HEIF": _boxes, "AVIF": _boxes}

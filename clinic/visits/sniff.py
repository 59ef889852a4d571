"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from typing import Final

# As the sentences to the clinician name them.
NAMES: Final[dict[str, str]] = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "WEBP": "WebP",
    "HEIF": "HEIC",
    "AVIF": "AVIF",
    "GIF": "GIF",
    "PDF": "PDF",
    "TIFF": "TIFF",
    "BMP": "BMP",
    "SVG": "SVG",
    "VIDEO": "MP4",
    "ZIP": "ZIP",
    "DICOM": "DICOM",
}
HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"%PDF-", "PDF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"BM", "BMP"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1a\x45\xdf\xa3", "VIDEO"),
)


def sniff(data: bytes) -> str | None:
    """The type that the bytes begin as (a key of NAMES), or None where they are no known kind of file."""
    for start, kind in STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data[128:132] == b"DICM":
        return "DICOM"
    if b"<svg" in data[:2048].lower():
        return "SVG"
    return None


def _iso_media(data: bytes) -> str:
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
    if brands & AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & HEIF_BRANDS else "VIDEO"


def extension_of(name: str) -> str:
    """The ending of a file name, in small letters without the dot; empty where there is none."""
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""

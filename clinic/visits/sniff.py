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
    "JXL": "JPEG XL",
    "JP2": "JPEG 2000",
    "GIF": "GIF",
    "PDF": "PDF",
    "TIFF": "TIFF",
    "BMP": "BMP",
    "PSD": "Photoshop",
    "SVG": "SVG",
    "MP4": "MP4",
    "3GP": "3GP",
    "MOV": "MOV",
    "WEBM": "WebM",
    "MKV": "Matroska",
    "AVI": "AVI",
    "RAW": "raw camera",
    "ZIP": "ZIP",
    "DICOM": "DICOM",
    "APPLEDOUBLE": "macOS companion",
}
HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"%PDF-", "PDF"),
    (b"II*\x00\x10\x00\x00\x00CR", "RAW"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"8BPS", "PSD"),
    (b"BM", "BMP"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x00\x05\x16\x07", "APPLEDOUBLE"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JXL"),
    (b"\xff\x0a", "JXL"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JP2"),
    (b"\xff\x4f\xff\x51", "JP2"),
)
EBML: Final = b"\x1a\x45\xdf\xa3"
# What a QuickTime file without an `ftyp` box begins with.
QUICKTIME_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"pnot"})


def sniff(data: bytes) -> str | None:
    """The type that the bytes begin as (a key of NAMES), or None where they are no known kind of file."""
    for start, kind in STARTS:
        if data.startswith(start):
            return kind
    if data.startswith(EBML):
        return "WEBM" if b"webm" in data[:64] else "MKV"
    if data[:4] == b"RIFF":
        return {b"WEBP": "WEBP", b"AVI ": "AVI"}.get(data[8:12])
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data[4:8] in QUICKTIME_BOXES:
        return "MOV"
    if data[128:132] == b"DICM":
        return "DICOM"
    start = data[:4096].lower()
    # Some programs put a few bytes before a PDF's own first line.
    if b"%pdf-" in start[:1024]:
        return "PDF"
    return "SVG" if b"<svg" in start else None


def _iso_media(data: bytes) -> str:
    """Still pictures and films share a container; the brands of its first box tell them apart."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    major = data[8:12]
    brands = {major, *(data[at : at + 4] for at in range(16, length, 4))}
    if brands & AVIF_BRANDS:
        return "AVIF"
    if brands & HEIF_BRANDS:
        return "HEIF"
    if major == b"qt  ":
        return "MOV"
    if major[:3] in (b"3gp", b"3g2"):
        return "3GP"
    return "RAW" if major == b"crx " else "MP4"

"""When a photo was taken, as exiftool reads it: untrusted bytes in, a moment or None out."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from django.utils import timezone as django_timezone
from PIL import ExifTags, Image

# Each date with the field that tells its zone. When a file was last changed is not when the photo was taken.
DATES: Final = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
)
# Cameras keep to "2026:11:20 10:15:00"; editors and messengers write dashes, slashes, ISO's T, seconds' parts, a zone.
MOMENT: Final = re.compile(
    r"(?P<year>\d{4})[-:/.](?P<month>\d{1,2})[-:/.](?P<day>\d{1,2})[T ]+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?\s*"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
ZONE: Final = re.compile(r"\s*(?:Z|(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2}))\s*", re.ASCII)
XMP_DATES: Final = (b"exif:DateTimeOriginal", b"photoshop:DateCreated", b"exif:DateTimeDigitized")
# A camera's clock that was never set begins here.
EARLIEST: Final = datetime(2000, 1, 2, tzinfo=UTC)
CLOCKS_DIFFER: Final = timedelta(minutes=10)


def taken_at(image: Image.Image, zone: zoneinfo.ZoneInfo | None) -> datetime | None:
    """The moment at which the photo was taken; `zone` is where a camera's clock is read that tells none."""
    return next((moment for moment in _moments(image, zone) if _can_be(moment)), None)


def tells_impossible(image: Image.Image, zone: zoneinfo.ZoneInfo | None) -> bool:
    """Whether the file tells a moment at which it can't have been taken, as a clock that was never set does."""
    return any(not _can_be(moment) for moment in _moments(image, zone))


def _can_be(moment: datetime) -> bool:
    return EARLIEST <= moment <= django_timezone.now() + CLOCKS_DIFFER


def _moments(image: Image.Image, zone: zoneinfo.ZoneInfo | None) -> list[datetime]:
    found = (_moment(text, offset, zone or UTC) for text, offset in _said(image))
    return [moment for moment in found if moment is not None]


def _said(image: Image.Image) -> list[tuple[str, str]]:
    """Date and zone as the file tells them, the most trustworthy first."""
    found: list[tuple[str, str]] = []
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        general = details.get(ExifTags.Base.OffsetTime)
        for date, offset in DATES:
            if text := _text(details.get(date)):
                found.append((text, _text(details.get(offset)) or _text(general)))
    except Exception:  # noqa: BLE001  whatever a broken block raises, the photo itself is fine
        pass
    packet = image.info.get("xmp")
    if isinstance(packet, bytes):
        found += [(text, "") for name in XMP_DATES if (text := _in_xmp(packet[: 1024 * 1024], name))]
    return found


def _in_xmp(packet: bytes, name: bytes) -> str:
    """A property of an XMP packet, written as an attribute or as an element."""
    match = re.search(re.escape(name) + rb"\s*(?:=\s*[\"']|>\s*)([0-9TZ:./+\- ]{8,40})", packet)
    return match[1].decode("ascii") if match else ""


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.replace("\x00", " ").strip() if isinstance(value, str) else ""


def _moment(text: str, offset: str, zone: tzinfo) -> datetime | None:
    match = MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    zone = _zone(match["zone"] or "") or _zone(offset) or zone
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)  # six
    except ValueError:
        return None


def _zone(text: str) -> tzinfo | None:
    match = ZONE.fullmatch(text)
    if match is None:
        return None
    if not match["sign"]:
        return UTC
    ahead = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    # No place on Earth is further from Greenwich than fourteen hours.
    if ahead > timedelta(hours=14):
        return None
    return timezone(-ahead if match["sign"] == "-" else ahead)

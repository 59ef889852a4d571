"""What a photo must be to get in, and what is done to it on the way: bytes in, clean bytes out.

Nothing here touches the database or the disk. A photo is stored upright, in sRGB, without any metadata, as a
JPEG of at most `LONGEST_SIDE` pixels: beyond 4096 pixels a face gains no detail that the analysis or an eye
uses, and every 12-megapixel phone photo (4032 pixels) keeps its full resolution.
"""

from __future__ import annotations

import hashlib
import io
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, Final, Protocol

from django.conf import settings
from django.utils import timezone
from PIL import ExifTags, Image, ImageCms
from pillow_heif import register_heif_opener

from .refusals import IntakeError, refuse
from .sniff import NAMES, extension_of, sniff

register_heif_opener(thumbnails=False)

LONGEST_SIDE: Final = 4096
SHORTEST_SIDE: Final = 200
THUMBNAIL_SIDE: Final = 480
QUALITY: Final = 92
THUMBNAIL_QUALITY: Final = 82
EXTENSIONS: Final[dict[str, frozenset[str]]] = {
    "JPEG": frozenset({"jpg", "jpeg", "jpe", "jfif"}),
    "PNG": frozenset({"png"}),
    "WEBP": frozenset({"webp"}),
    "HEIF": frozenset({"heic", "heif", "hif"}),
}
# What a file chooser offers; the same list as above, for templates.
ACCEPT: Final = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif"
TURNS: Final[dict[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Errors that Pillow and its plugins raise on bytes that are no whole picture.
DAMAGE: Final = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    MemoryError,
)


class Upload(Protocol):
    """What is needed of an uploaded file; Django's UploadedFile is one."""

    name: str | None
    size: int | None

    def seek(self, offset: int, /) -> object: ...
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A photo ready to be stored."""

    image: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    original_sha256: str
    taken_at: datetime | None


def prepare(*, upload: Upload | BinaryIO, name: str = "", zone: zoneinfo.ZoneInfo | None = None) -> Prepared:
    """The photo upright, without metadata, and its thumbnail; IntakeError where it can't be taken in.

    `zone` is where a camera's clock is read that tells no time zone.
    """
    data = _read(upload)
    _check_type(data, name or getattr(upload, "name", "") or "")
    kind = sniff(data)
    try:
        with _open(data, kind) as image:
            _check_header(image)
            _load(image)
            taken_at, orientation = _metadata(image, zone)
            clean = _clean(image, orientation)
    except Image.DecompressionBombError as error:
        raise refuse("too_many_pixels") from error
    stored = _jpeg(_fit(clean, LONGEST_SIDE), QUALITY)
    size = _fitted_size(clean.size, LONGEST_SIDE)
    return Prepared(
        image=stored,
        thumbnail=_jpeg(_fit(clean, THUMBNAIL_SIDE), THUMBNAIL_QUALITY),
        width=size[0],
        height=size[1],
        sha256=hashlib.sha256(stored).hexdigest(),
        original_sha256=hashlib.sha256(data).hexdigest(),
        taken_at=taken_at,
    )


def thumbnail_of(stored: bytes) -> bytes:
    """The small picture of a stored photo, made anew as it was made at first."""
    with _open(stored, "JPEG") as image:
        _load(image)
        return _jpeg(_fit(image, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)


def _read(upload: Upload | BinaryIO) -> bytes:
    size = getattr(upload, "size", None)
    if size is not None and size > settings.PHOTO_MAX_BYTES:
        raise refuse("too_large")
    upload.seek(0)
    # One byte more than allowed tells "too large" even where the size is not declared.
    data = upload.read(settings.PHOTO_MAX_BYTES + 1)
    if not data:
        raise refuse("empty")
    if len(data) > settings.PHOTO_MAX_BYTES:
        raise refuse("too_large")
    return data


def _check_type(data: bytes, name: str) -> None:
    kind = sniff(data)
    if kind is None:
        raise refuse("not_a_photo")
    if kind not in EXTENSIONS:
        raise refuse("unsupported_type", kind=NAMES[kind])
    if extension_of(name) not in EXTENSIONS[kind]:
        raise refuse("extension_mismatch", kind=NAMES[kind])


def _open(data: bytes, kind: str) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=[kind])
    except Image.DecompressionBombError:
        raise
    except DAMAGE as error:
        raise refuse("damaged") from error
    # A JPEG with a second picture inside (MPO: a phone's depth or gain map) is still that one photo.
    if image.format != kind and not (kind == "JPEG" and image.format == "MPO"):
        raise refuse("damaged")
    return image


def _check_header(image: Image.Image) -> None:
    """Refuse by the header alone what must never be decoded."""
    if image.width * image.height > settings.PHOTO_MAX_PIXELS:
        raise refuse("too_many_pixels")
    if min(image.size) < SHORTEST_SIDE:
        raise refuse("too_small")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise refuse("animated")


def _load(image: Image.Image) -> None:
    declared = image.size
    try:
        image.load()
    except Image.DecompressionBombError:
        raise
    except DAMAGE as error:
        raise refuse("damaged") from error
    if image.size != declared:
        raise refuse("damaged")


def _metadata(image: Image.Image, zone: zoneinfo.ZoneInfo | None) -> tuple[datetime | None, int]:
    """When the photo was taken and how the camera was held; a broken EXIF block costs only itself."""
    try:
        exif = image.getexif()
        orientation = int(exif.get(ExifTags.Base.Orientation, 1))
        details = exif.get_ifd(ExifTags.IFD.Exif)
        taken = details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
        offset = details.get(ExifTags.Base.OffsetTimeOriginal)
        return _taken_at(taken, offset, zone), orientation
    except Exception:  # noqa: BLE001  EXIF is untrusted bytes: whatever it raises, the photo itself is fine
        return None, 1


def _taken_at(text: object, offset: object, zone: zoneinfo.ZoneInfo | None) -> datetime | None:
    try:
        moment = datetime.strptime(str(text).strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  its zone follows
    except ValueError:
        return None
    try:
        known = datetime.strptime(str(offset).strip("\x00 "), "%z").tzinfo
    except ValueError:
        known = None
    moment = moment.replace(tzinfo=known or zone or UTC)
    # A camera's clock that was never set, or runs ahead, tells nothing.
    plausible = datetime(2000, 1, 2, tzinfo=UTC) <= moment <= timezone.now() + timedelta(minutes=10)
    return moment if plausible else None


def _clean(image: Image.Image, orientation: int) -> Image.Image:
    """Pixels alone: sRGB, opaque, upright, nothing in `info` that an encoder could write out again."""
    image = _in_srgb(image)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
    image.info = {}
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16-bit grey: a plain conversion would clip all but the darkest tones.
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    elif "transparency" in image.info or image.mode in (
        "RGBA",
        "LA",
        "PA",
        "RGBa",
        "La",
    ):
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
        image = on_white.convert("RGB")
    elif image.mode not in ("RGB", "CMYK", "L"):
        image = image.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in (ImageCms.getProfileDescription(source) or ""):
                converted = ImageCms.profileToProfile(
                    image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                image = converted or image
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a profile that does not fit its picture: the plain conversion is the best there is
    return image if image.mode == "RGB" else image.convert("RGB")


def _fitted_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    share = min(1.0, longest / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _fit(image: Image.Image, longest: int) -> Image.Image:
    size = _fitted_size(image.size, longest)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


__all__ = ["ACCEPT", "EXTENSIONS", "IntakeError", "Prepared", "prepare", "thumbnail_of"]

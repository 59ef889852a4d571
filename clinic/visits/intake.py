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
from datetime import datetime
from typing import BinaryIO, Final, Protocol

from django.conf import settings
from PIL import Image, ImageChops, ImageCms
from pillow_heif import register_heif_opener

from inference.pipeline.orientation import upright

from .cost import LONGEST_SIDE, reckon
from .exif import taken_at, tells_impossible
from .refusals import IntakeError, refuse
from .sniff import NAMES, sniff

register_heif_opener(thumbnails=False)

SHORTEST_SIDE: Final = 200
THUMBNAIL_SIDE: Final = 480
QUALITY: Final = 92
THUMBNAIL_QUALITY: Final = 82
KINDS: Final = frozenset({"JPEG", "PNG", "WEBP", "HEIF", "AVIF"})
# What a file chooser offers; the same list as above, for templates.
ACCEPT: Final = (
    "image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,.jpg,.jpeg,.png,.webp,.heic,.heif,.avif"
)
END_OF_JPEG: Final = b"\xff\xd9"
TRANSPARENT: Final = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})
SCALABLE: Final = frozenset({"RGB", "L", "RGBA", "CMYK", "YCbCr"})
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
    date_refused: bool = False
    """Whether the file told a moment that can't be, and no other one."""


def prepare(*, upload: Upload | BinaryIO, zone: zoneinfo.ZoneInfo | None = None) -> Prepared:
    """The photo upright, without metadata, and its thumbnail; IntakeError where it can't be taken in.

    `zone` is where a camera's clock is read that tells no time zone. What the file is called plays no part: telephones,
    messengers and browsers call photos what they like, and this one is encoded anew anyway.

    Decodes in this process: what strangers send goes through `decoding.prepare`.
    """
    data = read(upload)
    check_cost(data, kind_of(data))
    return decoded(data, zone=zone)


def decoded(data: bytes, *, zone: zoneinfo.ZoneInfo | None = None) -> Prepared:
    """As `prepare`, of bytes that were looked at from outside already."""
    kind = kind_of(data)
    try:
        with _decoded(data, kind) as image:
            moment = taken_at(image, zone)
            refused = moment is None and tells_impossible(image, zone)
            clean = _clean(image)
    except Image.DecompressionBombError as error:
        raise refuse("too_many_pixels") from error
    except MemoryError as error:
        raise refuse("too_costly") from error
    stored = _jpeg(_fit(clean, LONGEST_SIDE), QUALITY)
    size = _fitted_size(clean.size, LONGEST_SIDE)
    return Prepared(
        image=stored,
        thumbnail=_jpeg(_fit(clean, THUMBNAIL_SIDE), THUMBNAIL_QUALITY),
        width=size[0],
        height=size[1],
        sha256=hashlib.sha256(stored).hexdigest(),
        original_sha256=hashlib.sha256(data).hexdigest(),
        taken_at=moment,
        date_refused=refused,
    )


def warm_up() -> None:
    """Load what decoding needs, so that a limit set afterwards counts photos alone."""
    Image.init()
    for kind in ("PNG", "JPEG", "WEBP", "HEIF", "AVIF"):
        stream = io.BytesIO()
        Image.new("RGB", (256, 256)).save(stream, kind)
        decoded(stream.getvalue())


def thumbnail_of(stored: bytes) -> bytes:
    """The small picture of a stored photo, made anew as it was made at first."""
    with _open(stored, "JPEG") as image:
        _load(image)
        return _jpeg(_fit(image, THUMBNAIL_SIDE), THUMBNAIL_QUALITY)


def read(upload: Upload | BinaryIO) -> bytes:
    """The file's bytes, no more of them than a photo may have; IntakeError if there are more, or none."""
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


def kind_of(data: bytes) -> str:
    """The type of photo that the bytes begin as, a member of KINDS; IntakeError for anything else."""
    kind = sniff(data)
    if kind is None:
        raise refuse("not_a_photo")
    if kind not in KINDS:
        raise refuse("unsupported_type", kind=NAMES[kind])
    return kind


def check_cost(data: bytes, kind: str) -> None:
    """Refuse by a look at the bytes what would cost far more to decode than any camera's photo."""
    if code := reckon(data, kind).refusal(kind):
        raise refuse(code)


def _decoded(data: bytes, kind: str) -> Image.Image:
    image = _open(data, kind)
    _check_header(image)
    try:
        _load(image)
    except IntakeError:
        if kind != "JPEG" or not _lacks_its_end_alone(data):
            raise
        image = _open(data + END_OF_JPEG, kind)
        _load(image)
    return image


def _economical(image: Image.Image) -> None:
    """A JPEG that is made smaller anyway is decoded at a half or a quarter: a quarter of the memory, or less."""
    if image.format in ("JPEG", "MPO"):
        image.draft(None, _fitted_size(image.size, LONGEST_SIDE))


def _lacks_its_end_alone(data: bytes) -> bool:
    """Whether a JPEG is whole but for its end marker, as where a maker's trailer took the marker's place.

    A decoder fills what was cut off with whatever follows. So bytes of two kinds are put there: if the picture is the
    same with both, nothing of it was missing.
    """
    pictures = []
    for filling in (b"", b"\x55\xaa" * 4096):
        try:
            with _open(data + filling + END_OF_JPEG, "JPEG") as image:
                _economical(image)
                image.load()
                pictures.append(image.copy())
        except DAMAGE:
            return False
    return ImageChops.difference(*pictures).getbbox() is None


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
    if image.mode in TRANSPARENT and 2 * image.width * image.height > settings.PHOTO_MAX_PIXELS:
        raise refuse("too_costly")  # no camera makes one, and it takes twice the memory
    if min(image.size) < SHORTEST_SIDE:
        raise refuse("too_small")
    if min(_fitted_size(image.size, LONGEST_SIDE)) < SHORTEST_SIDE:
        raise refuse("too_narrow")
    # A burst in a HEIC and a depth map in a JPEG have one picture that is named as the photo.
    if image.format not in ("MPO", "HEIF") and getattr(image, "n_frames", 1) > 1:
        raise refuse("animated")


def _load(image: Image.Image) -> None:
    _economical(image)
    declared = image.size
    try:
        image.load()
    except Image.DecompressionBombError:
        raise
    except DAMAGE as error:
        raise refuse("damaged") from error
    if image.size != declared:
        raise refuse("damaged")


def _clean(image: Image.Image) -> Image.Image:
    """Pixels alone: sRGB, opaque, upright, nothing in `info` that an encoder could write out again."""
    # Made smaller first: every later step copies it.
    small = _fit(image, LONGEST_SIDE) if image.mode in SCALABLE else image
    clean = _in_srgb(upright(small))
    clean.info = {}
    return clean


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # 16-bit grey: a plain conversion would clip all but the darkest tones.
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    elif "transparency" in image.info or image.mode in TRANSPARENT:
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


__all__ = ["ACCEPT", "KINDS", "IntakeError", "Prepared", "prepare", "thumbnail_of"]

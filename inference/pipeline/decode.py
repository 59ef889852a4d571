"""Photo bytes to an upright RGB image of at most 1280 px, in one place for training and serving."""

import io
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from inference.pipeline.errors import ImageTooLarge, UnreadableImage
from inference.pipeline.orientation import upright

LONGEST_SIDE_PX: Final = 1280
MAX_BYTES: Final = 40 * 1024 * 1024
MAX_PIXELS: Final = 100_000_000
"""A 100-megapixel camera passes; a decompression bomb does not."""
FORMATS: Final[tuple[str, ...]] = ("JPEG", "PNG", "WEBP")
ISO_MEDIA: Final[tuple[str, ...]] = ("HEIF", "AVIF")
"""No other parser of Pillow's ever sees a file."""

Source = bytes | str | Path | Image.Image | np.ndarray


def decode(source: Source, longest: int = LONGEST_SIDE_PX) -> np.ndarray:
    """An upright RGB image, uint8 of shape (height, width, 3), its longest side at most `longest` px.

    source: encoded bytes, a path, a Pillow image, or an array of shape (h, w, 3), uint8, RGB, upright.
    Raises UnreadableImage, ImageTooLarge. A JPEG is decoded at a half, quarter or eighth of its size where
    that suffices, which is most of the time that decoding takes.
    """
    if isinstance(source, np.ndarray):
        if source.ndim != 3 or source.shape[2] != 3 or source.dtype != np.uint8 or 0 in source.shape:
            raise UnreadableImage("An image array must be uint8 of shape (height, width, 3).")
        return np.asarray(_shrink(Image.fromarray(source), longest))
    if isinstance(source, Image.Image):
        return _upright(source, longest)
    data = source if isinstance(source, bytes) else _read(Path(source))
    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"The file has more than {MAX_BYTES // 2**20} MiB.")
    return _decode_bytes(data, longest)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableImage(f"The file can't be read: {error.strerror}.") from error


def _decode_bytes(data: bytes, longest: int) -> np.ndarray:
    formats = FORMATS
    if data[4:8] == b"ftyp":
        import pillow_heif  # only HEIC photos need it

        pillow_heif.register_heif_opener()
        formats = ISO_MEDIA
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit below replaces Pillow's warning
            with Image.open(io.BytesIO(data), formats=formats) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise ImageTooLarge(f"The photo has more than {MAX_PIXELS // 10**6} megapixels.")
                if image.format in ("JPEG", "MPO"):
                    share = min(1.0, longest / max(image.size))
                    image.draft("RGB", (int(image.width * share), int(image.height * share)))
                return _upright(image, longest)
    except (UnreadableImage, ImageTooLarge):
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLarge("The photo has too many pixels.") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise UnreadableImage("The file is damaged or no photo.") from error


def _upright(image: Image.Image, longest: int) -> np.ndarray:
    turned = upright(_shrink(image, longest))
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        white = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(white, turned.convert("RGBA"))
    if turned.mode.startswith(("I", "F")):  # 16 bit grey: Pillow's convert would clip it
        grey = np.asarray(turned, dtype=np.float32)
        turned = Image.fromarray((grey * (255 / max(255.0, float(grey.max())))).astype(np.uint8))
    return np.ascontiguousarray(turned.convert("RGB"))


def _shrink(image: Image.Image, longest: int) -> Image.Image:
    share = longest / max(image.size)
    if share >= 1:
        return image
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    if image.mode in ("P", "1"):
        image = image.convert("RGBA")
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    small.info = image.info  # carries EXIF, so that the orientation is still known
    return small

"""How a camera was held, as browsers read it: from the EXIF block alone."""

from typing import Final

from PIL import ExifTags, Image

TURNS: Final[dict[int, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none, or what stands there is none.

    Pillow also believes an orientation that stands in XMP alone, which no browser does: programs that turned the
    pixels themselves leave it behind, and the photo that a clinician saw upright would lie on its side.
    """
    block = image.info.get("exif")
    if not block:
        return 1
    try:
        exif = Image.Exif()
        exif.load(block)
        value = exif.get(ExifTags.Base.Orientation)
        if isinstance(value, tuple | list):
            value = value[0]
        return value if isinstance(value, int) and value in TURNS else 1
    except Exception:  # noqa: BLE001  EXIF is untrusted bytes: whatever it raises, the photo itself is fine
        return 1


def upright(image: Image.Image) -> Image.Image:
    """The image as it was seen, its orientation worked into the pixels."""
    turn = TURNS.get(orientation_of(image))
    return image if turn is None else image.transpose(turn)

"""Photos as a clinic's cameras make them, from pictures of people who don't exist."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

PEOPLE = Path(__file__).resolve().parents[1] / "people"
ORIENTATION, GPS = 0x0112, 0x8825
# What the camera wrote: "turn me a quarter clockwise to see me upright".
QUARTER_CLOCKWISE = 6


def picture(exercise: str) -> Path:
    """A small portrait of somebody with a weak left side, doing the exercise."""
    return PEOPLE / f"t1-left-palsy-{exercise.replace('_', '-')}.jpg"


def twelve_megapixels_sideways(exercise: str, path: Path) -> Path:
    """The portrait as a phone held sideways stores it: 12 megapixels, lying, with its place in the metadata."""
    with Image.open(picture(exercise)) as portrait:
        upright = portrait.convert("RGB").resize((3120, 3900), Image.Resampling.BICUBIC)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION] = QUARTER_CLOCKWISE
    exif.get_ifd(GPS).update({1: "S", 2: (6.0, 12.0, 0.0), 3: "E", 4: (106.0, 49.0, 0.0)})
    lying.save(path, "JPEG", quality=92, exif=exif)
    return path

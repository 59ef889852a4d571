"""Which exercise a file's name names, as people and systems call their photos, in English and Indonesian.

Whole words only, and the first line that fits counts: Brown_01.jpg is nobody's brow. The page's script reads the same
table, so that names need not leave the browser.
"""

from __future__ import annotations

import json
import re
from typing import Final

EYES: Final = ("eye", "eyes", "eyelid", "closed", "closure", "close", "mata", "pejam")
SMILE: Final = ("smile", "smiles", "smiling", "senyum")
MOUTH: Final = ("mouth", "lips", "mulut", "bibir")
TEETH: Final = ("teeth", "gigi")
LOWER: Final = ("lower", "bottom", "bawah")
NOSE: Final = ("nose", "nasal", "hidung")
SHUT: Final = ("closed", "close", "tutup", "tertutup", "katup", "terkatup")

LINES: Final[tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]] = (
    (("base", "basal", "dasar"), NOSE, "nasal_base"),
    (TEETH, LOWER, "lower_teeth"),
    (SMILE, (*TEETH, "open", "wide", "lebar"), "smile_with_teeth"),
    ((*SMILE, *MOUTH), SHUT, "closed_smile"),
    (SMILE, (), "smile"),
    (("brow", "brows", "eyebrow", "eyebrows", "forehead", "alis", "dahi"), (), "brow_raise"),
    (
        EYES,
        ("gentle", "gently", "soft", "softly", "light", "lightly", "lembut", "ringan"),
        "gentle_eye_closure",
    ),
    (
        EYES,
        ("tight", "tightly", "squeeze", "forced", "forceful", "rapat", "kuat"),
        "tight_eye_closure",
    ),
    (("pucker", "kiss", "whistle", "siul", "mecucu"), (), "pucker"),
    (("sneer", "cibir"), (), "sneer"),
    (("nose", "wrinkle", "snarl", "hidung"), (), "nose_wrinkle"),
    (("rest", "resting", "neutral", "istirahat"), (), "rest"),
    (("puff", "puffed", "cheek", "cheeks", "pipi"), (), "puff_cheek"),
    (TEETH, (), "show_teeth"),
    ((*MOUTH, "open"), (), "open_mouth"),
)
"""One of these words, with one of those (where there are any): that exercise."""
SIDES: Final = {"left": ("left", "kiri"), "right": ("right", "kanan")}
"""Said of a sneer alone."""


def exercise_in(name: str) -> tuple[str, str]:
    """The exercise and side that a file's name names; both empty where it names none."""
    words = set(re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    for some, with_these, code in LINES:
        if words.intersection(some) and (not with_these or words.intersection(with_these)):
            side = next((side for side, called in SIDES.items() if words.intersection(called)), "")
            return code, side if code == "sneer" else ""
    return "", ""


def for_script() -> str:
    """The table as JSON."""
    return json.dumps({"lines": LINES, "sides": SIDES})

"""Make static/img/icons.svg, the icons that the pages use, out of the library's two thousand: python docs/icons.py.

An icon is used where its name stands as a text of its own in a template, a script or the code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "static" / "vendor" / "bootstrap-icons" / "bootstrap-icons.svg"
SPRITE = ROOT / "static" / "img" / "icons.svg"
PLACES = ("templates/**/*.html", "static/js/*.js", "clinic/**/*.py", "inference/**/*.py")
_TEXT = re.compile(r"""["'#]([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
_SYMBOL = re.compile(r'<symbol[^>]*\bid="([^"]+)".*?</symbol>', re.DOTALL)


def used() -> set[str]:
    """The texts of the sources that could be an icon's name."""
    found: set[str] = set()
    for place in PLACES:
        for path in ROOT.glob(place):
            found |= set(_TEXT.findall(path.read_text(encoding="utf-8")))
    return found


def sprite() -> str:
    """The library's symbols that are used, as one file."""
    names = used()
    symbols = [
        match[0] for match in _SYMBOL.finditer(LIBRARY.read_text(encoding="utf-8")) if match[1] in names
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    SPRITE.write_text(sprite(), encoding="utf-8")
    sys.stdout.write(f"{SPRITE.relative_to(ROOT)}: {SPRITE.stat().st_size // 1000} kB\n")

"""Texts as people mean them when they look for one: without case, accents, punctuation and invisible characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Letters of their own that Unicode takes apart into nothing simpler, as people type them without the key.
PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
# A dash's kinds, the minus sign, and what a keyboard or an editor makes of them.
DASHES: Final = re.compile("[\u00ad\u058a\u2010-\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d\u30fc]")


def fold(text: str) -> str:
    """Small letters and digits, words apart by one blank; equal for what a reader takes for the same.

    Compatibility forms (full width, ligatures) are taken apart, accents and all that can't be seen are dropped,
    apostrophes close up (O'Neill, oneill), other punctuation parts words (Jean-Luc, jean luc).
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(PLAIN)
    kept = []
    for character in apart:
        kind = unicodedata.category(character)
        if kind[0] in "LN" or kind == "Mc":
            kept.append(character)
        elif (kind[0] in "ZPS" and character not in "'`´’‘ʼ′\"“”") or kind == "Cc":
            kept.append(" ")
    return " ".join("".join(kept).split())


def compact(text: str) -> str:
    """The folded text without its blanks: M-0202, m 0202 and M0202 are one."""
    return fold(text).replace(" ", "")


def tidy_number(text: str) -> str:
    """A record number as it is kept: one kind of dash, plain width, nothing that can't be seen.

    Dashes stay, since 1-23 and 12-3 are two numbers.
    """
    text = "-".join(DASHES.split(unicodedata.normalize("NFKC", DASHES.sub("-", text))))
    visible = (c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c.isspace())
    return " ".join("".join(visible).split())

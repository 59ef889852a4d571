"""How a patient is found by what somebody types: name, record number, telephone, birth date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from django.db.models import Q

from clinic.common.folding import compact, fold

# An O or an al that is written apart from its name as often as not.
SHORT: Final = 2
MOST_WORDS: Final = 8
"""Of what is typed; what stands behind them is not looked for."""
LEAST_DIGITS: Final = 6
"""Fewer digits are no telephone number but part of a record number."""
TAIL: Final = 8
"""What two ways of writing one telephone number share: neither country code nor leading zero."""
DATE: Final = re.compile(r"(\d{1,4})[-./ ](\d{1,2})[-./ ](\d{1,4})", re.ASCII)
BIRTH_YEARS: Final = range(1900, 2101)


def words_of(name: str) -> list[str]:
    """The words by which a name is found: each as one, in its parts, and a short one closed up with the next."""
    tokens = [token for token in name.split() if compact(token)]
    found = [compact(token) for token in tokens]
    for token in tokens:
        parts = fold(token).split()
        found += parts if len(parts) > 1 else []
    wholes = [compact(token) for token in tokens]
    found += [a + b for a, b in pairwise(wholes) if len(a) <= SHORT]
    return list(dict.fromkeys(found))


def search_text_of(name: str, record_number: str, phone: str) -> str:
    """What a search looks through: the words of the name, the record number, the telephone's digits."""
    return " ".join(filter(None, [*words_of(name), compact(record_number), digits_of(phone)]))


def digits_of(text: str) -> str:
    """The digits of a text in any script, as 0 to 9."""
    return "".join(c for c in fold(text) if c.isascii() and c.isdigit())


def dates_in(text: str) -> list[dt.date]:
    """The dates that a text of digits may mean: year first, day first, or month first."""
    match = DATE.fullmatch(text.strip())
    if match is None:
        return []
    a, b, c = (int(part) for part in match.groups())
    orders = [(a, b, c)] if len(match[1]) == 4 else [(c, b, a), (c, a, b)]
    found = []
    for year, month, day in orders:
        try:
            found.append(dt.date(year, month, day))
        except ValueError:
            continue
    return [date for date in dict.fromkeys(found) if date.year in BIRTH_YEARS]


def word_matches(word: str) -> Q:
    """Patients in whose name, record number or telephone the word stands; nobody for a word without letters."""
    whole = compact(word)
    if not whole:
        return Q(pk__in=[])
    found = Q(search_text__contains=whole)
    parts = fold(word).split()
    if len(parts) > 1 and all(len(part) >= SHORT for part in parts):
        apart = Q()
        for part in parts:
            apart &= Q(search_text__contains=part)
        found |= apart
    return found


def words_match(words: Iterable[str]) -> Q:
    """Patients in whom each of the words stands so."""
    found = Q()
    for word in words:
        found &= word_matches(word)
    return found


def text_matches(text: str) -> Q:
    """Patients whose birth date or telephone the whole text is; nobody where it is neither."""
    found = Q(pk__in=[])
    if dates := dates_in(text):
        found |= Q(birth_date__in=dates)
    digits = digits_of(text)
    if len(digits) >= LEAST_DIGITS and not fold(text).replace(" ", "").strip("0123456789"):
        found |= Q(search_text__contains=digits[-TAIL:])
    return found


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, whatever their order, accents, apostrophes and blanks."""
    return sorted(compact(one)) == sorted(compact(other)) and bool(compact(one))


def birth_dates_agree(one: dt.date | None, other: dt.date | None) -> bool:
    """Whether two birth dates can be one: not known, the same, or day and month exchanged."""
    if one is None or other is None or one == other:
        return True
    return (one.year, one.month, one.day) == (other.year, other.day, other.month)

"""Numbers, days and addresses as pages write them. A chart writes the same ones over and over: they are remembered."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from decimal import Decimal
from typing import Final

from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext

REMEMBERED: Final = 4096
_NOBODY: Final = uuid.UUID(int=0)


class Writer:
    """Writes in the reader's language and with the site's addresses, which are asked for once: a long course has
    thousands of numbers, days and addresses on a page, and asking takes longer than writing."""

    def __init__(self) -> None:
        self.language = get_language()
        self._site = get_script_prefix(), get_urlconf()
        self._texts: dict[str, str] = {}

    def decimal(self, value: float | Decimal, places: int) -> str:
        """As `decimal`."""
        return _decimal(value, places, self.language)

    def day(self, date: dt.date) -> str:
        """As `day`."""
        return _day(date, self.language)

    def address(self, name: str, pk: uuid.UUID | str) -> str:
        """As `address`."""
        before, after = _around(name, *self._site)
        return f"{before}{pk}{after}"

    def text(self, message: str) -> str:
        """A text, marked by `gettext_noop`, in the reader's language."""
        known = self._texts.get(message)
        if known is None:
            known = self._texts[message] = gettext(message)
        return known


def decimal(value: float | Decimal, places: int) -> str:
    """A number with so many decimals, as the reader's language writes it."""
    return _decimal(value, places, get_language())


def day(date: dt.date) -> str:
    """A day as the reader's language writes it."""
    return _day(date, get_language())


@functools.lru_cache(REMEMBERED)
def _decimal(value: float | Decimal, places: int, language: str | None) -> str:
    return str(number_format(value, places))


@functools.lru_cache(REMEMBERED)
def _day(date: dt.date, language: str | None) -> str:
    return date_format(date)


def address(name: str, pk: uuid.UUID | str) -> str:
    """The address of that name for a record."""
    return Writer().address(name, pk)


@functools.lru_cache(REMEMBERED)
def _around(name: str, prefix: str, urlconf: str | None) -> tuple[str, str]:
    before, after = reverse(name, args=[_NOBODY]).split(str(_NOBODY))
    return before, after

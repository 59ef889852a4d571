"""Numbers, days and addresses as pages write them. A chart writes the same ones over and over: they are remembered."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from decimal import Decimal
from typing import Final

from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language

REMEMBERED: Final = 4096
_NOBODY: Final = uuid.UUID(int=0)


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
    before, after = _around(name, get_script_prefix(), get_urlconf())
    return f"{before}{pk}{after}"


@functools.lru_cache(REMEMBERED)
def _around(name: str, prefix: str, urlconf: str | None) -> tuple[str, str]:
    before, after = reverse(name, args=[_NOBODY]).split(str(_NOBODY))
    return before, after

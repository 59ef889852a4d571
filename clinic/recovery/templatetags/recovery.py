"""How the recovery pages write a change."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import formats

from clinic.recovery.course import day_and_month, number

register = template.Library()


@register.filter
def symmetry(value: float | None) -> str:
    """A symmetry with its two decimals, the same on every page; a dash if there is none."""
    return "–" if value is None or value == "" else number(float(value))


@register.filter
def short_date(date: dt.date | dt.datetime) -> str:
    """Day and month, with the year where it is another one than now."""
    return day_and_month(date)


@register.filter
def signed(value: float | None) -> str:
    """A change with its sign and two decimals, as the reader's language writes it; a dash if there is none."""
    if value is None:
        return "–"
    amount = formats.number_format(abs(round(value, 2)), 2)
    if round(value, 2) == 0:
        return amount
    return f"+{amount}" if value > 0 else f"−{amount}"

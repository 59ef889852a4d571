"""How the recovery pages write a change."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils import formats
from django.utils.translation import gettext as _

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


@register.filter
def place(value: float) -> str:
    """A place in a drawing: a plain number, whatever the reader's language."""
    return f"{float(value):g}"


@register.filter
def plus(value: float, by: float) -> str:
    """A place moved by some of the drawing's units."""
    return f"{float(value) + float(by):g}"


@register.filter
def minus(value: float, by: float) -> str:
    """How far two places are apart."""
    return f"{float(value) - float(by):g}"


@register.filter
def measure_name(code: str) -> str:
    """A line's name in a chart's key; what is no measure of the face at rest stays as it is."""
    return {
        "palpebral_fissure": _("eye"),
        "commissure_height": _("corner of the mouth"),
        "brow_height": _("brow"),
    }.get(code, code)

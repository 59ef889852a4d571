"""How the recovery pages write a change."""

from __future__ import annotations

from django import template
from django.utils import formats

register = template.Library()


@register.filter
def signed(value: float | None) -> str:
    """A change with its sign and two decimals, as the reader's language writes it; a dash if there is none."""
    if value is None:
        return "–"
    amount = formats.number_format(abs(round(value, 2)), 2)
    if round(value, 2) == 0:
        return amount
    return f"+{amount}" if value > 0 else f"−{amount}"

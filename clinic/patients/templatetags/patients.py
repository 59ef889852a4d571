"""The words for what stands on a patient's record."""

from __future__ import annotations

from django import template

from clinic.patients.models import Cause

register = template.Library()


@register.filter
def cause_name(code: str | None) -> str:
    """A cause in the reader's words."""
    return str(dict(Cause.choices).get(code or "", ""))

"""The words for what stands on a patient's record."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from clinic.patients import treatment_words
from clinic.patients.models import Cause, Treatment
from clinic.patients.treatment_details import ToxinTotal
from clinic.patients.treatment_details import toxin_totals as totals_of

register = template.Library()


@register.filter
def cause_name(code: str | None) -> str:
    """A cause in the reader's words."""
    return str(dict(Cause.choices).get(code or "", ""))


@register.filter
def treatment_details(treatment: Treatment) -> str:
    """What is told of a treatment beside its kind and note."""
    return ", ".join(treatment_words.details(treatment))


@register.filter
def injected_points(treatment: Treatment) -> list[treatment_words.FacePoint]:
    """The points of its injections in the drawing of a face."""
    return treatment_words.face_points(treatment.injections)


@register.filter
def toxin_totals(treatments: Iterable[Treatment]) -> list[ToxinTotal]:
    """What was given of each product of botulinum toxin."""
    return totals_of(treatments)


@register.filter
def units(figure: float | None) -> str:
    """So many units of botulinum toxin."""
    return treatment_words.units_words(figure)

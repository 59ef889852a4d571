"""Every measure that one photo gives, in words: with sign, unit and error, and where its scale comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inference.pipeline.codes import SMILES, Exercise
from inference.pipeline.measure.registry import MEASURES, Measure
from inference.pipeline.measure.scale import FROM_REST
from inference.releases import registry

NAMES: Final[dict[str, str | Promise]] = {
    "brow_height": gettext_lazy("Brow height"),
    "mrd1": gettext_lazy("Upper lid to pupil (MRD1)"),
    "mrd2": gettext_lazy("Lower lid to pupil (MRD2)"),
    "palpebral_fissure": gettext_lazy("Lid opening"),
    "commissure_excursion": gettext_lazy("Commissure excursion"),
    "smile_angle": gettext_lazy("Smile angle"),
    "dental_show": gettext_lazy("Dental show"),
    "commissure_height": gettext_lazy("Commissure height"),
    "upper_lip_height": gettext_lazy("Upper lip height"),
    "lower_lip_height": gettext_lazy("Lower lip height"),
    "corner_drop": gettext_lazy("Corner of the mouth below the nose"),
    "lower_lip_drop": gettext_lazy("Lower lip drop"),
    "nasolabial_distance": gettext_lazy("Nasolabial fold, distance"),
    "nasolabial_length": gettext_lazy("Nasolabial fold, length"),
    "nasolabial_angle": gettext_lazy("Nasolabial fold, angle"),
    "philtrum_deviation": gettext_lazy("Philtrum deviation"),
}
DEFINITIONS: Final[dict[str, str | Promise]] = {
    "brow_height": gettext_lazy(
        "From the pupil's centre straight up to the brow; negative if the brow lies below."
    ),
    "mrd1": gettext_lazy(
        "Marginal reflex distance 1: from the pupil's centre up to the upper lid; negative if the lid hangs below the "
        "pupil's centre."
    ),
    "mrd2": gettext_lazy("Marginal reflex distance 2: from the pupil's centre down to the lower lid."),
    "palpebral_fissure": gettext_lazy(
        "Opening between the lids midway between the eye's corners; 0 where they meet."
    ),
    "commissure_excursion": gettext_lazy(
        "From where the midline meets the lower lip's edge to the oral commissure."
    ),
    "smile_angle": gettext_lazy(
        "Direction of the oral commissure seen from the same point, from straight down: 90 is level, more is raised."
    ),
    "dental_show": gettext_lazy(
        "Gap between the lips' inner edges halfway between midline and commissure; it holds whatever shows there, "
        "teeth or not."
    ),
    "commissure_height": gettext_lazy(
        "By how much the left oral commissure lies lower than the right; negative: higher."
    ),
    "upper_lip_height": gettext_lazy(
        "By how much the upper lip's edge lies lower on the left than on the right, halfway between midline and "
        "commissure; negative: higher."
    ),
    "lower_lip_height": gettext_lazy(
        "By how much the lower lip's edge lies lower on the left than on the right, halfway between midline and "
        "commissure; negative: higher."
    ),
    "corner_drop": gettext_lazy("From the nose's base down to the oral commissure."),
    "lower_lip_drop": gettext_lazy(
        "From the nose's base down to the lower lip's edge, halfway between midline and commissure; the muscles that "
        "draw the lip down make it longer."
    ),
    "nasolabial_distance": gettext_lazy("From the midline to the middle of the nasolabial fold."),
    "nasolabial_length": gettext_lazy(
        "Along the nasolabial fold from beside the nose's wing to beside the oral commissure."
    ),
    "nasolabial_angle": gettext_lazy(
        "How far the nasolabial fold leans outwards on its way down; 0 is upright."
    ),
    "philtrum_deviation": gettext_lazy(
        "From the midline to the middle of the upper lip's edge; positive towards the patient's left, negative towards "
        "the right."
    ),
}
"""Word for word as `inference.pipeline.measure.registry` defines them, for the reader's language."""
UNITS: Final = {"mm": "mm", "deg": "°"}
NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class Length:
    """One measure as the page writes it: both sides, left minus right with its sign, and the error of that difference.

    A measure of the face as a whole has no sides; its value stands where others have their difference.
    """

    name: str | Promise
    definition: str | Promise
    unit: str
    right: str
    left: str
    difference: str
    error: str
    model: Length | None = None
    """The model's, where a clinician's points give another."""


def lengths(*, symmetry: Mapping[str, Any], view: str, release: str) -> list[Length]:
    """The measures that this view gives. symmetry: `measure.measure`'s result, closed eyes in the scale of the rest."""
    found = symmetry.get("measures") or {}
    info = registry.by_name(release)
    errors = info.repeatability if info is not None else {}
    return [
        _length(one, found[one.name], errors)
        for one in MEASURES
        if one.name in found and _gives(one, view) and _is_known(found[one.name])
    ]


def beside_model(corrected: list[Length], model: list[Length]) -> list[Length]:
    """The corrected measures, each with the model's where that says another figure."""
    known = {one.name: one for one in model}
    return [
        one if one == known.get(one.name) else replace(one, model=known.get(one.name)) for one in corrected
    ]


def scale_source(symmetry: Mapping[str, Any]) -> str:
    """Where millimetres come from, in a sentence; empty where nothing was measured."""
    if not symmetry.get("mm_per_px"):
        return ""
    if symmetry.get("scale_from") == FROM_REST:
        return _("Scale from the visit's photo at rest: closed lids hide the irises.")
    size = number_format(symmetry.get("iris_mm") or 0, 2)
    return _("Scale from the irises, taken to be %(size)s mm wide.") % {"size": size}


def _gives(one: Measure, view: str) -> bool:
    """Either smile gives what both kinds of it give."""
    return view in one.views or (view == Exercise.SMILE and bool(SMILES & set(one.views)))


def _is_known(values: Mapping[str, Any]) -> bool:
    return any(values.get(key) is not None for key in ("left", "right", "value"))


def _length(one: Measure, values: Mapping[str, Any], errors: Mapping[str, Any]) -> Length:
    key = f"{one.name}_difference" if one.sided else one.name
    return Length(
        name=NAMES[one.name],
        definition=DEFINITIONS[one.name],
        unit=UNITS[one.unit],
        right=_number(values.get("right")),
        left=_number(values.get("left")),
        difference=_number(values.get("difference") if one.sided else values.get("value"), signed=True),
        error=_number(errors.get(key)) if errors.get(key) is not None else _("not known"),
    )


def _number(value: float | None, *, signed: bool = False) -> str:
    """One decimal, as far as a photo bears; a minus sign that is one, and a plus where the sign says something."""
    if value is None:
        return NOTHING
    rounded = round(float(value), 1) + 0.0
    sign = "\N{MINUS SIGN}" if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{number_format(abs(rounded), 1)}"

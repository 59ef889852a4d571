"""A treatment in words, and the points of its injections in a drawing of the face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .treatment_details import TreatmentDetails, amount, product_name, side_words, where
from .treatments import DETAILS, FIELDS_OF, MUSCLES, SIDES, Operation, TreatmentKind


def title(treatment: TreatmentDetails) -> str:
    """What was done with the figure that weighs most: what stands at its mark in a chart. Of another treatment the note
    says more than its kind, and an operation more than that there was one."""
    if treatment.kind == TreatmentKind.OTHER and treatment.note:
        return str(treatment.note)
    figure = _figure(treatment)
    if treatment.kind == TreatmentKind.SURGERY and figure:
        return figure
    kind = str(TreatmentKind(treatment.kind).label)
    return _("%(kind)s, %(figure)s") % {"kind": kind, "figure": figure} if figure else kind


def details(treatment: TreatmentDetails) -> list[str]:
    """All that is told beside the kind, in the order of the form; of toxin each muscle and side with its units."""
    kind, found = treatment.kind, [_figure(treatment)]
    if kind == TreatmentKind.BOTULINUM_TOXIN:
        named = product_name(treatment.product) if treatment.product else ""
        found = [named, *found, *injection_words(treatment.injections)]
    elif kind == TreatmentKind.THERAPY_START:
        found = [treatment.therapy, _often(treatment), _weeks(treatment.weeks)]
    elif kind in (TreatmentKind.SURGERY, TreatmentKind.LID_WEIGHT):
        found = [*found, _side(treatment)]
    else:
        found = [treatment.drug, *found, _days(treatment.days)]
    return [one for one in found if one]


def _figure(treatment: TreatmentDetails) -> str:
    """What of a treatment weighs most; empty where it isn't told."""
    if treatment.kind == TreatmentKind.BOTULINUM_TOXIN:
        return units_words(treatment.units)
    if treatment.kind == TreatmentKind.SURGERY:
        return str(Operation(treatment.operation).label) if treatment.operation in Operation.values else ""
    if treatment.kind == TreatmentKind.LID_WEIGHT:
        grams = treatment.weight_g
        return "" if grams is None else f"{amount(grams)}\u00a0g"
    if treatment.dose_mg is None:
        return ""
    return _("%(dose)s mg a day") % {"dose": amount(treatment.dose_mg)}


def beyond_title(treatment: TreatmentDetails) -> str:
    """What is told beside the title, the note included, in one line."""
    said = {_figure(treatment), treatment.note if treatment.kind == TreatmentKind.OTHER else ""}
    found = [", ".join(one for one in details(treatment) if one not in said), treatment.note]
    return "; ".join(one for one in found if one and one not in said)


def injection_words(injections: Iterable[dict[str, Any]]) -> list[str]:
    """Each muscle and side with its units."""
    return [
        _("%(where)s %(units)s") % {"where": where(row), "units": units_words(row["units"])}
        for row in injections
    ]


def coded(treatment: TreatmentDetails) -> str:
    """What is told, for programs: names and codes of the API, whatever the reader's language."""
    found = []
    for name in FIELDS_OF.get(treatment.kind, DETAILS):
        value = getattr(treatment, name)
        if name == "injections":
            found += [f"{row['muscle']} {row['side']}={row['units']:g}" for row in value]
        elif value not in (None, ""):
            found.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
    return "; ".join(found)


def units_words(units: float | None) -> str:
    """So many units; empty where none are told."""
    return "" if units is None else f"{amount(units)}\u00a0{_('U')}"


def _side(treatment: TreatmentDetails) -> str:
    return {"both": _("both sides"), **side_words()}.get(treatment.side, "")


def _days(days: int | None) -> str:
    return "" if days is None else ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def _weeks(weeks: int | None) -> str:
    return "" if weeks is None else ngettext("%(n)d week", "%(n)d weeks", weeks) % {"n": weeks}


def _often(treatment: TreatmentDetails) -> str:
    often = treatment.per_week
    return "" if often is None else ngettext("%(n)d time a week", "%(n)d times a week", often) % {"n": often}


# --- the drawing ---


@dataclass(frozen=True, slots=True)
class FacePoint:
    """A muscle of one side in the drawing of the face, as one sees it from the front. units: empty where none were
    given."""

    key: str
    x: int
    y: int
    units: str


def face_points(injections: Iterable[dict[str, Any]], *, every: bool = False) -> list[FacePoint]:
    """The points of the injections; every: also those of the muscles that were not injected."""
    given = {(row["muscle"], row["side"]): amount(row["units"]) for row in injections}
    return [
        FacePoint(f"{muscle.code}-{side}", *muscle.place(side), given.get((muscle.code, side), ""))
        for muscle in MUSCLES
        for side in SIDES
        if every or (muscle.code, side) in given
    ]

"""The columns of a treatment beside its kind and date, and what they may hold.

The injections of one session are one value of the row, as the answers of a clinical scale are: they are typed together,
told apart from what somebody else typed together, and stand whole in each line of the history, by which the log
compares them. Their shape is checked here, whoever writes.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from clinic.common import written

from .treatments import (
    BOUNDS,
    DETAILS,
    FIELDS_OF,
    MUSCLE,
    MUSCLES,
    SIDES,
    Operation,
    ToxinProduct,
    TreatmentKind,
    kinds_with,
    most_units,
)

Errors = dict[str, list[ValidationError]]
ORDER = {
    (muscle.code, side): place for place, (muscle, side) in enumerate((m, s) for m in MUSCLES for s in SIDES)
}


class OperatedSide(models.TextChoices):
    """The patient's own."""

    LEFT = "left", gettext_lazy("Left")
    RIGHT = "right", gettext_lazy("Right")
    BOTH = "both", gettext_lazy("Both")


class TreatmentDetails(models.Model):
    """What is told of a treatment; which of it, says `FIELDS_OF`. What nobody told is empty or null, never zero."""

    drug = models.CharField(gettext_lazy("drug"), max_length=60, blank=True, default="", db_default="")
    dose_mg = models.FloatField(gettext_lazy("dose a day, mg"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(gettext_lazy("days"), null=True, blank=True)
    therapy = models.CharField(
        gettext_lazy("what is done"), max_length=120, blank=True, default="", db_default=""
    )
    per_week = models.PositiveSmallIntegerField(gettext_lazy("times a week"), null=True, blank=True)
    weeks = models.PositiveSmallIntegerField(gettext_lazy("weeks"), null=True, blank=True)
    product = models.CharField(
        gettext_lazy("product"),
        max_length=24,
        choices=ToxinProduct.choices,
        blank=True,
        default="",
        db_default="",
    )
    injections = models.JSONField(
        gettext_lazy("injections"),
        default=list,
        db_default=[],
        blank=True,
        help_text='{"muscle", "side", "units"} of each muscle and side; in the order of the muscles',
    )
    operation = models.CharField(
        gettext_lazy("operation"),
        max_length=24,
        choices=Operation.choices,
        blank=True,
        default="",
        db_default="",
    )
    weight_g = models.FloatField(gettext_lazy("weight, g"), null=True, blank=True)
    side = models.CharField(
        gettext_lazy("side"),
        max_length=8,
        choices=OperatedSide.choices,
        blank=True,
        default="",
        db_default="",
    )

    class Meta:
        abstract = True

    kind: Any
    date: dt.date
    note: Any

    @property
    def units(self) -> float | None:
        """All units of the session, which are of one product; None where no injection is told."""
        return total_units(self.injections)


def total_units(injections: Iterable[dict[str, Any]]) -> float | None:
    """The units of one session together; None where no injection is told."""
    found = [float(row["units"]) for row in injections]
    return round(math.fsum(found), 3) if found else None


@dataclass(frozen=True, slots=True)
class ToxinTotal:
    """What was given of one product; product: empty where nobody named it."""

    product: str
    units: float
    sessions: int

    @property
    def name(self) -> str:
        return product_name(self.product)


def toxin_totals(treatments: Iterable[TreatmentDetails]) -> list[ToxinTotal]:
    """What was given of each product, in the order in which they were first given; products are never added up. Of
    sessions whose units nobody told nothing is known, and nothing is said."""
    found: dict[str, list[float]] = {}
    for one in treatments:
        units = one.units
        if one.kind == TreatmentKind.BOTULINUM_TOXIN and units is not None:
            found.setdefault(one.product, []).append(units)
    return [ToxinTotal(product, math.fsum(units), len(units)) for product, units in found.items()]


def product_name(code: str) -> str:
    """A product by its nonproprietary name and a brand, or that it isn't known."""
    return str(ToxinProduct(code).label) if code in ToxinProduct.values else _("product not recorded")


def where(row: dict[str, Any]) -> str:
    """The muscle and side of an injection."""
    name = str(MUSCLE[row["muscle"]].name)
    return _("%(muscle)s, %(side)s") % {"muscle": name, "side": side_words()[row["side"]]}


def side_words() -> dict[str, str]:
    """The patient's left and right within a sentence."""
    return {"left": pgettext("within a sentence", "left"), "right": pgettext("within a sentence", "right")}


# --- what the columns may hold ---


def canonical(injections: object) -> list[dict[str, Any]]:
    """The injections in their one shape and order, so that what is alike is equal.

    ValidationError, of the field, for what isn't a list of a known muscle, a side and a number of units, each muscle
    and side once.
    """
    if not isinstance(injections, list | tuple):
        raise _refused(_("Injections are a list of muscle, side and units."))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in injections:
        if not isinstance(row, dict) or row.keys() != {"muscle", "side", "units"}:
            raise _refused(_("Each injection has a muscle, a side and units."))
        place, units = (row["muscle"], row["side"]), row["units"]
        if place not in ORDER:
            raise _refused(_("This muscle or side isn't known."))
        if place in found:
            raise _refused(_("%(where)s is told twice. Add its units up.") % {"where": where(row)})
        if isinstance(units, bool) or not isinstance(units, int | float) or not math.isfinite(units):
            raise _refused(_("%(where)s: units are a number.") % {"where": where(row)})
        found[place] = {"muscle": place[0], "side": place[1], "units": float(units)}
    return [found[place] for place in sorted(found, key=ORDER.__getitem__)]


def _refused(said: str) -> ValidationError:
    return ValidationError({"injections": [ValidationError(said, code="invalid")]})


def check_details(treatment: TreatmentDetails) -> Errors:
    """The errors of what is told of a treatment, by field: of another kind's, and figures that can't be meant."""
    errors: Errors = {}
    for name in DETAILS:
        if getattr(treatment, name) in (None, "", []):
            continue
        if treatment.kind in FIELDS_OF and name not in FIELDS_OF[treatment.kind]:
            errors[name] = [_of_another_kind(name)]
        elif said := _implausible(treatment, name):
            errors[name] = [ValidationError(one, code="implausible") for one in said]
    return errors


def _of_another_kind(name: str) -> ValidationError:
    kinds = ", ".join(str(TreatmentKind(kind).label) for kind in kinds_with(name))
    said = _("This belongs to another treatment: %(kinds)s. Choose that, or leave this empty.")
    return ValidationError(said, code="another_kind", params={"kinds": kinds})


def _implausible(treatment: TreatmentDetails, name: str) -> list[str]:
    if name == "injections":
        return list(filter(None, (_too_much(row, treatment.product) for row in treatment.injections)))
    if name not in BOUNDS:
        return []
    figure, bounds = getattr(treatment, name), BOUNDS[name]
    if isinstance(figure, int | float) and not bounds.least <= figure <= bounds.most:
        said = _("%(name)s: from %(least)s to %(most)s.")
        column: Any = treatment._meta.get_field(name)
        named = capfirst(str(column.verbose_name))
        return [said % {"name": named, "least": amount(bounds.least), "most": amount(bounds.most)}]
    return []


def _too_much(row: dict[str, Any], product: str) -> str:
    values = {"where": where(row), "units": amount(row["units"])}
    if row["units"] <= 0:
        return _("%(where)s: units are more than 0. Leave it empty where nothing was given.") % values
    most = most_units(product)
    if row["units"] <= most:
        return ""
    values |= {"most": amount(most), "product": product_name(product)}
    said = _(
        "%(where)s: %(units)s units are more than one muscle is given (%(product)s: at most %(most)s). Check the "
        "figure and the product."
    )
    return said % values


def amount(figure: float) -> str:
    """A figure as it is written, with the decimals that it has, three at most."""
    rounded = round(float(figure), 3)
    places = next(n for n in range(4) if round(rounded, n) == rounded)
    return written.decimal(rounded, places)

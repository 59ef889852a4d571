"""What the shared partials need: ages, weeks, sides, grades, and the widths of a symmetry bar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import formats
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinic.common import dates
from clinic.common.spans import Onset, Precision, age_text

register = template.Library()

ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI"}
STATE_ICONS = {
    "queued": "hourglass-split",
    "running": "arrow-repeat",
    "succeeded": "check2-circle",
    "rejected": "camera",
    "failed": "exclamation-octagon",
    "cancelled": "slash-circle",
}


@register.filter
def roman(grade: int | None) -> str:
    """A House-Brackmann grade as it is written; nothing if there is none."""
    return ROMAN.get(grade or 0, "")


@register.filter
def since_onset(onset: Onset | None, day: dt.date | dt.datetime | None = None) -> str:
    """The time from an onset to that day, or to today, as exactly as it is known; empty where it isn't."""
    return onset.since(day or dates.today()) if onset is not None else ""


@register.filter
def current_since(patient: Any, day: dt.date | dt.datetime | None = None) -> str:
    """The same of the newest episode of a patient of a list."""
    if patient.current_onset is None:
        return ""
    return since_onset(Onset(patient.current_onset, patient.current_onset_precision or Precision.DAY), day)


@register.filter
def age_words(patient: Any) -> str:
    """A patient's age as exactly as the birth date is known: an infant's in days, weeks or months."""
    if patient.birth_date is None:
        return ""
    return age_text(patient.birth_date, dates.today(), patient.birth_precision)


@register.filter
def birth_words(patient: Any) -> str:
    """A birth date as it is known."""
    if patient.birth_date is None:
        return ""
    return (
        str(patient.birth_date.year)
        if patient.birth_precision == Precision.YEAR
        else date_format(patient.birth_date)
    )


@register.filter
def two_digits(value: float | None) -> str:
    """A number with two significant digits, as the reader's language writes it; a dash if there is none."""
    if value is None or value == "":
        return "–"
    number = float(value)
    magnitude = abs(number)
    decimals = 0 if magnitude >= 9.95 else 1 if magnitude >= 0.995 else 2
    # Adding nothing takes the sign from what rounds to zero.
    text = formats.number_format(round(number, decimals) + 0.0, decimals, use_l10n=True)
    return str(text).replace("-", "\N{MINUS SIGN}")


@register.filter
def percent(probability: float | None) -> str:
    """A probability from 0 to 1 as a whole per cent, never as a certainty."""
    if probability is None or probability == "":
        return "–"
    value = round(float(probability) * 100)
    if value >= 100:
        return "> 99 %"
    return "< 1 %" if value <= 0 else f"{value} %"


@register.filter
def side_letter(side: str | None) -> str:
    """The letter of the patient's own side."""
    return {
        "left": pgettext("letter of the patient's side", "L"),
        "right": pgettext("letter of the patient's side", "R"),
        "both": pgettext("letters of both sides", "L+R"),
    }.get(side or "", "")


@register.filter
def side_name(side: str | None) -> str:
    """The patient's weak side in words."""
    return {
        "left": _("Weak on the left"),
        "right": _("Weak on the right"),
        "both": _("Weak on both sides"),
    }.get(side or "", _("No weak side recorded"))


@register.filter
def side_classes(side: str | None) -> str:
    """The classes of the drawing whose half is shaded, or halves are."""
    return {"left": "side-left", "right": "side-right", "both": "side-left side-right"}.get(side or "", "")


@register.filter
def at(values: Sequence[Any], index: int) -> Any:
    """One of several, counted from 0."""
    return values[index]


@register.filter
def state_icon(status: str | None) -> str:
    """The icon of an analysis' state."""
    return STATE_ICONS.get(status or "", "circle")


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, hidden from screen readers: the words beside it speak."""
    return format_html(
        '<svg class="bi {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def symmetry_bars(left: float | None, right: float | None) -> dict[str, Any]:
    """Widths, of 100, of the two bars that grow from the middle: the larger side fills its half."""
    a, b = abs(float(left or 0)), abs(float(right or 0))
    most = max(a, b) or 1.0
    wide_left, wide_right = round(96 * a / most, 1), round(96 * b / most, 1)
    # As one faces the patient: their right is on the viewer's left.
    return {"right_x": f"{100 - wide_right:.1f}", "right": f"{wide_right:.1f}", "left": f"{wide_left:.1f}"}


@register.simple_tag
def styled(field: BoundField) -> SafeString:
    """A field's control with the class of its kind and the error's identifier for screen readers."""
    kind = field.widget_type
    attrs: dict[str, Any] = {}
    own = str(field.field.widget.attrs.get("class", ""))
    wanted = {
        "select": "form-select",
        "selectmultiple": "form-select",
        "nullbooleanselect": "form-select",
        "checkbox": "form-check-input",
        "radioselect": "choices",
        "checkboxselectmultiple": "choices",
    }.get(kind, "form-control")
    if kind == "textarea" and str(field.field.widget.attrs.get("rows", "10")) == "10":
        attrs["rows"] = "4"  # Django's own ten lines hide the buttons on a phone
    attrs["class"] = " ".join(filter(None, [own, wanted, "is-invalid" if field.errors else ""]))
    notes = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        notes.append(f"{field.auto_id}_error")
        if not field.use_fieldset:
            attrs["aria-invalid"] = "true"
    if notes and not field.use_fieldset:
        attrs["aria-describedby"] = " ".join(notes)
    return field.as_widget(attrs=attrs)


@register.simple_tag
def version_of(record: Any) -> SafeString:
    """The hidden field by which a form without a form class says which version of the record it was shown for."""
    return format_html('<input type="hidden" name="version" value="{}">', record.version)


@register.simple_tag
def version() -> str:
    """The product's version."""
    return str(settings.VERSION)

"""How the recovery pages write a change."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django import template
from django.utils import formats
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.recovery.course import day_and_month, number
from clinic.recovery.geometry import ChartLine, Mark

if TYPE_CHECKING:
    from clinic.patients.models import Episode
    from clinic.recovery.comparing import Comparison

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
def place(value: float) -> SafeString:
    """A place in a drawing: a plain number, whatever the reader's language."""
    return SafeString(f"{float(value):g}")


@register.filter
def plus(value: float, by: float) -> SafeString:
    """A place moved by some of the drawing's units."""
    return place(float(value) + float(by))


@register.filter
def minus(value: float, by: float) -> SafeString:
    """How far two places are apart."""
    return place(float(value) - float(by))


_SHAPES: Final[dict[str, Callable[[Mark], SafeString]]] = {
    "square": lambda at: format_html(
        '<rect class="chart-mark" x="{}" y="{}" width="8" height="8"/>', place(at.x - 4), place(at.y - 4)
    ),
    "triangle": lambda at: format_html(
        '<path class="chart-mark" d="M{} {}l5 9h-10z"/>', place(at.x), place(at.y - 5)
    ),
    "diamond": lambda at: format_html(
        '<path class="chart-mark" d="M{} {}l6 6-6 6-6-6z"/>', place(at.x), place(at.y - 6)
    ),
    "circle": lambda at: format_html(
        '<circle class="chart-mark" cx="{}" cy="{}" r="4.5"/>', place(at.x), place(at.y)
    ),
}


@register.simple_tag
def chart_point(line: ChartLine, mark: Mark) -> SafeString:
    """A point of a chart: a link that says what it shows. A long course has some hundred on a page, so each of its
    words is made safe once."""
    x, y, label = place(mark.x), place(mark.y), escape(mark.label)
    spread = SafeString()
    if mark.low is not None and mark.high is not None:
        spread = format_html(
            '<path class="chart-range" d="M{} {}V{}"/>', x, place(mark.low), place(mark.high)
        )
    return format_html(
        '<a class="chart-point line-{}{}" href="{}" aria-label="{}"><title>{}</title>{}'
        '<circle class="chart-touch" cx="{}" cy="{}" r="11"/>{}</a>',
        line.style, SafeString("" if mark.filled else " is-hollow"), mark.url, label, label, spread, x, y,
        _SHAPES[mark.shape](mark),
    )  # fmt: skip


@register.filter
def measure_name(code: str) -> str:
    """A line's name in a chart's key; what is no measure of the face at rest stays as it is."""
    return {
        "palpebral_fissure": _("eye"),
        "commissure_height": _("corner of the mouth"),
        "brow_height": _("brow"),
    }.get(code, code)


@register.simple_tag
def compare_query(
    comparison: Comparison, episode: Episode, a: uuid.UUID, b: uuid.UUID, before: uuid.UUID | None = None
) -> str:
    """The query of a comparison of two photos of this exercise; before: the photo at which the strip ends."""
    query = {"episode": episode.pk, "exercise": comparison.key, "a": a, "b": b}
    return "?" + urlencode(query | ({"before": before} if before else {}))

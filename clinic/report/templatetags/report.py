"""What asks for a report, and the points of a printed chart, told apart by shape and filling, for grey prints too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from clinic.recovery.geometry import ChartLine, Mark
from clinic.recovery.templatetags.recovery import place
from clinic.report.audience import Audience

if TYPE_CHECKING:
    from clinic.patients.models import Episode, Patient
    from clinic.visits.models import Visit

register = template.Library()


@register.inclusion_tag("report/_choice.html")
def report_choice(patient: Patient, episode: Episode, visit: Visit | None = None) -> dict[str, Any]:
    """The form that asks for a report of the episode, or for one that ends at the visit."""
    return {
        "patient": patient,
        "episode": episode,
        "visit": visit,
        "audiences": Audience.choices,
        "languages": settings.LANGUAGES,
    }


CLINICIANS = "#7a3e00"
MODELS = "#1f5a92"


@register.simple_tag
def printed_mark(line: ChartLine, mark: Mark) -> SafeString:
    """One point; a clinician's grade is a filled diamond, a model's a ring with its interval."""
    x, y = mark.x, mark.y
    colour = CLINICIANS if line.style == "clinician" else MODELS
    spread = SafeString()
    if mark.low is not None and mark.high is not None:
        spread = format_html(
            '<path d="M{} {}V{}" stroke="{}" stroke-width="1.2"/>',
            place(x),
            place(mark.low),
            place(mark.high),
            colour,
        )
    fill = "#fff" if line.style == "model" or not mark.filled else colour
    paint = format_html('fill="{}" stroke="{}" stroke-width="1.3"', fill, colour)
    if mark.shape == "square":
        drawn = format_html(
            '<rect x="{}" y="{}" width="7" height="7" {}/>', place(x - 3.5), place(y - 3.5), paint
        )
    elif mark.shape == "triangle":
        drawn = format_html('<path d="M{} {}l4.5 8h-9z" {}/>', place(x), place(y - 5), paint)
    elif mark.shape == "diamond":
        drawn = format_html('<path d="M{} {}l5 5-5 5-5-5z" {}/>', place(x), place(y - 5), paint)
    else:
        drawn = format_html('<circle cx="{}" cy="{}" r="3.8" {}/>', place(x), place(y), paint)
    return format_html("{}{}", spread, drawn)

"""Ages and states as the operations page writes them."""

from __future__ import annotations

import math

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.operations.figures import Durations
from inference.jobs.states import Status

register = template.Library()


@register.filter
def duration(seconds: float) -> str:
    """So many seconds, minutes, hours or days; a dash for what never was."""
    if math.isinf(seconds):
        return "–"
    if seconds < 90:
        return _("%(n)d s") % {"n": round(seconds)}
    if seconds < 90 * 60:
        return _("%(n)d min") % {"n": round(seconds / 60)}
    if seconds < 48 * 3600:
        return _("%(n)d h") % {"n": round(seconds / 3600)}
    days = int(seconds // 86400)
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


@register.filter
def middle(durations: Durations) -> str:
    """From upload to result, of the photo in the middle."""
    return duration(durations.wait[0] + durations.work[0])


@register.filter
def slowest(durations: Durations) -> str:
    """The same of the slowest twentieth."""
    return duration(durations.wait[1] + durations.work[1])


@register.filter
def with_labels(states: dict[str, int]) -> list[tuple[str, int]]:
    """Each state in words, in the order of its life."""
    return [(str(state.label), states.get(state.value, 0)) for state in Status]

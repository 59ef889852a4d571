"""The small drawing of a patient's course, and the words for their states."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.common.dates import local_day, today
from clinic.common.templatetags.risorius import two_digits
from clinic.recovery import rules

if TYPE_CHECKING:
    from clinic.patients.models import Patient

register = template.Library()

WIDTH, HEIGHT, MARGIN = 96.0, 28.0, 3.0
# The same scale in every row, so that two patients can be compared; below it there is hardly a movement.
LOWEST, HIGHEST = 0.3, 1.0


def _height(value: float) -> float:
    share = (min(max(value, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
    return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)


def _number(value: float) -> str:
    return f"{value:.1f}"


@register.inclusion_tag("overview/_sparkline.html")
def sparkline(values: list[float | None] | None) -> dict[str, Any]:
    """A line through the symmetry of the visits, broken where a visit has none."""
    values = values or []
    step = (WIDTH - 2 * MARGIN) / max(len(values) - 1, 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((MARGIN + index * step, _height(value)))
    known = [value for value in values if value is not None]
    last = next((run[-1] for run in reversed(runs) if run), None)
    return {
        "lines": [" ".join(f"{_number(x)},{_number(y)}" for x, y in run) for run in runs if len(run) > 1],
        "dots": [(_number(run[0][0]), _number(run[0][1])) for run in runs if len(run) == 1],
        "last": last and (_number(last[0]), _number(last[1])),
        "top": _number(_height(HIGHEST)),
        "right": _number(WIDTH - MARGIN),
        "words": _course_words(known),
    }


def _course_words(known: list[float]) -> str:
    if not known:
        return ""
    last = two_digits(known[-1])
    if len(known) == 1:
        return _("Symmetry %(last)s, one visit") % {"last": last}
    words = _("Symmetry from %(first)s to %(last)s in %(count)s visits")
    return words % {"first": two_digits(known[0]), "last": last, "count": len(known)}


@dataclass(frozen=True, slots=True)
class PatientState:
    """What a patient's state asks for, in a word or two."""

    kind: str
    icon: str
    text: str


def _lapse(last_visit: dt.datetime | None, grade: int | None) -> PatientState | None:
    if last_visit is None or grade == rules.RECOVERED_GRADE:
        return None
    if last_visit >= timezone.now() - rules.LAPSED_AFTER:
        return None
    weeks = (today() - local_day(last_visit)).days // 7
    words = ngettext("Not seen for %(weeks)d week", "Not seen for %(weeks)d weeks", weeks)
    return PatientState("lapsed", "calendar-x", words % {"weeks": weeks})


@register.filter
def states(patient: Patient) -> list[PatientState]:
    """What asks for attention, the most urgent first, then what is to be confirmed."""
    summary = getattr(patient, "summary", None)
    found: list[PatientState | None] = []
    if getattr(patient, "has_task", False):
        found.append(PatientState("task", "clipboard-check", _("Task is due")))
    if summary is None:
        return [state for state in found if state]
    if summary.milestones:
        words = ngettext("%(n)d milestone is due", "%(n)d milestones are due", summary.milestones)
        found.append(PatientState("task", "calendar-plus", words % {"n": summary.milestones}))
    if summary.worse:
        found.append(PatientState("worse", "graph-down-arrow", _("Worse than before")))
    if summary.to_retake:
        words = ngettext("%(n)d to retake", "%(n)d to retake", summary.to_retake)
        found.append(PatientState("rejected", "camera", words % {"n": summary.to_retake}))
    if summary.failed:
        words = ngettext("%(n)d analysis failed", "%(n)d analyses failed", summary.failed)
        found.append(PatientState("failed", "exclamation-octagon", words % {"n": summary.failed}))
    found.append(_lapse(summary.last_visit_at, summary.clinician_grade))
    if summary.to_confirm:
        words = ngettext("%(n)d to confirm", "%(n)d to confirm", summary.to_confirm)
        found.append(PatientState("confirm", "check2-square", words % {"n": summary.to_confirm}))
    return [state for state in found if state]

"""What the templates need of tasks and clinical scales."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext

from clinic.examination import (
    along,
    milestone_sentences,
    policies,
    scale_page,
    selectors,
    selectors_milestones,
    selectors_scales,
    selectors_second,
    sentences,
)
from clinic.examination.models import Task
from clinic.examination.scales import BY_CODE
from clinic.examination.scales.sunnybrook import SYNKINESIS
from clinic.patients.models import Patient
from clinic.visits.models import Visit

register = template.Library()


@register.inclusion_tag("examination/_second.html", takes_context=True)
def second_reading(context: dict, visit: Visit) -> dict:
    """The visit's newest second reading, and what may be done about one."""
    second = selectors_second.newest_of(visit=visit)
    return {
        "visit": visit,
        "second": second,
        "under_way": second is not None and second.closed_at is None,
        "can_ask": policies.can_ask_second_reading(context["request"].user, visit),
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("examination/_tasks.html", takes_context=True)
def open_tasks(context: dict, patient: Patient, new: bool = False, visit: Any = None) -> dict:
    """The patient's open tasks, each with its owner and state. new: with the way to another one. visit: whose grade may
    ask for one, and whose page shows one task and leads to the others."""
    tasks = selectors.tasks_of(patient=patient)
    can_raise = policies.can_raise_task(context["request"].user, patient)
    ask_for_eye = can_raise and visit is not None and selectors.grade_asks_for_eye(visit=visit, tasks=tasks)
    shown = len(tasks) if visit is None else int(not ask_for_eye)
    # Nearly nobody has one: where the patient stands says so in one query.
    summary: Any = getattr(patient, "summary", None) if visit is None else None
    asks = summary is not None and summary.milestones
    due = selectors_milestones.due_milestones(patient=patient) if asks else []
    return {
        "patient": patient,
        "milestones": [
            (
                milestone_sentences.sentence(one),
                milestone_sentences.window(one),
                milestone_sentences.address(one),
            )
            for one in due
        ],
        "may_settle": can_raise,
        "tasks": tasks[:shown],
        "more": tasks[shown:],
        "can_raise": new and can_raise,
        "ask_for_eye": ask_for_eye,
    }


@register.filter
def task_sentence(task: Task) -> str:
    """What the task is about."""
    return sentences.sentence(task)


@register.filter
def task_state(task: Task) -> str:
    """Who looks after it, and when it is looked at next."""
    return sentences.state(task)


@register.inclusion_tag("examination/_scales.html", takes_context=True)
def scales_of(context: dict, visit: Visit) -> dict:
    """The clinical scales that were answered in a visit, and the way to the others."""
    filled = scale_page.filled_of(selectors_scales.assessments_of(visit=visit))
    can_assess = policies.can_assess(context["request"].user, visit)
    current = [one.code for one in filled if one.is_current]
    return {
        "visit": visit,
        "filled": filled,
        "offered": scale_page.offered(cause=visit.episode.cause, but=current) if can_assess else [],
    }


@register.inclusion_tag("examination/_along.html", takes_context=True)
def moves_along(context: dict, visit: Visit, cards: list) -> dict:
    """What moved along in paired views of a visit, beside the clinician's own grades, which come first."""
    found = selectors_scales.assessment_of(visit=visit, scale=BY_CODE["sunnybrook"])
    is_open = found is None or not found.is_finished
    return {
        "visit": visit,
        "views": along.paired_views(cards=cards, answers=found.answers if found is not None else {}),
        "choices": [(one.value, one.name) for one in SYNKINESIS],
        "can_answer": is_open and policies.can_assess(context["request"].user, visit),
        "assessment": found,
        "here": reverse("visits:detail", args=[visit.pk]),
    }


@register.filter
def in_words(text: str) -> str:
    """A name of a scale's data in the reader's language."""
    return gettext(text)


@register.filter
def filled_scales(visit: Visit) -> list[scale_page.Filled]:
    """The clinical scales that were answered in a visit, in words."""
    return scale_page.filled_of(visit.assessments.all())

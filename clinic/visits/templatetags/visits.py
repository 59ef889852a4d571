"""What the templates of visits and photos need in words."""

from __future__ import annotations

import functools
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic.visits import exercises, names, reading, refusals, selectors, sentences
from clinic.visits.models import Photo
from inference import finding
from inference.sentences import model_finding

register = template.Library()
_PLACE = "\N{REPLACEMENT CHARACTER}"
"""Where an identifier begins, in fields that are drawn once for many forms; no text of ours has it."""
WHICH = "which"
"""Turned down: the question which side moved, or which smile it is."""


@register.filter
def step_name(photo: Photo) -> str:
    """The exercise that the photo is filed under, with its side."""
    return exercises.step_of(photo.exercise, photo.side).name


@register.filter
def exercise_name(code: str) -> str:
    """The name of an exercise's code."""
    known = exercises.BY_CODE.get(code)
    return str(known.name) if known else code


@register.simple_tag
def statement_fields(statement: Any) -> SafeString:
    """The fields of a statement. A page of visits shows ten of one that nobody has filled in, which differ in their
    identifiers alone: those are drawn once in each language."""
    blank = not statement.is_bound and not statement.initial and statement.instance._state.adding
    if not blank or not statement.auto_id.endswith("%s"):
        return _drawn(statement)
    prefix = str(escape(statement.auto_id.removesuffix("%s")))
    form: Any = type(statement)
    return SafeString(_blank(form, get_language() or "").replace(_PLACE, prefix))


@functools.lru_cache(maxsize=32)
def _blank(form: Any, _language: str) -> str:
    return str(_drawn(form(auto_id=f"{_PLACE}%s")))


def _drawn(statement: Any) -> SafeString:
    return render_to_string("visits/_statement_fields.html", {"statement": statement})


@register.simple_tag
def step_options(photo: Photo) -> list[tuple[str, str, bool]]:
    """Value and name of each exercise, and whether the photo is filed under it."""
    return steps_chosen(exercises.step_of(photo.exercise, photo.side))


@register.simple_tag
def steps_chosen(here: exercises.Step) -> list[tuple[str, str, bool]]:
    """Value and name of each exercise, and whether it is that one."""
    steps = [*exercises.STEPS]
    if here not in steps:
        steps.insert(0, here)
    return [(step.value, step.name, step == here) for step in steps]


@register.simple_tag
def all_steps() -> list[tuple[str, str]]:
    """Value and name of each exercise."""
    return [(step.value, step.name) for step in exercises.STEPS]


@register.simple_tag
def step_of(photo: Photo) -> str:
    """The value of the exercise that a photo is filed under."""
    return exercises.step_of(photo.exercise, photo.side).value


@register.simple_tag
def refile_guesses(card: selectors.PhotoCard) -> list[tuple[str, str]]:
    """What the photo more likely shows, each one tap away: what the model sees, the sides of a sided exercise, or
    the two kinds of a smile. Photos that nobody filed are asked about together (`filing.proposal`)."""
    if not card.photo.exercise_named:
        return []
    other = card.other_exercise
    if other is not None:
        steps = [step for step in exercises.STEPS if step.exercise.code in exercises.kinds_of(other.code)]
        return [(step.value, _("Change to %(exercise)s") % {"exercise": step.name}) for step in steps]
    if WHICH in card.kept:
        return []
    if card.exercise.sided and not card.photo.side:
        steps = [step for step in exercises.STEPS if step.exercise is card.exercise]
        return [(step.value, str(step.side_name)) for step in steps]
    if card.exercise is exercises.EITHER_SMILE and card.confirmed is None:
        return [(code, str(exercises.by_code(code).name)) for code in exercises.kinds_of(card.exercise.code)]
    return []


@register.filter
def suggested(card: selectors.PhotoCard) -> str:
    """What is kept on record where a person turns down what `refile_guesses` offers."""
    return card.other_exercise.code if card.other_exercise is not None else WHICH


@register.filter
def model_words(card: selectors.PhotoCard) -> str:
    """The model's finding in words; the exercise is named where it is not the one that was asked for."""
    if card.found is None or card.analysis is None:
        return ""
    if card.found.exercise != card.photo.exercise:
        return sentences.model_sentence(card)
    return model_finding(card.found)


@register.filter
def untaught_words(card: selectors.PhotoCard) -> str:
    """What stands in the place of the model's finding in a view that no model has learnt."""
    return sentences.untaught_view(card.photo.exercise)


@register.filter
def clinician_words(card: selectors.PhotoCard) -> str:
    """The clinician's finding in words; the exercise is named where it is not the one that was asked for."""
    if card.confirmed is None:
        return ""
    if card.confirmed.exercise != card.photo.exercise:
        return sentences.clinician_sentence(card)
    return sentences.clinician_finding(card.confirmed)


@register.filter
def short_finding(value: finding.Finding, whose: str = "") -> str:
    """A finding in two or three words, for strips; the model's never says that there is no palsy."""
    if value.uncertain:
        return _("Uncertain")
    if not value.palsy:
        return _("No asymmetry detected") if whose == "model" else _("No palsy")
    sides = {"left": _("Left"), "right": _("Right"), "both": _("Both")}
    side = sides.get(value.weak_side, _("Weak"))
    return str(side)


@register.filter
def confirmation_words(confirmation: Any) -> str:
    """A clinician's word in the history of a photo."""
    said = finding.from_confirmation(confirmation)
    return sentences.with_exercise(said.exercise, "", sentences.clinician_finding(said))


@register.filter
def share(value: float) -> str:
    """A share from 0 to 1 as a whole per cent."""
    return f"{round(100 * value)}\N{NO-BREAK SPACE}%"


@register.filter
def share_range(ends: tuple[float, float]) -> str:
    """Both ends of a share's interval."""
    return f"({round(100 * ends[0])}–{round(100 * ends[1])})"


@register.simple_tag
def zone_bars(zone: reading.Zone) -> dict[str, Any]:
    """The bars of one zone, of 100 each way from the middle, and its intervals as start and width."""
    left, right = (96 * min(1.0, max(0.0, value)) for value in (zone.left, zone.right))
    ranges = []
    if zone.right_range:
        low, high = zone.right_range
        ranges.append((f"{100 - 96 * high:.1f}", f"{96 * (high - low):.1f}"))
    if zone.left_range:
        low, high = zone.left_range
        ranges.append((f"{100 + 96 * low:.1f}", f"{96 * (high - low):.1f}"))
    return {"right_x": f"{100 - right:.1f}", "right": f"{right:.1f}", "left": f"{left:.1f}", "ranges": ranges}


@register.filter
def seconds(value: Any) -> str:
    """A span of time as one reads it: 0.4 s, 12 s, 3 min."""
    if value is None:
        return "–"
    total = value.total_seconds()
    if total < 10:
        return _("%(number)s s") % {"number": number_format(round(total, 1), 1)}
    if total < 120:
        return _("%(number)d s") % {"number": round(total)}
    return _("%(number)d min") % {"number": round(total / 60)}


@register.simple_tag
def file_names() -> str:
    """The words of files' names by which the page's script files a photo, as JSON."""
    return names.for_script()


@register.simple_tag
def refusal(code: str) -> str:
    """The sentence of a refusal, for the script that can tell before sending."""
    return refusals.refuse(code).sentence


@register.simple_tag
def no_stroke_excluded() -> str:
    """The one word of caution beside a finding without weakness."""
    return sentences.no_stroke_excluded()


@register.simple_tag
def setting_value(name: str) -> Any:
    """A limit that the page's script must know; nothing else."""
    return getattr(settings, name) if name in ("PHOTO_MAX_BYTES", "PHOTO_MAX_PIXELS") else ""

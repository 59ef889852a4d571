"""What a page says of the releases behind its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.validation import ledger, tallies
from inference import selectors

if TYPE_CHECKING:
    from clinic.visits.models import Photo
    from inference.models import Analysis

register = template.Library()


@register.simple_tag(takes_context=True)
def validation_mark(context: Context, release: str | None = "") -> dict[str, Any]:
    """Whether a score is to be marked as not yet validated in the reader's clinic, and where its ledger is.

    release: the one that made the score; without it, whatever releases the clinic's pages show. Asked once a request.
    """
    request = context.get("request")
    clinic = getattr(request, "clinic", None)
    if request is None or clinic is None:
        return {"open": True, "url": "", "title": _mark_title(is_open=True)}
    marks: dict[str, dict[str, Any]] = request.__dict__.setdefault("_validation_marks", {})
    key = release or ""
    if key not in marks:
        counted = request.__dict__.get("_counted")
        if counted is None:
            counted = request.__dict__["_counted"] = tallies.sums(clinic_id=clinic.pk)
        if key:
            name = "" if ledger.is_validated(counted=counted, release=key) else key
        else:
            name = ledger.unvalidated_release(counted=counted)
        url = reverse("inference:release", args=[name]) + "#ledger" if name else ""
        marks[key] = {"open": bool(name), "url": url, "title": _mark_title(is_open=bool(name))}
    return marks[key]


def _mark_title(*, is_open: bool) -> str:
    found = _("Found by the model; preliminary until a clinician confirms or corrects it")
    return f"{found}; {_('not yet validated here')}" if is_open else found


@register.simple_tag(takes_context=True)
def model_mark(context: Context, release: str | None = "") -> SafeString:
    """The mark of a score that this release made, drawn once a request: a page of photos has a hundred of them."""
    request = context.get("request")
    known: dict[str, SafeString] = {} if request is None else request.__dict__.setdefault("_model_marks", {})
    key = release or ""
    if key not in known:
        values = {"mark_release": key, "request": request}
        known[key] = render_to_string("inc/model_mark.html", values)
    return known[key]


@register.simple_tag(takes_context=True)
def open_mark_url(context: Context) -> str:
    """Where the page's own marks lead, for one note under it; empty if none was drawn."""
    marks = getattr(context.get("request"), "_validation_marks", {})
    return next((mark["url"] for mark in marks.values() if mark["open"]), "")


@register.simple_tag
def results_of(photo: Photo) -> list[Analysis]:
    """Every result of a photo that the page has found for its reader already, newest first."""
    return selectors.results_of(photo=photo)

"""What a patient sees who answers a questionnaire: on a tablet that a clinician handed over, or by a link.

No page says who the patient is, what was found, or what a record holds: the clinic's name, the questions, and the
answers as they were tapped.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache

from clinic.accounts import handed_over, lockout
from clinic.patients.models import LinkPurpose
from clinic.patients.opened_links import LINK, ask_birth_date, opened, refused

from . import scale_page, selectors_questionnaires, services_questionnaires
from .models import Assessment

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

# --- by a link ----------------------------------------------------------------------------------------------------


@never_cache
def questions(request: HttpRequest) -> HttpResponse:
    """The questions of the link that this session opened; first the patient's birth date, where one is known."""
    known = request.session.get(LINK)
    if not isinstance(known, dict):
        return redirect("answering:open")
    if known.get("done"):
        return _thanks(request, str(known.get("language", "")))
    found = opened(request, LinkPurpose.QUESTIONNAIRE)
    link = found.link if found is not None else None
    wording = selectors_questionnaires.wording_of_link(link=link) if link is not None else None
    if found is None or link is None or wording is None or wording.definition is None:
        return refused(request)
    if not found.is_proven:
        return ask_birth_date(request, link, language=wording.language)
    made = services_questionnaires.assessment_by_link(link=link, wording=wording)
    assessment = selectors_questionnaires.answering(pk=made.pk)
    assert assessment is not None

    def done() -> HttpResponse:
        request.session[LINK] = {**known, "done": True, "language": wording.language}
        return redirect("answering:questions")

    return _sheet(request, assessment, done)


# --- on a tablet --------------------------------------------------------------------------------------------------


@never_cache
@login_required
def handed_over_page(request: HttpRequest) -> HttpResponse:
    """The questions on a tablet that was handed over; after them the thanks."""
    found = _handed(request)
    if found.is_finished:
        language = found.wording.language if found.wording is not None else ""
        return _thanks(request, language, handed_over=True)
    return _sheet(request, found, lambda: redirect("answering:handed_over"))


@never_cache
@login_required
def unlock(request: HttpRequest) -> HttpResponse:
    """Give the session back to the clinician, who proves to be its owner."""
    found = _handed(request)
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if handed_over.take_back(request, proof=request.POST.get("proof", "")):
                return redirect("examination:questionnaires", pk=found.of_episode.pk)
            context = {"wrong": True}
        except lockout.Locked as locked:
            context = {"wait": locked.seconds}
    return render(request, "answering/unlock.html", context, status=422 if context else 200)


def _handed(request: HttpRequest) -> Assessment:
    subject = handed_over.subject_of(request)
    found = selectors_questionnaires.answering(pk=uuid.UUID(subject)) if subject else None
    if found is None:
        raise Http404
    return found


# --- the questions ------------------------------------------------------------------------------------------------


def _thanks(request: HttpRequest, language: str, **context: Any) -> HttpResponse:
    """The last page, in the language of the questions."""
    with translation.override(language or translation.get_language()):
        return render(request, "answering/thanks.html", context)


def _sheet(request: HttpRequest, assessment: Assessment, done: Callable[[], HttpResponse]) -> HttpResponse:
    """The questions with what was answered; what is sent is kept at once, in parts or whole."""
    wording, scale = assessment.wording, assessment.definition
    if wording is None or scale is None:
        raise Http404
    with translation.override(wording.language):
        context: dict[str, Any] = {
            "wording": wording,
            "language": wording.language,
            "clinic": assessment.patient.clinic,
            "on_tablet": assessment.link_id is None,
        }
        status = 200
        if request.method == "POST":
            given = scale_page.given_of(scale=scale, posted=request.POST)
            try:
                assessment = services_questionnaires.answer_as_patient(assessment=assessment, answers=given)
                if "part" in request.POST:
                    return HttpResponse(status=204)
                if not assessment.missing or "anyway" in request.POST:
                    services_questionnaires.hand_in(assessment=assessment)
                    return done()
                context["left_out"] = len(assessment.missing)
            except ValidationError as error:
                context["errors"] = error.messages
            status = 422
        context["questions"] = selectors_questionnaires.asked(
            wording=wording, scale=scale, answers=assessment.answers
        )
        return render(request, "answering/questions.html", context, status=status)

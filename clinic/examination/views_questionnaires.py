"""How a patient of an episode is asked by a questionnaire: on paper, on a tablet, by a link."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.accounts import handed_over
from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.dates import today
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Episode, LinkPurpose
from clinic.patients.opened_links import shown_once
from clinic.patients.selectors_links import links_of
from clinic.patients.services_links import LONGEST_DAYS, USUAL_DAYS

from . import policies, scale_page, selectors_questionnaires, services_questionnaires
from .models import Assessment
from .models_of_wordings import QuestionnaireWording
from .scales import BY_CODE

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

LONGEST_NUMBER = 2


@dataclass(frozen=True, slots=True)
class QuestionnaireChoice:
    """A questionnaire as its page offers it, with the clinic's wordings; none: a patient can't be handed it."""

    code: str
    name: str
    wordings: tuple[QuestionnaireWording, ...]


def _episode(request: ClinicRequest, pk: uuid.UUID) -> Episode:
    found: Episode = visible_or_404(Episode.objects.select_related("patient__clinic"), request.user, pk)
    return found


def _wording(episode: Episode, pk: str) -> QuestionnaireWording:
    current = selectors_questionnaires.current_wordings(clinic=episode.patient.clinic)
    found = next((one for one in current if str(one.pk) == pk), None)
    if found is None:
        raise Http404
    return found


def _context(request: ClinicRequest, episode: Episode) -> dict[str, Any]:
    clinic = episode.patient.clinic
    current = selectors_questionnaires.current_wordings(clinic=clinic)
    links = links_of(episode=episode, purpose=LinkPurpose.QUESTIONNAIRE)
    names = {str(one.pk): one for one in QuestionnaireWording.objects.filter(clinic=clinic)}
    return {
        "patient": episode.patient,
        "episode": episode,
        "questionnaires": [
            QuestionnaireChoice(
                one.code, _(one.name), tuple(wording for wording in current if wording.scale == one.code)
            )
            for one in selectors_questionnaires.QUESTIONNAIRES
        ],
        "links": [(link, names.get(link.subject)) for link in links],
        "answered": [
            (one, _(BY_CODE[one.scale].name), _figures(one))
            for one in sorted(
                Assessment.objects.of_episode(episode).exclude(way="").select_related("visit"),
                key=lambda one: one.at,
                reverse=True,
            )
            if one.scale in BY_CODE
        ],
        "can_ask": policies.can_ask_patient(request.user, episode),
        "days": USUAL_DAYS,
        "most_days": LONGEST_DAYS,
    }


def _figures(assessment: Assessment) -> str:
    """The total, of a scale without one its sub-scores."""
    total = scale_page.total_of(assessment)
    return total or "; ".join(f"{one.name} {one.value}" for one in scale_page.figures_of(assessment))


@never_cache
@login_required
@require_safe
def questionnaires(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The questionnaires, the ways to ask by them, and the links that were made."""
    episode = _episode(request, pk)
    record_read(request=request, patient=episode.patient, access=Access.RECORD)
    return render(request, "examination/questionnaires.html", _context(request, episode))


@login_required
@require_safe
def paper(request: ClinicRequest, pk: uuid.UUID, wording: uuid.UUID) -> HttpResponse:
    """A questionnaire to be printed and filled in by hand."""
    episode = _episode(request, pk)
    asked_by = _wording(episode, str(wording))
    record_read(request=request, patient=episode.patient, access=Access.RECORD)
    scale = BY_CODE[asked_by.scale]
    context = {
        "patient": episode.patient,
        "episode": episode,
        "wording": asked_by,
        "scale_name": _(scale.name),
        "questions": selectors_questionnaires.asked(wording=asked_by, scale=scale, answers={}),
        "printed_on": today(),
    }
    return render(request, "examination/paper.html", context)


@never_cache
@login_required
@require_POST
def hand_over(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Close this session to all but the questionnaire, for the patient to answer it here."""
    episode = _episode(request, pk)
    require(policies.can_ask_patient(request.user, episode))
    wording = _wording(episode, request.POST.get("wording", ""))
    try:
        made = services_questionnaires.hand_over(user=request.user, episode=episode, wording=wording)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("examination:questionnaires", pk=episode.pk)
    handed_over.hand_over(request, str(made.pk))
    response = redirect("answering:handed_over")
    # Whoever presses Back must not see the record.
    response["Clear-Site-Data"] = '"cache"'
    return response


@never_cache
@login_required
@require_POST
def send(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a link and show it this once, as text and as a QR code."""
    episode = _episode(request, pk)
    require(policies.can_ask_patient(request.user, episode))
    wording = _wording(episode, request.POST.get("wording", ""))
    typed = request.POST.get("days", "")
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER else 0
    try:
        link, secret = services_questionnaires.send_questionnaire(
            user=request.user, episode=episode, wording=wording, days=days if typed else USUAL_DAYS
        )
    except ValidationError as error:
        context = {**_context(request, episode), "errors": error.messages}
        return render(request, "examination/questionnaires.html", context, status=422)
    context = {**_context(request, episode), **shown_once(request, link, secret), "made_wording": wording}
    return render(request, "examination/questionnaires.html", context)

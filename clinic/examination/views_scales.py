"""The page of a clinical scale: answered item by item, beside the photos of the visit."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common import undo
from clinic.common.http import next_url, require, visible_or_404
from clinic.common.versions import UNKNOWN, Basis, shown_basis
from clinic.visits.selectors import photos_of_visit, visible_visits

from . import policies, scale_page, selectors_scales, services_scales
from .scales import BY_CODE, Rater
from .selectors_questionnaires import current_wordings

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest
    from clinic.visits.models import Visit

    from .models import Assessment
    from .models_of_wordings import QuestionnaireWording
    from .scales import Scale

PART = "part"
"""Of a form that a script sends while the page stays open: it is answered with what has changed on it."""


def _visit(request: ClinicRequest, pk: uuid.UUID) -> Visit:
    found: Visit = visible_or_404(visible_visits(user=request.user), request.user, pk)
    return found


def _scale(code: str) -> Scale:
    if code not in BY_CODE:
        raise Http404
    return BY_CODE[code]


def _assessment(visit: Visit, scale: Scale) -> Assessment:
    found = selectors_scales.assessment_of(visit=visit, scale=scale)
    if found is None:
        raise Http404
    return found


@login_required
def scale(request: ClinicRequest, pk: uuid.UUID, code: str) -> HttpResponse:
    """The items of a scale with their photos; what is sent is kept, whole or in parts."""
    visit, wanted = _visit(request, pk), _scale(code)
    if request.method == "POST":
        return _answer(request, visit, wanted)
    record_read(request=request, patient=visit.patient, access=Access.RECORD)
    return render(request, "examination/scale.html", _context(request, visit, wanted))


def _answer(request: ClinicRequest, visit: Visit, wanted: Scale) -> HttpResponse:
    require(policies.can_assess(request.user, visit))
    given = scale_page.given_of(scale=wanted, posted=request.POST)
    is_part = PART in request.POST
    try:
        services_scales.answer(
            user=request.user,
            visit=visit,
            scale=wanted,
            answers=given,
            based_on=_basis(request),
            wording=_wording(request, visit, wanted),
        )
    except ValidationError as error:
        typed = {**_context(request, visit, wanted, typed=given), "errors": error.messages}
        template = "examination/_scale_state.html" if is_part else "examination/scale.html"
        return render(request, template, typed, status=422)
    if is_part:
        context = {**_context(request, visit, wanted), "saved_at": timezone.localtime()}
        return render(request, "examination/_scale_state.html", context)
    messages.success(request, _("The answers are saved."))
    return redirect(next_url(request, "examination:scale", pk=visit.pk, code=wanted.code))


def _wordings(visit: Visit, wanted: Scale) -> list[QuestionnaireWording]:
    """The clinic's texts by which a patient may have been asked on paper."""
    if wanted.rater != Rater.PATIENT:
        return []
    current = current_wordings(clinic=visit.patient.clinic)
    return [one for one in current if one.scale == wanted.code]


def _wording(request: ClinicRequest, visit: Visit, wanted: Scale) -> QuestionnaireWording | None:
    chosen = request.POST.get("wording", "")
    return next((one for one in _wordings(visit, wanted) if str(one.pk) == chosen), None)


def _basis(request: ClinicRequest) -> Basis:
    """The version that the page was shown for; one that was shown before anything was answered held nothing."""
    shown = shown_basis(request.POST)
    return shown if shown.version else Basis(UNKNOWN, originals={"answers": {}})


def _context(
    request: ClinicRequest, visit: Visit, wanted: Scale, *, typed: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All that the page shows. typed: answers that were not taken, shown as they were given."""
    found = selectors_scales.assessment_of(visit=visit, scale=wanted)
    answers = {**(found.answers if found is not None else {}), **(typed or {})}
    is_open = found is None or not found.is_finished
    may_write = policies.can_assess(request.user, visit) and not (found is not None and found.is_patients_own)
    return {
        "visit": visit,
        "patient": visit.patient,
        "episode": visit.episode,
        "scale": wanted,
        "scale_name": _(wanted.name),
        "by_patient": wanted.rater == Rater.PATIENT,
        "not_made_for": visit.episode.cause in wanted.not_for,
        "assessment": found,
        "wordings": _wordings(visit, wanted),
        "blocks": scale_page.blocks_of(scale=wanted, answers=answers, cards=photos_of_visit(visit=visit)),
        "answered": len(found.answers) if found is not None else 0,
        "items": len(wanted.items),
        "total": scale_page.total_of(found) if found is not None else "",
        "total_name": _(wanted.total.name) if wanted.total is not None else "",
        "figures": scale_page.figures_of(found) if found is not None and not found.missing else [],
        "detectable": scale_page.detectable(wanted),
        "is_open": is_open,
        "can_answer": is_open and may_write,
        "can_reopen": not is_open and may_write,
        "way": found.get_way_display() if found is not None and found.is_patients_own else "",
    }


@login_required
@require_POST
def finish(request: ClinicRequest, pk: uuid.UUID, code: str) -> HttpResponse:
    """Keep what the form holds, and say that the assessment is done."""
    visit, wanted = _visit(request, pk), _scale(code)
    require(policies.can_assess(request.user, visit))
    given = scale_page.given_of(scale=wanted, posted=request.POST)
    try:
        if given:
            services_scales.answer(
                user=request.user, visit=visit, scale=wanted, answers=given, based_on=_basis(request)
            )
        done = services_scales.finish(
            user=request.user,
            assessment=_assessment(visit, wanted),
            wording=_wording(request, visit, wanted),
        )
    except ValidationError as error:
        context = {**_context(request, visit, wanted, typed=given), "errors": error.messages}
        return render(request, "examination/scale.html", context, status=422)
    total = scale_page.total_of(done)
    name = _(wanted.name)
    said = (
        _("%(scale)s is finished: %(total)s.") % {"scale": name, "total": total}
        if total
        else _("%(scale)s is finished.") % {"scale": name}
    )
    undo.offer(request, said, reverse("examination:scale_reopen", args=[visit.pk, wanted.code]))
    return redirect("visits:detail", pk=visit.pk)


@login_required
@require_POST
def reopen(request: ClinicRequest, pk: uuid.UUID, code: str) -> HttpResponse:
    """Open a finished assessment again, to correct it."""
    visit, wanted = _visit(request, pk), _scale(code)
    require(policies.can_assess(request.user, visit))
    try:
        services_scales.reopen(user=request.user, assessment=_assessment(visit, wanted))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("examination:scale", pk=visit.pk, code=wanted.code)

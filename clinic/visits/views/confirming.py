"""A clinician's word: once on a visit, or on what one photo shows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.common.http import next_url, require
from clinic.common.versions import Basis, shown_basis
from inference import finding
from inference.models import Analysis

from .. import contradictions, policies, selectors, services
from ..confirming import Contradicted, confirm_visit
from ..forms import PhotoStatementForm, VisitStatementForm
from ..reviewing import visit_review
from .photos import photo_page, visible_photo
from .visits import page, visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

    from ..models import Photo, Visit

PHOTO_FIELDS = ("palsy", "weak_side")
VISIT_FIELDS = ("palsy", "weak_side", "grade")


@login_required
@require_POST
def visit_confirm(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Confirm the model's finding of the visit as it is (`agree`), or say what the clinician finds instead.

    The form names the analyses that were on the screen, so that a result which arrived meanwhile is never confirmed
    unseen, and the contradictions that stood there; another one is shown first.
    """
    visit = visible_visit(request, pk)
    require(policies.can_confirm_visit(request.user, visit))
    form = None
    if request.POST.get("agree"):
        known = visit_review(visit=visit).known
        if not known.confirmable or known.model is None:
            messages.error(request, _("The model leaves this open. Say yourself what you see."))
            return redirect("visits:detail", pk=visit.pk)
        values = {name: getattr(known.model, name) for name in VISIT_FIELDS}
    else:
        form = VisitStatementForm(request.POST)
        if not form.is_valid():
            return _visit_again(request, visit, form, ())
        values = form.cleaned_data
    try:
        confirm_visit(
            user=request.user,
            visit=visit,
            shown=request.POST.getlist("shown"),
            after=request.POST.get("after", ""),
            named=request.POST.getlist("named"),
            based_on=_basis(request),
            **values,
        )
    except Contradicted as error:
        return _visit_again(request, visit, form or VisitStatementForm(initial=_initial(values)), error.found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("visits:detail", pk=visit.pk)
    messages.success(request, _("Confirmed.") if form is None else _("Your finding of the visit is saved."))
    return redirect(next_url(request, "visits:detail", pk=visit.pk))


def _basis(request: ClinicRequest) -> Basis | None:
    """The version that the form was shown for, where it says so."""
    return shown_basis(request.POST) if "version" in request.POST else None


def _initial(values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "palsy": "yes" if values["palsy"] else "no"}


def _visit_again(
    request: ClinicRequest,
    visit: Visit,
    form: VisitStatementForm,
    found: tuple[contradictions.Contradiction, ...],
) -> HttpResponse:
    """The visit's page with the form as it was filled in, and what contradicts it."""
    context = {**page(request, visit), "statement": form, "stating": True, "contradicting": found}
    return render(request, "visits/detail.html", context, status=422)


@login_required
@require_POST
def confirm(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Confirm the weakness that the model found in a photo (`agree`), or say what the photo shows.

    Confirming says nothing of the exercise, and a photo has no grade. The form names the analysis that was on the
    screen, so that a result which arrived meanwhile is never confirmed unseen.
    """
    shown = visible_photo(request, pk)
    require(policies.can_confirm(request.user, shown))
    analysis = get_object_or_404(_analyses(shown), pk=_uuid(request.POST.get("analysis")))
    form = None
    if request.POST.get("agree"):
        found = finding.from_analysis(analysis, asked=shown.exercise)
        if not found.decided:
            messages.error(request, _("The model leaves this open. Say yourself what you see."))
            return redirect("visits:photo", pk=shown.pk)
        values = {name: getattr(found, name) for name in PHOTO_FIELDS}
        values["comment"] = request.POST.get("comment", "")
    else:
        form = PhotoStatementForm(request.POST, also=(shown.exercise, analysis.exercise))
        if not form.is_valid():
            return _photo_again(request, shown, form, ())
        values = form.cleaned_data
    against = _against(shown, values)
    if not {one.code for one in against} <= set(request.POST.getlist("named")):
        form = form or PhotoStatementForm(initial={**_initial(values), "exercise": shown.exercise})
        return _photo_again(request, shown, form, against)
    try:
        services.confirm(
            user=request.user,
            analysis=analysis,
            based_on=_basis(request),
            **values,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("visits:photo", pk=shown.pk)
    messages.success(request, _("Confirmed.") if not form else _("Your finding is saved beside the model's."))
    return redirect(next_url(request, "visits:photo", pk=shown.pk))


def _against(shown: Photo, values: dict[str, Any]) -> tuple[contradictions.Contradiction, ...]:
    """What contradicts that statement about the photo."""
    review = visit_review(visit=shown.visit)
    card = next((one for one in review.photos if one.photo.pk == shown.pk), selectors.card_of(photo=shown))
    stated = finding.from_clinician("", values["palsy"], values["weak_side"], None)
    return tuple(contradictions.contradictions(review.case(stated, card)))


def _photo_again(
    request: ClinicRequest,
    shown: Photo,
    form: PhotoStatementForm,
    found: tuple[contradictions.Contradiction, ...],
) -> HttpResponse:
    context = {**photo_page(request, shown), "form": form, "correcting": True, "contradicting": found}
    return render(request, "visits/photo.html", context, status=422)


def _analyses(shown: Photo) -> Any:
    return Analysis.objects.filter(photo=shown).select_related("photo__visit").defer("landmarks")


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None

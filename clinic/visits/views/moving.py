"""Moving a photo or a visit that was filed in the wrong place; where to is searched for among the clinic's patients."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.audit.models import Access
from clinic.audit.services import record_listed, record_read
from clinic.common import undo
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Episode, Patient
from clinic.patients.selectors import found_by

from .. import policies, selectors
from ..moving import move_photo, move_visit
from .photos import visible_photo
from .visits import visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

FOUND = 8
"""How many patients a search shows: a name that more share needs its record number."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_move(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose another visit for a photo, and put it there."""
    photo = visible_photo(request, pk)
    require(policies.can_edit_photo(request.user, photo))
    errors: list[str] = []
    if request.method == "POST":
        visits = selectors.visible_visits(user=request.user)
        target = visible_or_404(visits, request.user, request.POST.get("to", ""))
        require(policies.can_edit_visit(request.user, target))
        before = photo.visit_id
        try:
            move_photo(user=request.user, photo=photo, visit=target)
        except ValidationError as error:
            errors = error.messages
        else:
            back = reverse("visits:photo_move", args=[photo.pk])
            undo.offer(request, _("The photo is moved, and both records say so."), back, to=str(before))
            return redirect("visits:photo", pk=photo.pk)
    context = {
        "photo": photo,
        "visit": photo.visit,
        **_places(request, photo.visit.patient),
        "errors": errors,
    }
    return _page(request, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def visit_move(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose another care episode for a visit with all its photos, and put it there."""
    visit = visible_visit(request, pk)
    require(policies.can_edit_visit(request.user, visit))
    errors: list[str] = []
    if request.method == "POST":
        episodes = Episode.objects.visible_to(request.user).select_related("patient__clinic")
        target = visible_or_404(episodes, request.user, request.POST.get("to", ""))
        require(policies.can_create_visit(request.user, target.patient))
        before = visit.episode_id
        try:
            move_visit(user=request.user, visit=visit, episode=target)
        except ValidationError as error:
            errors = error.messages
            visit = visible_visit(request, pk)
        else:
            back = reverse("visits:visit_move", args=[visit.pk])
            undo.offer(request, _("The visit is moved, and both records say so."), back, to=str(before))
            return redirect("visits:detail", pk=visit.pk)
    context = {"photo": None, "visit": visit, **_places(request, visit.patient), "errors": errors}
    return _page(request, context)


def _places(request: ClinicRequest, patient: Patient) -> dict[str, Any]:
    """The patient's own visits and episodes, or those of the patients whom a search finds in the clinic."""
    text = (request.GET.get("q") or request.POST.get("q") or "").strip()
    patients = [patient]
    if text:
        found = found_by(user=request.user, clinic=patient.clinic, text=text)
        patients = list(found[:FOUND])
    places = [
        {
            "patient": one,
            "episodes": list(one.episodes.order_by("-onset_date", "-created_at")),
            "visits": list(selectors.visits_of_patient(patient=one)),
        }
        for one in patients
    ]
    return {"places": places, "text": text, "patient": patient}


def _page(request: ClinicRequest, context: dict[str, Any]) -> HttpResponse:
    record_read(request=request, patient=context["patient"], access=Access.RECORD)
    others = [place["patient"] for place in context["places"] if place["patient"].pk != context["patient"].pk]
    record_listed(request=request, patients=others)
    context["episode"] = context["visit"].episode
    return render(request, "visits/move.html", context, status=422 if context["errors"] else 200)

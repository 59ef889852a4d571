"""What a visit's series does without, and with which exercises a clinic's visits begin."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.accounts.policies import can_administer
from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import next_url, require

from .. import exercises, policies, protocols, services_series
from ..forms import ProtocolForm
from .visits import visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


@login_required
@require_POST
def skip(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that an exercise is not taken, and why. JSON for the camera's script, the page for a form."""
    visit = visible_visit(request, pk)
    require(policies.can_upload(request.user, visit))
    given = {name: request.POST.get(name, "") for name in ("exercise", "reason", "note")}
    by_script = not request.accepts("text/html")
    try:
        skipped = services_series.skip_exercise(user=request.user, visit=visit, **given)
    except ValidationError as error:
        said = " ".join(error.messages)
        if by_script:
            return JsonResponse({"detail": said}, status=422)
        messages.error(request, said)
        return redirect(next_url(request, "visits:detail", pk=visit.pk))
    name = str(exercises.by_code(skipped.exercise).name)
    if by_script:
        return JsonResponse({"exercise": skipped.exercise, "reason": skipped.in_words}, status=201)
    said = _("%(exercise)s is noted as not taken.") % {"exercise": name}
    undo.offer(request, said, reverse("visits:unskip", args=[visit.pk]), exercise=skipped.exercise)
    return redirect(next_url(request, "visits:detail", pk=visit.pk))


@login_required
@require_POST
def unskip(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Say that an exercise is to be taken after all."""
    visit = visible_visit(request, pk)
    require(policies.can_upload(request.user, visit))
    exercise = request.POST.get("exercise", "")
    try:
        services_series.take_skip_back(user=request.user, visit=visit, exercise=exercise)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    if not request.accepts("text/html"):
        return JsonResponse({"exercise": exercise})
    return redirect(next_url(request, "visits:detail", pk=visit.pk))


@login_required
def clinic_protocol(request: ClinicRequest) -> HttpResponse:
    """With which exercises the clinic's visits begin: for its administrators."""
    clinic = request.clinic
    if clinic is None:
        raise Http404
    require(can_administer(request.user, clinic.pk))
    form = ProtocolForm(
        request.POST or None, record=clinic, initial={"protocol": protocols.of_clinic(clinic).key}
    )
    if request.method == "POST":
        given = dict(form.cleaned_data) if form.is_valid() else {}
        if submit(form, services_series.choose_protocol, user=request.user, clinic=clinic, **given):
            messages.success(request, _("New visits begin with these exercises from now on."))
            return redirect("visits:protocols")
    context = {"form": form, "protocols": protocols.PROTOCOLS, "tab": "exercises"}
    return render(request, "visits/protocols.html", context, status=422 if form.errors else 200)

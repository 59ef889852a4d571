"""The consent to the clinical record, asked for in place when the first photo is taken."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.common.forms import submit
from clinic.common.http import require
from clinic.patients import services as patients
from clinic.patients.forms import ConsentForm
from clinic.patients.models import ConsentUse

from .. import policies
from .visits import visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


@login_required
@require_POST
def consent(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Record the consent without leaving the visit. JSON for a script (201, or 422 with a sentence), else the page."""
    visit = visible_visit(request, pk)
    require(policies.can_upload(request.user, visit))
    form = ConsentForm({**request.POST.dict(), "use": ConsentUse.RECORD})
    data = form.cleaned_data if form.is_valid() else {}
    given = submit(form, patients.give_consent, user=request.user, patient=visit.patient, **data)
    sentence = " ".join(message for errors in form.errors.values() for message in errors)
    if not request.accepts("text/html"):
        shown = render_to_string("inc/consents_in_force.html", {"patient": visit.patient}, request)
        return JsonResponse({"detail": sentence, "consents": shown}, status=201 if given else 422)
    if given:
        messages.success(request, _("The consent is recorded."))
    else:
        messages.error(request, sentence)
    return redirect("visits:detail", pk=visit.pk)

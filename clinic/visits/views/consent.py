"""Consents to the uses of photos: on the record, and in place when the first photo is taken."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.common.forms import submit
from clinic.common.http import require
from clinic.patients.forms import ConsentForm
from clinic.patients.models import Consent, ConsentUse
from clinic.patients.views.patient import find_to_write, record_page
from clinic.patients.views.record import find_of_patient

from .. import policies
from ..consenting import give_consent, revoke_consent
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
    given = submit(form, give_consent, user=request.user, patient=visit.patient, **data)
    sentence = " ".join(message for errors in form.errors.values() for message in errors)
    if not request.accepts("text/html"):
        shown = render_to_string("inc/consents_in_force.html", {"patient": visit.patient}, request)
        return JsonResponse({"detail": sentence, "consents": shown}, status=201 if given else 422)
    if given:
        messages.success(request, _("The consent is recorded."))
    else:
        messages.error(request, sentence)
    return redirect("visits:detail", pk=visit.pk)


@require_POST
@login_required
def consent_give(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a consent to one use of the photos."""
    patient = find_to_write(request, pk)
    use = request.POST.get("use")
    auto_id = f"id_{use}_%s" if use in ConsentUse.values else "id_%s"
    form = ConsentForm(request.POST, auto_id=auto_id)
    data = form.cleaned_data if form.is_valid() else {}
    if submit(form, give_consent, user=request.user, patient=patient, **data):
        messages.success(request, _("The consent is recorded."))
        return redirect(f"{reverse('patients:record', args=[pk])}#consent")
    # What is wrong with more than the date stands above: the form itself may be gone by now.
    if use not in ConsentUse.values:
        messages.error(request, _("Please choose what the consent is for."))
    else:
        for error in [*form.errors.pop("use", []), *form.non_field_errors()]:
            messages.error(request, error)
    return record_page(request, patient, refused=form)


@require_POST
@login_required
def consent_revoke(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the patient takes a consent back."""
    found, patient = find_of_patient(request, Consent.objects.all(), pk, "patient")
    try:
        revoke_consent(user=request.user, consent=found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The consent is revoked. Its history stays."))
    return redirect(f"{reverse('patients:record', args=[patient.pk])}#consent")

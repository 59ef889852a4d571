"""A patient's rights, carried out: a copy, a correction, a restriction, erasure, and the legal hold that stops it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.accounts import policies as roles
from clinic.accounts import stepup
from clinic.accounts.requests import ClinicRequest
from clinic.audit import services as audit
from clinic.audit.models import Access
from clinic.common.dates import today
from clinic.common.forms import submit
from clinic.common.http import client_address, require, visible_or_404
from clinic.patients import policies, selectors
from clinic.patients.middleware import close_record, open_record
from clinic.patients.models import Correction, Patient
from clinic.patients.views.patient import find_patient, page_of

from .. import dossier, erasure, forms, services


def _find(request: ClinicRequest, pk: uuid.UUID, allowed: Callable[..., bool]) -> Patient:
    """The patient if the user may see the record and do this with it."""
    patient = find_patient(request, pk)
    require(allowed(request.user, patient))
    return patient


@login_required
@require_safe
def rights(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """What the patient may ask for, and what was done so far."""
    patient = _find(request, pk, policies.can_carry_out_rights)
    return render(request, "rights/page.html", _context(request, patient))


def _context(request: ClinicRequest, patient: Patient, **more: Any) -> dict[str, Any]:
    context = page_of(
        request,
        patient,
        "record",
        may_decide=policies.can_decide_on_record(request.user, patient),
        corrections=patient.corrections.select_related("recorded_by", "decided_by"),
        restriction=patient.restrictions.filter(lifted_at=None).select_related("by").first(),
        hold=patient.holds.filter(lifted_at=None).select_related("by").first(),
        erasure=patient.erasures.select_related("by").first(),
    )
    return {**context, **more}


@login_required
@require_POST
@stepup.required
def export(request: ClinicRequest, pk: uuid.UUID) -> HttpResponseBase:
    """A copy of all that is held of the patient, written as it is sent."""
    patient = _find(request, pk, policies.can_carry_out_rights)
    # Logged first: nothing leaves without a line.
    audit.record_read(request=request, patient=patient, access=Access.EXPORT)
    audit.log_exports(
        user=request.user,
        clinic=patient.clinic,
        patient_id=patient.pk,
        photos=dossier.photos_of(patient),
        page="patients:export",
    )
    response = StreamingHttpResponse(dossier.stream(patient=patient), content_type="application/zip")
    # The name of a downloaded file travels far: it holds a date and nothing of the patient.
    response["Content-Disposition"] = f'attachment; filename="record-{today().isoformat()}.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Accel-Buffering"] = "no"  # a proxy would keep it in a file until it is fetched
    patch_cache_control(response, private=True, no_store=True)
    return response


def _form(
    request: ClinicRequest,
    patient: Patient,
    form: django_forms.Form,
    service: Callable[..., Any],
    arguments: dict[str, Any],
    *,
    said: str,
    template: str = "rights/form.html",
    to: str = "",
    **more: Any,
) -> HttpResponse:
    """Show a form of a right, and carry out what it asks for."""
    if request.method == "POST":
        data = dict(form.cleaned_data) if form.is_valid() else {}
        data.pop("understood", None)
        address = client_address(request)
        if submit(form, service, user=request.user, address=address, **arguments, **data):
            messages.success(request, said)
            return redirect(to or reverse("patients:rights", args=[patient.pk]))
    back = reverse("patients:rights", args=[patient.pk])
    return render(request, template, _context(request, patient, form=form, back=back, **more))


@login_required
def correction_new(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Note what the patient says is wrong."""
    patient = _find(request, pk, policies.can_carry_out_rights)
    form = forms.CorrectionForm(request.POST or None, initial={"received_on": today()})
    return _form(
        request,
        patient,
        form,
        services.ask_correction,
        {"patient": patient},
        said=_("The request is noted."),
        title=_("Request for correction"),
        about=_("What the patient disputes, in their words. The record itself is corrected where it stands."),
        action=_("Note the request"),
    )


@login_required
def correction(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Decide a request: corrected, or the patient's statement stands beside the record."""
    found = visible_or_404(Correction.objects.select_related("patient__clinic"), request.user, pk)
    require(policies.can_carry_out_rights(request.user, found.patient))
    form = forms.DecisionForm(request.POST or None)
    return _form(
        request,
        found.patient,
        form,
        services.decide_correction,
        {"correction": found},
        said=_("The request is decided."),
        template="rights/correction.html",
        correction=found,
        title=_("Request for correction"),
        action=_("Close the request"),
    )


@login_required
def restrict(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Close the record."""
    patient = _find(request, pk, policies.can_carry_out_rights)
    form = forms.RestrictForm(request.POST or None)
    return _form(
        request,
        patient,
        form,
        services.restrict,
        {"patient": patient},
        said=_("The record is restricted. It is kept, but neither shown nor used."),
        to=reverse("patients:list"),
        title=_("Restrict the record"),
        about=_(
            "The record is kept, but closed: it leaves lists and pages, nothing new is analysed, and nothing goes "
            "into exports for training. An administrator may open it for half an hour with a reason, or lift the "
            "restriction."
        ),
        action=_("Restrict the record"),
    )


def _reasoned(
    request: ClinicRequest, pk: uuid.UUID, service: Callable[..., Any], **words: str
) -> HttpResponse:
    """A step on the whole record that asks for nothing but a reason; `words` are the form's."""
    patient = _find(request, pk, policies.can_decide_on_record)
    form = forms.ReasonForm(request.POST or None)
    return _form(request, patient, form, service, {"patient": patient}, **words)


@login_required
@stepup.required
def lift(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Open the record again for all."""
    return _reasoned(
        request,
        pk,
        services.lift_restriction,
        said=_("The restriction is lifted."),
        title=_("Lift the restriction"),
        about=_("The record is shown and used again as before. Tell the patient before you do it."),
        action=_("Lift the restriction"),
    )


@login_required
@stepup.required
def hold(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the record under legal hold."""
    return _reasoned(
        request,
        pk,
        services.hold,
        said=_("The record is under legal hold."),
        title=_("Legal hold"),
        about=_(
            "Nothing of the record is erased or destroyed until the hold is lifted, whatever its retention says."
        ),
        action=_("Put it under legal hold"),
    )


@login_required
@stepup.required
def hold_lift(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """End the legal hold."""
    return _reasoned(
        request,
        pk,
        services.lift_hold,
        said=_("The legal hold is lifted."),
        title=_("Lift the legal hold"),
        about=_("From then on the record's retention counts again."),
        action=_("Lift the legal hold"),
    )


@login_required
@stepup.required
def erase(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """What erasure would destroy now, what stays and until when; and then do it."""
    patient = _find(request, pk, policies.can_decide_on_record)
    return _form(
        request,
        patient,
        forms.EraseForm(request.POST or None),
        erasure.erase,
        {"patient": patient},
        said=_("The copies are destroyed, and the record is closed until its retention is over."),
        template="rights/erase.html",
        to=reverse("patients:restricted"),
        plan=erasure.preview(patient=patient),
    )


@login_required
@require_safe
def restricted(request: ClinicRequest) -> HttpResponse:
    """The clinic's restricted records, for its administrators."""
    clinic = request.clinic
    require(roles.can_administer(request.user, clinic.pk))
    patients = selectors.restricted(user=request.user, clinic=clinic)
    audit.record_reads(request=request, patients=patients, access=Access.RECORD)
    return render(request, "rights/restricted.html", {"patients": patients})


@login_required
@stepup.required
def open_restricted(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask why, log it, and open the record for half an hour."""
    patient = selectors.locked(user=request.user, pk=pk)
    require(policies.can_decide_on_record(request.user, patient))
    form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        audit.record_read(request=request, patient=patient, access=Access.RECORD, reason=reason)
        open_record(request.session, patient, reason)
        return redirect("patients:record", pk=pk)
    return render(request, "rights/open.html", {"form": form, "record": patient})


@login_required
@require_POST
def close(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Close the record before its half hour is over."""
    close_record(request.session, find_patient(request, pk))
    return redirect("patients:restricted")

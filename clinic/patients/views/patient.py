"""The form for a new one, and one patient's record."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.accounts import policies
from clinic.accounts.requests import ClinicRequest
from clinic.audit import services as audit
from clinic.audit.models import Access
from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import require, visible_or_404

from .. import forms, selectors, services
from .. import policies as rights
from ..models import CorrectionState, Patient


def page_of(request: ClinicRequest, patient: Patient, tab: str, **more: Any) -> dict[str, Any]:
    """What each page of a patient shows around its own part; the read goes into the log."""
    audit.record_read(request=request, patient=patient, access=Access.RECORD)
    return {
        "patient": patient,
        "episode": selectors.current_episode(patient=patient),
        "tab": tab,
        "can_write": policies.can_write_records(request.user, patient.clinic_id) and not patient.is_closed,
        "may_write": policies.can_write_records(request.user, patient.clinic_id),
        **more,
    }


def find_patient(request: ClinicRequest, pk: uuid.UUID) -> Patient:
    """The patient if the user may see them."""
    return visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)


def find_to_write(request: ClinicRequest, pk: uuid.UUID) -> Patient:
    """The patient if the user may see and change them."""
    patient = find_patient(request, pk)
    require(policies.can_write_records(request.user, patient.clinic_id) and patient.restricted_at is None)
    return patient


@login_required
def patient_new(request: ClinicRequest) -> HttpResponse:
    """Log a new patient with the episode that brought them."""
    clinic = request.clinic
    require(policies.can_write_records(request.user, clinic.pk))
    form = forms.RegisterForm(request.POST or None, patient=Patient(clinic=clinic))
    same: list[Patient] = []
    if request.method == "POST":
        valid = form.is_valid()
        person = form.part(form.patient_fields) if valid else {}
        if valid and not form.confirmed_new:
            who = {"name": person["name"], "birth_date": person["birth_date"]}
            same = selectors.likely_duplicates(user=request.user, clinic=clinic, **who)
        if not same:
            made = submit(
                form,
                services.register,
                user=request.user,
                clinic=clinic,
                patient=person,
                episode=form.part(form.episode_fields) if valid else {},
            )
            if made:
                return _logged(request, made[0])
    return render(request, "patients/new.html", {"form": form, "same": same})


def _logged(request: ClinicRequest, patient: Patient) -> HttpResponse:
    messages.success(request, _("%(name)s is logged.") % {"name": patient.name})
    if "visit" in request.POST:
        return redirect("visits:new", pk=patient.pk)
    return redirect("patients:record", pk=patient.pk)


def record_page(
    request: ClinicRequest, patient: Patient, refused: forms.ConsentForm | None = None
) -> HttpResponse:
    """The record's page; `refused` is the one of its forms that was just sent in vain."""
    rows = []
    for state in selectors.consent_states(patient=patient):
        mine = refused is not None and refused.data.get("use") == state.use
        rows.append((state, refused if mine else forms.ConsentForm.blank(state.use)))
    context = page_of(
        request,
        patient,
        "record",
        episodes=selectors.episodes_of(patient=patient),
        consents=rows,
        statements=patient.corrections.filter(state=CorrectionState.STATEMENT),
        may_carry_out_rights=rights.can_carry_out_rights(request.user, patient),
    )
    return render(request, "patients/record.html", context)


@login_required
@require_safe
def record(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Who the patient is, their episodes and treatments, and their consent."""
    return record_page(request, find_patient(request, pk))


@login_required
def edit(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Change what is recorded of the person."""
    patient = find_to_write(request, pk)
    context = page_of(request, patient, "record")
    form = forms.PatientForm(request.POST or None, patient=patient, record=patient)
    if request.method == "POST":
        data = form.cleaned_data if form.is_valid() else {}
        # A copy: the banner keeps the name that is stored, whatever is refused.
        copy = Patient.objects.select_related("clinic").get(pk=patient.pk)
        if submit(form, services.update_patient, user=request.user, patient=copy, **data):
            messages.success(request, _("The changes are saved."))
            return redirect("patients:record", pk=pk)
    titles = {"title": _("Edit the patient"), "back": reverse("patients:record", args=[pk])}
    return render(request, "patients/form.html", {**context, **titles, "form": form})


@require_POST
@login_required
def archive(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the patient off the lists."""
    patient = services.archive_patient(user=request.user, patient=find_to_write(request, pk))
    said = _("%(name)s is archived. Nothing is deleted: the record can be restored at any time.")
    undo.offer(request, said % {"name": patient.name}, reverse("patients:restore", args=[pk]))
    return redirect("patients:record", pk=pk)


@require_POST
@login_required
def restore(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the patient back on the lists."""
    patient = services.restore_patient(user=request.user, patient=find_to_write(request, pk))
    messages.success(request, _("%(name)s is back on the lists.") % {"name": patient.name})
    return redirect("patients:record", pk=pk)

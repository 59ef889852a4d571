"""The list of patients, the form for a new one, and one patient's record and log."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.accounts import policies
from clinic.audit import selectors as audit_selectors
from clinic.audit import services as audit
from clinic.audit.models import Access
from clinic.common.forms import submit
from clinic.common.http import require, visible_or_404

from . import forms, selectors, services
from .filters import Filters, chip_groups
from .models import Patient

PATIENTS_A_PAGE, LINES_A_PAGE = 25, 60


def page_of(request: HttpRequest, patient: Patient, tab: str, **more: Any) -> dict[str, Any]:
    """What each page of a patient shows around its own part; the read goes into the log."""
    audit.record_read(request=request, patient=patient, access=Access.RECORD)
    return {
        "patient": patient,
        "episode": selectors.current_episode(patient=patient),
        "tab": tab,
        "can_write": policies.can_write_records(request.user, patient.clinic_id) and not patient.archived_at,
        "may_write": policies.can_write_records(request.user, patient.clinic_id),
        **more,
    }


def find_patient(request: HttpRequest, pk: uuid.UUID) -> Patient:
    """The patient if the user may see them."""
    return visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)


def find_to_write(request: HttpRequest, pk: uuid.UUID) -> Patient:
    """The patient if the user may see and change them."""
    patient = find_patient(request, pk)
    require(policies.can_write_records(request.user, patient.clinic_id))
    return patient


@login_required
def patient_list(request: HttpRequest) -> HttpResponse:
    """The clinic's patients, searched, filtered and sorted."""
    clinic = request.clinic  # type: ignore[attr-defined]
    filters = Filters.read(request.GET)
    facets = selectors.facets(user=request.user, clinic=clinic, **filters.wanted)
    found = selectors.search(user=request.user, clinic=clinic, sort=filters.sort, **filters.wanted)
    paginator = Paginator(found, PATIENTS_A_PAGE)
    paginator.count = facets.total  # counted along with the filters
    context = {
        "filters": filters,
        "facets": facets,
        "groups": chip_groups(filters, facets),
        "page": paginator.get_page(request.GET.get("page")),
        "sorts": {key: filters.sorted_by(key) for key in ("name", "onset", "visit")},
    }
    return render(request, "patients/list.html", context)


@login_required
def patient_new(request: HttpRequest) -> HttpResponse:
    """Log a new patient with the episode that brought them."""
    clinic = request.clinic  # type: ignore[attr-defined]
    require(policies.can_write_records(request.user, clinic.pk))
    form = forms.RegisterForm(request.POST or None, initial={"name": request.GET.get("name", "")[:120]})
    if request.method == "POST":
        valid = form.is_valid()
        made = submit(
            form,
            services.register,
            user=request.user,
            clinic=clinic,
            patient=form.part(form.patient_fields) if valid else {},
            episode=form.part(form.episode_fields) if valid else {},
        )
        if made:
            patient, _episode = made
            messages.success(request, _("%(name)s is logged.") % {"name": patient.name})
            if "visit" in request.POST:
                return redirect("visits:new", pk=patient.pk)
            return redirect("patients:record", pk=patient.pk)
    return render(request, "patients/new.html", {"form": form})


@login_required
def record(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Who the patient is, their episodes and treatments, and their consent."""
    patient = find_patient(request, pk)
    context = page_of(
        request,
        patient,
        "record",
        episodes=selectors.episodes_of(patient=patient),
        consents=selectors.consent_states(patient=patient),
        consent_form=forms.ConsentForm(),
    )
    return render(request, "patients/record.html", context)


@login_required
def log(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Who changed what of this patient, or who read it."""
    patient = find_patient(request, pk)
    context = page_of(request, patient, "log")
    reads = request.GET.get("show") == "reads"
    lines: Any = (
        audit_selectors.reads_of_patient(patient=patient) if reads else selectors.changes(patient=patient)
    )
    page = Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "patients/log.html", {**context, "reads": reads, "page": page})


@login_required
def edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change what is recorded of the person."""
    patient = find_to_write(request, pk)
    context = page_of(request, patient, "record")
    form = forms.PatientForm(request.POST or None, initial=forms.initial_of(patient, forms.PatientForm))
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
def archive(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the patient off the lists."""
    patient = services.archive_patient(user=request.user, patient=find_to_write(request, pk))
    said = _("%(name)s is archived. Nothing is deleted: the record can be restored at any time.")
    messages.success(request, said % {"name": patient.name})
    return redirect("patients:record", pk=pk)


@require_POST
@login_required
def restore(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the patient back on the lists."""
    patient = services.restore_patient(user=request.user, patient=find_to_write(request, pk))
    messages.success(request, _("%(name)s is back on the lists.") % {"name": patient.name})
    return redirect("patients:record", pk=pk)

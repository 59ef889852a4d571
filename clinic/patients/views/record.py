"""Changes to what stands on a patient's record: episodes and treatments."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.accounts import policies
from clinic.accounts.requests import ClinicRequest
from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import require, visible_or_404

from .. import forms, services
from ..models import Episode, Patient, Treatment
from ..treatment_form import TreatmentForm
from .patient import find_to_write, page_of

TREATMENT_PAGE = "patients/treatment.html"


def find_of_patient(request: ClinicRequest, queryset: Any, pk: uuid.UUID, way: str) -> tuple[Any, Patient]:
    """A record of a patient, and the patient, if the user may see and change them."""
    found = visible_or_404(queryset.select_related(f"{way}__clinic"), request.user, pk)
    patient: Any = found
    for step in way.split("__"):
        patient = getattr(patient, step)
    require(policies.can_write_records(request.user, patient.clinic_id) and patient.restricted_at is None)
    return found, patient


def _form_page(
    request: ClinicRequest,
    patient: Patient,
    form: django_forms.Form,
    service: Callable[..., Any],
    arguments: dict[str, Any],
    template: str = "patients/form.html",
    **more: Any,
) -> HttpResponse:
    """Show a form of the record, and put away what it holds."""
    context = page_of(request, patient, "record", **more)
    if request.method == "POST":
        data = form.cleaned_data if form.is_valid() else {}
        if submit(form, service, user=request.user, **arguments, **data):
            messages.success(request, _("The changes are saved."))
            return redirect("patients:record", pk=patient.pk)
    back = reverse("patients:record", args=[patient.pk])
    return render(request, template, {**context, "form": form, "back": back})


@login_required
def episode_new(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin another care episode."""
    patient = find_to_write(request, pk)
    form = forms.EpisodeForm(request.POST or None)
    return _form_page(
        request, patient, form, services.open_episode, {"patient": patient}, title=_("New episode")
    )


@login_required
def episode_edit(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Change an episode's cause, side, onset or notes."""
    episode, patient = find_of_patient(request, Episode.objects.all(), pk, "patient")
    form = forms.EpisodeForm(request.POST or None, record=episode)
    return _form_page(
        request, patient, form, services.update_episode, {"episode": episode}, title=_("Edit the episode")
    )


@login_required
def treatment_new(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a treatment of an episode."""
    episode, patient = find_of_patient(request, Episode.objects.all(), pk, "patient")
    form = TreatmentForm(request.POST or None)
    return _form_page(
        request,
        patient,
        form,
        services.add_treatment,
        {"episode": episode},
        template=TREATMENT_PAGE,
        title=_("New treatment"),
        of_episode=episode,
    )


@login_required
def treatment_edit(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a treatment."""
    current = Treatment.objects.filter(archived_at__isnull=True).select_related("episode")
    treatment, patient = find_of_patient(request, current, pk, "episode__patient")
    form = TreatmentForm(request.POST or None, record=treatment)
    return _form_page(
        request,
        patient,
        form,
        services.update_treatment,
        {"treatment": treatment},
        template=TREATMENT_PAGE,
        title=_("Edit the treatment"),
        treatment=treatment,
        of_episode=treatment.episode,
    )


@require_POST
@login_required
def treatment_archive(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a treatment off the record."""
    treatment, patient = find_of_patient(request, Treatment.objects.all(), pk, "episode__patient")
    try:
        services.archive_treatment(user=request.user, treatment=treatment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        back = reverse("patients:treatment_restore", args=[treatment.pk])
        undo.offer(request, _("The treatment is taken off the record. The log keeps it."), back)
    return redirect("patients:record", pk=patient.pk)


@require_POST
@login_required
def treatment_restore(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a treatment back on the record."""
    treatment, patient = find_of_patient(request, Treatment.objects.all(), pk, "episode__patient")
    try:
        services.restore_treatment(user=request.user, treatment=treatment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The treatment is back on the record."))
    return redirect("patients:record", pk=patient.pk)

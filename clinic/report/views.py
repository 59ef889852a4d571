"""A report as a file to keep: recorded as an export."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from clinic.accounts import policies, stepup
from clinic.audit import services as audit
from clinic.audit.models import Access
from clinic.common.dates import today_in
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Episode, Patient

from . import rendering
from .document import make_report
from .forms import ReportForm

if TYPE_CHECKING:
    from clinic.accounts.requests import ClinicRequest


@login_required
@require_safe
@stepup.required
def report_pdf(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The patient's page or the referrer's letter; where it can't be made, back to the patient with a sentence."""
    patient: Patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    require(policies.can_read_records(request.user, patient.clinic_id))
    episode = _episode(request, patient)
    form = ReportForm(request.GET, episode=episode, day=today_in(patient.clinic.time_zone))
    if not form.is_valid():
        raise Http404
    report = make_report(episode=episode, choice=form.choice(), author=request.user)
    try:
        content = rendering.pdf(report.document)
    except rendering.CannotRender as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('patients:detail', args=[patient.pk])}?episode={episode.pk}")
    # Logged first: nothing leaves without a line.
    audit.record_read(request=request, patient=patient, access=Access.EXPORT)
    audit.log_exports(
        user=request.user,
        clinic=patient.clinic,
        patient_id=patient.pk,
        photos=report.photos,
        page="report:pdf",
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{report.file_name}"'
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


def _episode(request: ClinicRequest, patient: Patient) -> Episode:
    """The episode asked for, or the newest; 404 of a patient who has none."""
    episodes = Episode.objects.filter(patient=patient).order_by("-onset_date", "-created_at")
    wanted = request.GET.get("episode")
    if wanted:
        try:
            found: Episode = visible_or_404(episodes, request.user, uuid.UUID(wanted))
        except ValueError as error:
            raise Http404 from error
    else:
        first = episodes.first()
        if first is None:
            raise Http404
        found = first
    found.patient = patient
    return found

"""The log of a clinic, for its administrators, and a patient's own, to be handed to the patient."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from clinic.accounts import policies, stepup
from clinic.accounts import selectors as accounts
from clinic.accounts.requests import ClinicRequest
from clinic.audit import log
from clinic.audit.models import Access
from clinic.audit.selectors import reads_page
from clinic.audit.services import log_reading, record_read
from clinic.common import sheets
from clinic.common.dates import today
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Patient
from clinic.patients.views.patient import find_patient, page_of

from ..changes import changes_page
from ..forms import AddressForm, SearchForm

LINES_A_PAGE: Final = 50


@login_required
@require_safe
def log_page(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Who changed what of this patient, or who read it."""
    patient = find_patient(request, pk)
    context = page_of(request, patient, "log")
    reads = request.GET.get("show") == "reads"
    before = request.GET.get("before")
    place = log.read_place(before) if before else None
    if before and place is None:
        raise Http404
    lines: list[Any]
    if reads:
        lines, end = reads_page(patient=patient, before=place, size=LINES_A_PAGE)
        more = log.write_place(*end) if end else ""
    else:
        lines, behind = changes_page(patient=patient, before=place[0] if place else None, size=LINES_A_PAGE)
        more = log.write_place(behind) if behind else ""
    pages = {"before": before, "more": more}
    return render(request, "rights/log.html", {**context, "reads": reads, "lines": lines, **pages})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@stepup.required
def clinic_log(request: ClinicRequest) -> HttpResponse:
    """Who did what in the clinic; a search is sent, so that no record number stands in an address."""
    clinic = request.clinic
    if clinic is None:
        raise Http404
    require(policies.can_administer(request.user, clinic.pk))
    people = [(m.user_id, m.user.full_name) for m in accounts.members(clinic_id=clinic.pk)]
    visible = Patient.objects.visible_to(request.user).filter(clinic=clinic)
    if request.method == "POST":
        form = SearchForm(request.POST, people=people)
        number = request.POST.get("record_number", "").strip()
        patient = visible.filter(record_number=number).first() if number else None
        if form.is_valid() and (patient or not number):
            search = form.search(patient=patient.pk if patient else None)
            return redirect(reverse("audit:clinic") + search.query)
        if number and patient is None:
            form.add_error("record_number", _("No patient of the clinic has this record number."))
        return render(
            request, "rights/clinic_log.html", {"form": form, "events": [], "failed": True}, status=422
        )
    form = SearchForm({**request.GET.dict(), "record_number": ""}, people=people)
    asked = AddressForm(request.GET)
    # What makes no sense finds nothing: left out, it would find everything.
    if not form.is_valid() or not asked.is_valid() or not asked.is_known(form):
        return render(
            request,
            "rights/clinic_log.html",
            {"form": form, "events": [], "failed": True, "unread": True},
            status=400,
        )
    wanted = asked.cleaned_data["patient"]
    patient = visible.filter(pk=wanted).first() if wanted else None
    search = form.search(patient=wanted, before=asked.cleaned_data["before"])
    events, more = log.page(clinic=clinic, search=search)
    log_reading(user=request.user, clinic=clinic, patient=patient, filters=search.filters)
    form.data = {**form.data, "record_number": patient.record_number if patient else ""}
    context = {
        "form": form,
        "events": events,
        "search": search,
        "more": more.query if more else "",
        "of": patient,
    }
    return render(request, "rights/clinic_log.html", context)


def _own(request: ClinicRequest, pk: uuid.UUID) -> Patient:
    """The patient, if this person may hand out the patient's log; the copy is logged as an export."""
    patient: Patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    require(policies.can_administer(request.user, patient.clinic_id))
    record_read(request=request, patient=patient, access=Access.EXPORT)
    return patient


def _lines(patient: Patient) -> Iterator[log.LogLine]:
    members = accounts.members(clinic_id=patient.clinic_id)
    return log.for_the_patient(patient=patient, roles={m.user_id: str(m.get_role_display()) for m in members})


@never_cache
@login_required
@require_safe
@stepup.required
def patient_log(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """A patient's own log, to be printed and handed over."""
    patient = _own(request, pk)
    context = {"patient": patient, "lines": list(_lines(patient)), "printed": timezone.now()}
    return render(request, "rights/patient_log.html", context)


@login_required
@require_safe
@stepup.required
def patient_csv(request: ClinicRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The same as a file."""
    patient = _own(request, pk)
    # The language is the request's: it is over when the rows are written.
    rows = _rows(patient, sheets.for_people())
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = sheets.file_name("log", patient.record_number, today())
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


def _rows(patient: Patient, dialect: sheets.Dialect) -> Iterator[str]:
    names = ["record_number", "date", "first", "last", "who", "role", "what", "times", "reason"]
    yield sheets.BOM + sheets.line(names, dialect)
    for line in _lines(patient):
        first, last = (timezone.localtime(at).strftime("%H:%M:%S") for at in (line.first, line.last))
        told = [
            line.day.isoformat(),
            first,
            last,
            line.who,
            line.role,
            line.what,
            str(line.times),
            line.reason,
        ]
        number = sheets.number_as_text(patient.record_number, dialect)
        yield sheets.line([number, *(sheets.cell(one, dialect) for one in told)], dialect)

"""Pages of tasks: they ask the policy, call one service or selector, and answer."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.accounts.requests import ClinicRequest
from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.forms import submit
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Patient
from clinic.patients.selectors import current_episode

from . import policies, selectors, sentences, services
from .forms import CloseForm, PlanForm, TaskForm

if TYPE_CHECKING:
    from django import forms as django_forms

    from .models import Task

CHANGES: Final = 30
"""Of a task, that its page tells."""


def _visible(request: ClinicRequest, pk: uuid.UUID) -> Task:
    found: Task = visible_or_404(selectors.visible_tasks(user=request.user), request.user, pk)
    return found


def _to_handle(request: ClinicRequest, pk: uuid.UUID) -> Task:
    found = _visible(request, pk)
    require(policies.can_handle_task(request.user, found))
    return found


def _page(
    request: ClinicRequest, found: Task, *, refused: django_forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """The task's page. refused: a form that was not taken, shown again as it was typed."""
    gaps = sentences.gaps_page(found, before=request.GET.get("before", ""))
    if gaps is None:
        raise Http404
    record_read(request=request, patient=found.patient, access=Access.RECORD)
    most = None if request.GET.get("changes") == "all" else CHANGES
    changes = selectors.changes_of(task=found, most=most and most + 1)
    may_handle = policies.can_handle_task(request.user, found)
    plan_form = PlanForm(clinic_id=found.patient.clinic_id, record=found)
    close_form = CloseForm(auto_id="id_close_%s")
    context = {
        "task": found,
        "patient": found.patient,
        "episode": found.episode,
        "gaps": gaps,
        "changes": changes[:most],
        "more_changes": most is not None and len(changes) > most,
        "can_handle": may_handle,
        "plan_form": refused if isinstance(refused, PlanForm) else plan_form,
        "close_form": refused if isinstance(refused, CloseForm) else close_form,
    }
    return render(request, "examination/task.html", context, status=status)


@login_required
@require_safe
def task(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """A task: what it rests on, who looks after it, and what became of it."""
    return _page(request, _visible(request, pk))


@login_required
def task_new(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Raise a task by hand."""
    patient: Patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    require(policies.can_raise_task(request.user, patient))
    episode = current_episode(patient=patient)
    if episode is None:
        messages.error(
            request, _("Record what the patient is treated for first: a task belongs to a care episode.")
        )
        return redirect("patients:detail", pk=patient.pk)
    initial = {"kind": request.GET.get("kind"), "owner": request.user.pk}
    form = TaskForm(request.POST or None, clinic_id=patient.clinic_id, initial=initial)
    if request.method == "POST":
        data = form.cleaned_data if form.is_valid() else {}
        made = submit(form, services.raise_task, user=request.user, episode=episode, **data)
        if made:
            messages.success(request, _("The task is raised."))
            return redirect("examination:task", pk=made.pk)
    record_read(request=request, patient=patient, access=Access.RECORD)
    context: dict[str, Any] = {"patient": patient, "episode": episode, "form": form}
    return render(request, "examination/task_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def task_plan(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Say who looks after a task, how, and when it is looked at next."""
    found = _to_handle(request, pk)
    form = PlanForm(request.POST, clinic_id=found.patient.clinic_id, record=found)
    data = form.cleaned_data if form.is_valid() else {}
    if submit(form, services.plan_task, user=request.user, task=found, **data):
        messages.success(request, _("The changes are saved."))
        return redirect("examination:task", pk=found.pk)
    return _page(request, found, refused=form, status=422)


@login_required
@require_POST
def task_close(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Close a task, with why."""
    found = _to_handle(request, pk)
    form = CloseForm(request.POST, auto_id="id_close_%s")
    data = form.cleaned_data if form.is_valid() else {}
    if submit(form, services.close_task, user=request.user, task=found, **data):
        messages.success(request, _("The task is closed. It can be opened again."))
        return redirect("examination:task", pk=found.pk)
    return _page(request, found, refused=form, status=422)


@login_required
@require_POST
def task_reopen(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Open a closed task again."""
    found = _to_handle(request, pk)
    try:
        services.reopen_task(user=request.user, task=found)
        messages.success(request, _("The task is open again."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("examination:task", pk=found.pk)

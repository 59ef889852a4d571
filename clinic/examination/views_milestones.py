"""The page of a milestone: what it rests on, and how it is settled."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.requests import ClinicRequest
from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Episode

from . import milestone_sentences, policies, services_milestones
from .forms import SettleForm
from .milestones import Milestone
from .selectors_milestones import milestones_of


def _asked_for(request: ClinicRequest, episode: Episode, code: str) -> Milestone:
    """The milestone of the address: of that treatment, or of the first that has one. Http404 where none is open."""
    found = milestones_of(patient_ids=[episode.patient_id]).get(episode.patient_id, [])
    treatment = request.GET.get("treatment", "")
    for one in found:
        of_it = one.episode_id == episode.pk and one.code == code
        if of_it and treatment in ("", str(one.treatment_id)):
            return one
    raise Http404


@login_required
def settle(request: ClinicRequest, pk: uuid.UUID, milestone: str) -> HttpResponse:
    """Look at a milestone, and settle it with why."""
    episode: Episode = visible_or_404(Episode.objects.select_related("patient__clinic"), request.user, pk)
    patient = episode.patient
    require(policies.can_raise_task(request.user, patient))
    found = _asked_for(request, episode, milestone)
    form = SettleForm(request.POST or None)
    if request.method == "POST":
        data = form.cleaned_data if form.is_valid() else {}
        task = submit(
            form,
            services_milestones.settle_milestone,
            user=request.user,
            episode=episode,
            code=milestone,
            treatment_id=found.treatment_id,
            **data,
        )
        if task:
            back = reverse("examination:task_reopen", args=[task.pk])
            undo.offer(request, _("It is settled. The record keeps why."), back)
            return redirect("patients:detail", pk=patient.pk)
    record_read(request=request, patient=patient, access=Access.RECORD)
    context = {
        "patient": patient,
        "episode": episode,
        "form": form,
        "title": milestone_sentences.name(milestone),
        "sentence": milestone_sentences.sentence(found),
        "window": milestone_sentences.window(found),
    }
    status = 422 if form.errors else 200
    return render(request, "examination/milestone.html", context, status=status)

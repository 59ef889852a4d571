"""The page on which an episode's red flags are asked, and on which their answers stand."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.forms import submit
from clinic.common.http import next_url, require, visible_or_404
from clinic.patients.models import Episode

from . import policies, selectors_red_flags
from .forms import RedFlagsForm
from .services_red_flags import answer_red_flags

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


@login_required
def red_flags(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask an episode's red flags; below, what was answered before."""
    episodes = Episode.objects.select_related("patient__clinic")
    episode: Episode = visible_or_404(episodes, request.user, pk)
    may_answer = policies.can_answer_red_flags(request.user, episode)
    form = RedFlagsForm(request.POST if request.method == "POST" else None, cause=episode.cause)
    if request.method == "POST":
        require(may_answer)
        answers = form.answers if form.is_valid() else {}
        after = request.POST.get("after")
        note = form.cleaned_data.get("note", "")
        given = submit(
            form,
            answer_red_flags,
            user=request.user,
            episode=episode,
            answers=answers,
            note=note,
            after=after,
        )
        if given:
            if not given.sent_to:
                messages.success(request, _("The red flags are answered: none was found."))
                return redirect(next_url(request, "patients:detail", pk=episode.patient_id))
            # Where the patient is sent is read before anything else.
            return redirect("examination:red_flags", pk=episode.pk)
    record_read(request=request, patient=episode.patient, access=Access.RECORD)
    earlier = selectors_red_flags.screenings_of(episode=episode)
    context = {
        "patient": episode.patient,
        "episode": episode,
        "form": form,
        "can_answer": may_answer,
        "earlier": earlier,
        "newest": earlier[0] if earlier else None,
        "next": next_url(request, "patients:detail", pk=episode.patient_id),
    }
    return render(request, "examination/red_flags.html", context, status=422 if form.errors else 200)

"""A clinician's pages of home programmes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.accounts import policies as accounts
from clinic.audit.models import Access
from clinic.audit.services import record_listed, record_read
from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import next_url, require, visible_or_404
from clinic.patients.models import Episode, LinkPurpose
from clinic.patients.opened_links import shown_once
from clinic.patients.rules import clinic_today
from clinic.patients.selectors_links import links_of
from clinic.patients.services_links import LONGEST_DAYS
from clinic.visits.from_home import note_seen
from clinic.visits.models import Visit
from clinic.visits.selectors import visible_visits

from . import policies, reminders, selectors, services
from .forms import LinkForm, ProgrammeForm, WordsForm
from .models import HomeProgramme

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


def _episode(request: ClinicRequest, pk: uuid.UUID) -> Episode:
    found: Episode = visible_or_404(Episode.objects.select_related("patient__clinic"), request.user, pk)
    return found


def _programme(request: ClinicRequest, pk: uuid.UUID) -> HomeProgramme:
    found: HomeProgramme = visible_or_404(selectors.visible_programmes(user=request.user), request.user, pk)
    require(policies.can_prescribe(request.user, found.episode))
    return found


@never_cache
@login_required
@require_safe
def programmes(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """What the patient is asked to do at home, what was done of it, and what was asked before."""
    episode = _episode(request, pk)
    record_read(request=request, patient=episode.patient, access=Access.RECORD)
    return render(request, "home/programmes.html", page_of(request, episode))


def page_of(request: ClinicRequest, episode: Episode) -> dict[str, Any]:
    """What the page of an episode's programmes shows."""
    found = selectors.practice_of(programmes=selectors.programmes_of(episode=episode))
    return {
        "patient": episode.patient,
        "episode": episode,
        "running": next((one for one in found if one.programme.is_running), None),
        "ended": [one for one in found if not one.programme.is_running],
        "can_prescribe": policies.can_prescribe(request.user, episode),
        "links": links_of(episode=episode, purpose=LinkPurpose.HOME_PROGRAMME),
        "days": services.LINK_DAYS,
        "most_days": LONGEST_DAYS,
        "reminders": reminders.texts(clinic=episode.patient.clinic),
    }


@never_cache
@login_required
@require_POST
def send(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Make a link and show it this once, as text and as a QR code."""
    episode = _episode(request, pk)
    require(policies.can_prescribe(request.user, episode))
    form = LinkForm(request.POST)
    made = submit(form, services.send_link, user=request.user, episode=episode, **form.given)
    shown = shown_once(request, *made) if made else {"errors": [*form.errors.values()]}
    status = 200 if made else 422
    return render(request, "home/programmes.html", {**page_of(request, episode), **shown}, status=status)


@login_required
def start(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Start a programme; one that runs ends with it, and its exercises are where this one begins."""
    episode = _episode(request, pk)
    require(policies.can_prescribe(request.user, episode))
    running = selectors.running_programme(episode=episode)
    initial: dict[str, Any] = {"starts_on": clinic_today(episode.patient)}
    if running is not None:
        same = ("doses", "per_week", "message", "mirrored", "wants_photos")
        initial |= {name: getattr(running, name) for name in same}
    form = ProgrammeForm(request.POST or None, initial=initial)
    if request.method == "POST":
        made = submit(
            form, services.start_programme, user=request.user, episode=episode,
            **({name: form.cleaned_data[name] for name in ProgrammeForm.base_fields} if form.is_valid() else {}),
        )  # fmt: skip
        if made:
            messages.success(request, _("The programme has started. Send the patient its link."))
            return redirect("home:programmes", pk=episode.pk)
    record_read(request=request, patient=episode.patient, access=Access.RECORD)
    context = {
        "patient": episode.patient,
        "of_episode": episode,
        "form": form,
        "running": running,
        "title": _("Change the exercises") if running else _("Start a home programme"),
        "back": reverse("home:programmes", args=[episode.pk]),
    }
    return render(request, "home/start.html", context, status=422 if form.errors else 200)


@login_required
def edit(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Change what is said beside the exercises."""
    programme = _programme(request, pk)
    form = WordsForm(request.POST or None, record=programme)
    if request.method == "POST":
        changes = {name: form.cleaned_data[name] for name in WordsForm.base_fields} if form.is_valid() else {}
        if submit(form, services.update_programme, user=request.user, programme=programme, **changes):
            messages.success(request, _("Saved."))
            return redirect("home:programmes", pk=programme.episode_id)
    record_read(request=request, patient=programme.episode.patient, access=Access.RECORD)
    context = {
        "patient": programme.episode.patient,
        "of_episode": programme.episode,
        "form": form,
        "title": _("Edit the home programme"),
        "back": reverse("home:programmes", args=[programme.episode_id]),
    }
    return render(request, "home/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def end(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for it no longer."""
    programme = _programme(request, pk)
    services.end_programme(user=request.user, programme=programme)
    undo.offer(request, _("The programme has ended."), reverse("home:resume", args=[programme.pk]))
    return redirect("home:programmes", pk=programme.episode_id)


@login_required
@require_POST
def resume(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Take its end back."""
    programme = _programme(request, pk)
    try:
        services.resume_programme(user=request.user, programme=programme)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("home:programmes", pk=programme.episode_id)


VISITS_A_PAGE: Final = 10


@login_required
@require_safe
def queue(request: ClinicRequest) -> HttpResponse:
    """What patients sent from home and nobody has looked at."""
    clinic = request.clinic
    shown = Paginator(selectors.unseen_visits(user=request.user, clinic=clinic), VISITS_A_PAGE).get_page(
        request.GET.get("page")
    )
    visits = list(shown.object_list)
    photos = selectors.photos_by_visit(visits=visits)
    record_listed(request=request, patients=[visit.patient for visit in visits])
    context = {
        "rows": [(visit, photos.get(visit.pk, [])) for visit in visits],
        "page": shown,
        "pages": {
            "previous": f"?page={shown.previous_page_number()}" if shown.has_previous() else "",
            "next": f"?page={shown.next_page_number()}" if shown.has_next() else "",
        },
        "can_look": accounts.can_confirm(request.user, clinic.pk),
    }
    return render(request, "home/queue.html", context)


@login_required
@require_POST
def seen(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody has looked at what was sent."""
    visit: Visit = visible_or_404(visible_visits(user=request.user), request.user, pk)
    require(policies.can_prescribe(request.user, visit.episode))
    note_seen(user=request.user, visit=visit)
    messages.success(request, _("It is noted that you looked at it."))
    return redirect(next_url(request, "home:queue"))

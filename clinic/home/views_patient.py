"""What a patient sees of a home programme, by the clinic's link: what to do today, and the camera.

No page says who the patient is, what was found, or what a record holds.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.patients.models import LinkPurpose
from clinic.patients.opened_links import ask_birth_date, opened
from clinic.patients.rules import clinic_today
from clinic.visits.intake import ACCEPT
from clinic.visits.receiving import receives
from clinic.visits.refusals import IntakeError

from . import selectors, services

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models import HomeProgramme


class NotOpen(Exception):
    """No programme is open in this session; `answer` is what it is told instead."""

    def __init__(self, answer: HttpResponse) -> None:
        self.answer = answer


def _programme(request: HttpRequest) -> HomeProgramme:
    """The programme that runs in the episode of the link that this session opened; NotOpen says what comes first."""
    found = opened(request, LinkPurpose.HOME_PROGRAMME)
    if found is None:
        raise NotOpen(redirect("answering:open"))
    if not found.is_proven:
        raise NotOpen(redirect("practising:today"))
    programme = selectors.running_programme(episode=found.link.episode)
    if programme is None:
        raise NotOpen(render(request, "practising/ended.html", {"clinic": found.link.episode.patient.clinic}))
    return programme


def of_programme(view: Callable[[HttpRequest, HomeProgramme], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the programme that this session opened; without one, what has to come first."""

    @never_cache
    @functools.wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request, _programme(request))
        except NotOpen as first:
            return first.answer

    return answered


@never_cache
def today(request: HttpRequest) -> HttpResponse:
    """What to do today, and what of yesterday's was left; first the patient's birth date, where one is known."""
    found = opened(request, LinkPurpose.HOME_PROGRAMME)
    if found is not None and not found.is_proven:
        return ask_birth_date(request, found.link, language=get_language() or "")
    return _today(request)


@of_programme
def _today(request: HttpRequest, programme: HomeProgramme) -> HttpResponse:
    day = clinic_today(programme.episode.patient)
    context: dict[str, Any] = {
        "programme": programme,
        "clinic": programme.episode.patient.clinic,
        "begins": programme.starts_on if programme.starts_on > day else None,
        "days": [
            (one, selectors.asked_on(programme=programme, day=one))
            for one in (day, day - dt.timedelta(services.DAYS_LATER))
            if one >= programme.starts_on
        ],
        "today": day,
    }
    return render(request, "practising/today.html", context)


@require_POST
@of_programme
def note(request: HttpRequest, programme: HomeProgramme) -> HttpResponse:
    """How often an exercise was done: `step`, `day` and `times`."""
    times = request.POST.get("times", "")
    try:
        services.note_practice(
            programme=programme,
            day=dt.date.fromisoformat(request.POST.get("day", "")),
            times={request.POST.get("step", ""): int(times) if times.isascii() and times.isdigit() else 0},
        )
    except (ValidationError, ValueError):
        # The programme was changed meanwhile, or it is another day: the page says what holds now.
        return redirect("practising:today")
    return redirect("practising:today")


@require_safe
@of_programme
def camera(request: HttpRequest, programme: HomeProgramme) -> HttpResponse:
    """The live picture with its outline, exercise by exercise."""
    if not programme.wants_photos:
        return redirect("practising:today")
    context = {
        "frame": "answering/base.html",
        "steps": selectors.photographed_on(programme=programme),
        "upload": reverse("practising:photo"),
        "facing": "user",
        "mirrored": "on" if programme.mirrored else "off",
        "accept": ACCEPT,
        "back": reverse("practising:today"),
        "back_label": _("Back to your exercises"),
    }
    return render(request, "visits/capture.html", context)


def _may_send(request: HttpRequest) -> None:
    """Asked by the headers alone, before a byte of the photo is read."""
    try:
        _programme(request)
    except NotOpen as first:
        raise PermissionDenied from first


@receives(_may_send)
@require_POST
@of_programme
def photo(request: HttpRequest, programme: HomeProgramme) -> HttpResponse:
    """Take one photo in; JSON as the clinic's own upload answers, without a word on what it shows."""
    upload = request.FILES.get("photo")
    step = request.POST.get("exercise", "")
    try:
        services.store_photo_from_home(programme=programme, upload=upload, step=step)
    except IntakeError as error:
        return JsonResponse({"code": error.code, "detail": str(error)}, status=422)
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=422)
    return JsonResponse({"state": "stored"}, status=201)

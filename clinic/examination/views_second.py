"""Second readings: asked for at a visit, taken from a list, and read beside nothing but the visit's photos."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.accounts import policies as roles
from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.http import require, visible_or_404
from clinic.visits.models import GRADES
from clinic.visits.selectors import visible_visits
from clinic.visits.views.files import send

from . import policies, scale_page, selectors_second, services_second
from .models import SecondReading

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.http.response import HttpResponseBase

    from clinic.accounts.requests import ClinicRequest


def _own(request: ClinicRequest, pk: uuid.UUID) -> SecondReading:
    """One that the user reads at the moment; 404 else."""
    found = SecondReading.objects.of_reader(request.user).select_related("visit__patient__clinic")
    second: SecondReading = get_object_or_404(found, pk=pk)
    require(policies.can_read_blind(request.user, second))
    return second


def _visible(request: ClinicRequest, pk: uuid.UUID) -> SecondReading:
    found: SecondReading = visible_or_404(
        SecondReading.objects.select_related("visit__patient__clinic"), request.user, pk
    )
    return found


def _do(request: ClinicRequest, act: Callable[[], Any], done: str) -> bool:
    """Whether it could be done; says so, or why not."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    messages.success(request, done)
    return True


@login_required
@require_safe
def second_list(request: ClinicRequest) -> HttpResponse:
    """What waits for a second reader, and what the user reads already. It names nobody: a reader must not know whom."""
    clinic = request.clinic
    require(roles.can_read_records(request.user, clinic.pk))
    context = {
        "waiting": selectors_second.waiting_readings(user=request.user, clinic=clinic),
        "own": selectors_second.own_readings(user=request.user, clinic=clinic),
        "may_read": roles.can_confirm(request.user, clinic.pk),
    }
    return render(request, "examination/second_list.html", context)


@login_required
@require_POST
def second_ask(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for a second reading of a visit."""
    visit = visible_or_404(visible_visits(user=request.user), request.user, pk)
    require(policies.can_ask_second_reading(request.user, visit))
    _do(
        request,
        lambda: services_second.ask_for_second_reading(user=request.user, visit=visit),
        _("A colleague is asked to read this visit without knowing your grade."),
    )
    return redirect("visits:detail", pk=visit.pk)


@login_required
@require_POST
def second_withdraw(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask nobody any more."""
    second = _visible(request, pk)
    require(policies.can_ask_second_reading(request.user, second.visit))
    _do(
        request,
        lambda: services_second.withdraw(user=request.user, second=second),
        _("Nobody is asked for a second reading any more."),
    )
    return redirect("visits:detail", pk=second.visit_id)


@login_required
@require_POST
def second_take(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Become the second reader."""
    second = _visible(request, pk)
    require(policies.can_read_blind(request.user, second))
    taken = _do(
        request,
        lambda: services_second.take_second_reading(user=request.user, second=second),
        _("The record is closed to you until you save your reading or give it back."),
    )
    return redirect("examination:second_read", pk=second.pk) if taken else redirect("examination:second_list")


@login_required
@require_POST
def second_give_back(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Read it not, after all."""
    second = _own(request, pk)
    _do(
        request,
        lambda: services_second.give_back(user=request.user, second=second),
        _("The visit waits for another reader, and the record is open to you again."),
    )
    return redirect("examination:second_list")


@login_required
def second_read(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The photos of a visit and what is asked of them; once it is kept, the visit with both readings."""
    second = _own(request, pk)
    scale, problems = services_second.SCALE, list[str]()
    typed: dict[str, Any] = {}
    if request.method == "POST":
        typed = {
            name: value
            for name, value in scale_page.given_of(scale=scale, posted=request.POST).items()
            if value is not None
        }
        grade = request.POST.get("grade", "")
        try:
            if grade not in {str(value) for value, _name in GRADES}:
                raise ValidationError(_("Choose a grade."))
            services_second.keep_reading(user=request.user, second=second, grade=int(grade), answers=typed)
        except ValidationError as error:
            problems = error.messages
        else:
            messages.success(request, _("Your reading is kept. Both are shown now."))
            return redirect("visits:detail", pk=second.visit_id)
    context = {
        "second": second,
        "photos": selectors_second.photos_of(second=second),
        "grades": GRADES,
        "grade": request.POST.get("grade", ""),
        "blocks": scale_page.blocks_of(scale=scale, answers=typed, cards=()),
        "scale_name": _(scale.name),
        "errors": problems,
        "can_answer": True,
    }
    return render(request, "examination/second_read.html", context, status=422 if problems else 200)


@login_required
@require_safe
def second_photo(request: ClinicRequest, pk: uuid.UUID, place: int) -> HttpResponseBase:
    """One photo of the visit that the user reads, counted from 1; each time it is sent the read is recorded."""
    second = _own(request, pk)
    photos = selectors_second.photos_of(second=second)
    if not 1 <= place <= len(photos):
        raise Http404
    shown = photos[place - 1]
    record_read(request=request, patient=second.visit.patient, access=Access.PHOTO, photo=shown)
    return send(shown, cache="private, no-store")

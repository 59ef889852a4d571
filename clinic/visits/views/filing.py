"""Where a visit's photos are filed together, and when one was taken."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.common import undo
from clinic.common.forms import submit
from clinic.common.http import require, visible_or_404
from clinic.common.versions import UNKNOWN, Basis

from .. import exercises, policies, selectors, services_filing
from ..forms import TakenForm
from ..refusals import IntakeError
from ..services_filing import Filing
from .photos import photo_page, visible_photo
from .visits import visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

    from ..models import Photo, Visit

EXERCISE, VERSION = "exercise-", "version-"


@login_required
@require_POST
def file_together(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """File photos of a visit as the form names them, or leave them where they are; either can be taken back.

    Each photo under an exercise of its own (`exercise-ID`), or those chosen (`photo`) under one (`exercise`).
    """
    visit = visible_visit(request, pk)
    require(policies.can_edit_visit(request.user, visit))
    filings = [_filing(request, visit, *one) for one in _named(request)]
    if not filings:
        messages.info(request, _("Choose photos and the exercise that they show."))
        return redirect("visits:detail", pk=visit.pk)
    before = [(one.photo.pk, exercises.step_of(one.photo.exercise, one.photo.side).value) for one in filings]
    back = {"back": "1"} if all(one.photo.exercise_named for one in filings) else {"by_place": "1"}
    put_back = "by_place" in request.POST
    try:
        filed = services_filing.file_together(
            user=request.user,
            visit=visit,
            filings=filings,
            named=not put_back,
        )
    except IntakeError as error:
        messages.error(request, error.sentence)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        _say(request, visit, filed, before, back)
    return redirect("visits:detail", pk=visit.pk)


def _named(request: ClinicRequest) -> list[tuple[str, str]]:
    """Each photo that the form names, with its exercise."""
    each = [
        (name.removeprefix(EXERCISE), value)
        for name, value in request.POST.items()
        if name.startswith(EXERCISE) and isinstance(value, str)
    ]
    one = request.POST.get("exercise", "")
    return each or [(pk, one) for pk in request.POST.getlist("photo") if one]


def _filing(request: ClinicRequest, visit: Visit, pk: str, step: str) -> Filing:
    photos = selectors.visible_photos(user=request.user).filter(visit=visit)
    photo: Photo = visible_or_404(photos, request.user, pk)
    shown = request.POST.get(VERSION + pk, "")
    basis = Basis(int(shown) if shown.isdecimal() and len(shown) < 10 else UNKNOWN, by=request.user)
    if "keep" in request.POST:
        return Filing(photo, photo.exercise, photo.side, basis)
    return Filing(photo, *exercises.parse_step(step), basis)


def _say(
    request: ClinicRequest,
    visit: Visit,
    filed: list[Photo],
    before: list[tuple[uuid.UUID, str]],
    back: dict[str, str],
) -> None:
    if not request.POST.keys().isdisjoint({"by_place", "back"}):
        messages.success(request, _("The photos are back where they were."))
        return
    said = ngettext(
        "%(count)d photo is filed under its exercise.",
        "%(count)d photos are filed under their exercises.",
        len(filed),
    ) % {"count": len(filed)}
    fields = {f"{EXERCISE}{pk}": value for pk, value in before}
    fields |= {f"{VERSION}{photo.pk}": str(photo.version) for photo in filed}
    address = reverse("visits:file_together", args=[visit.pk])
    undo.offer(request, said, address, **back, **fields)


@login_required
@require_POST
def photo_taken(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Say when a photo was taken."""
    photo = visible_photo(request, pk)
    require(policies.can_edit_photo(request.user, photo))
    form = TakenForm(request.POST, record=photo)
    typed = dict(form.cleaned_data) if form.is_valid() else {}
    if submit(form, services_filing.change_taken_at, user=request.user, photo=photo, **typed) is None:
        context = {**photo_page(request, photo), "taken_form": form}
        return render(request, "visits/photo.html", context, status=422)
    messages.success(request, _("Date and time of the photo changed."))
    return redirect("visits:photo", pk=photo.pk)

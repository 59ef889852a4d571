"""Photos in: one a request from the page's script, several from the plain form."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.common.http import require

from .. import exercises, filing, policies, selectors, services
from ..receiving import receives
from ..refusals import OUR_FAULT, RETRY_AFTER, IntakeError, refuse
from .visits import page, visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

    from ..models import Photo, Visit


def _may_upload(request: ClinicRequest, pk: uuid.UUID) -> None:
    require(policies.can_upload(request.user, visible_visit(request, pk)))


@receives(_may_upload)
@login_required
@require_POST
def upload(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Store the photos sent. JSON for a script (201, or 422 or 507 with code and sentence), the page for a form."""
    visit = visible_visit(request, pk)
    require(policies.can_upload(request.user, visit))
    files = [*request.FILES.getlist("photo"), *request.FILES.getlist("photos")]
    if request.accepts("text/html"):
        return _plain(request, visit, files)
    try:
        if len(files) != 1:
            raise refuse("no_file")
        photo = _store(request, visit, files[0])
        if "replaces" in request.POST:
            _replace(request, visit, photo)
    except IntakeError as error:
        status = 503 if error.code in RETRY_AFTER else 507 if error.code in OUR_FAULT else 422
        headers = {"Retry-After": str(RETRY_AFTER[error.code])} if error.code in RETRY_AFTER else {}
        return JsonResponse({"code": error.code, "detail": error.sentence}, status=status, headers=headers)
    answer = {
        "id": str(photo.pk),
        "exercise": photo.exercise,
        "side": photo.side,
        "card": reverse("visits:photo_card", args=[photo.pk]),
        "check": reverse("visits:photo_check", args=[photo.pk]),
    }
    return JsonResponse(answer, status=201)


def _plain(request: ClinicRequest, visit: Visit, files: list[Any]) -> HttpResponse:
    """Each file on its own: what is wrong with one holds up no other."""
    stored, refused = 0, []
    for file in files:
        try:
            _store(request, visit, file)
            stored += 1
        except IntakeError as error:
            refused.append((file.name, error.sentence))
    if not files:
        refused.append(("", refuse("no_file").sentence))
    if stored:
        messages.success(
            request,
            ngettext("%(count)s photo stored.", "%(count)s photos stored.", stored) % {"count": stored},
        )
    if not refused:
        return redirect("visits:detail", pk=visit.pk)
    # Shown at once rather than after a redirect: a file's name may be a patient's and belongs in no cookie.
    return render(request, "visits/detail.html", page(request, visit, refused=refused), status=422)


def _store(request: ClinicRequest, visit: Visit, file: Any) -> Photo:
    exercise, side = exercises.parse_step(request.POST.get("exercise", ""))
    place = filing.FilingPlace(
        exercise, side or request.POST.get("side", ""), named="by_place" not in request.POST
    )
    if not exercise:
        place = filing.place_of(visit=visit, name=file.name or "")
    return services.store_photo(
        user=request.user,
        visit=visit,
        upload=file,
        exercise=place.exercise,
        side=place.side,
        named=place.named,
        anyway=bool(request.POST.get("anyway")),
    )


def _replace(request: ClinicRequest, visit: Visit, photo: Photo) -> None:
    """Take the photo out of the visit that this one, of the same exercise, was taken again for. It is kept; whatever
    else is named stays where it is, since the new photo is stored by now."""
    named = request.POST.get("replaces", "")
    for before in selectors.visible_photos(user=request.user).current().filter(visit=visit):
        if str(before.pk) == named and (before.exercise, before.side) == (photo.exercise, photo.side):
            services.archive_photo(user=request.user, photo=before)

"""What a person does about a model's suggestion: turn photos over, or keep them as they are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.common.http import next_url, require, visible_or_404

from .. import policies, selectors, services_mirroring
from ..models import Photo
from ..refusals import IntakeError
from .photos import card_response
from .visits import visible_visit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


@login_required
@require_POST
def turn_over(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the mirror images of the photos named, or of all of the visit, in their place; a second time undoes it."""
    visit = visible_visit(request, pk)
    require(policies.can_edit_visit(request.user, visit))
    named = request.POST.getlist("photo")
    photos = [_photo_of(request, visit.pk, one) for one in named]
    if not named:
        photos = [card.photo for card in selectors.photos_of_visit(visit=visit)]
    try:
        turned = services_mirroring.turn_over(user=request.user, visit=visit, photos=photos)
    except (ValidationError, IntakeError, FileNotFoundError) as error:
        messages.error(request, _not_turned(error))
    else:
        messages.success(
            request,
            ngettext(
                "%(count)d photo is turned over and analysed anew. Both versions are kept.",
                "%(count)d photos are turned over and analysed anew. Both versions are kept.",
                len(turned),
            )
            % {"count": len(turned)},
        )
    return redirect(next_url(request, "visits:detail", pk=visit.pk))


def _not_turned(error: Exception) -> str:
    if isinstance(error, IntakeError):
        return error.sentence
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return _("A photo's file is not in the store: nothing was turned over. Tell your administrator.")


def _photo_of(request: ClinicRequest, visit_id: uuid.UUID, pk: str) -> Photo:
    photos = selectors.visible_photos(user=request.user).filter(visit_id=visit_id)
    found: Photo = visible_or_404(photos, request.user, pk)
    return found


@login_required
@require_POST
def keep(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Remember that a suggestion on the visit, or on one of its photos, does not apply."""
    visit = visible_visit(request, pk)
    require(policies.can_edit_visit(request.user, visit))
    named = request.POST.get("photo", "")
    photo = _photo_of(request, visit.pk, named) if named else None
    try:
        services_mirroring.dismiss_suggestion(
            user=request.user,
            visit=visit,
            photo=photo,
            suggestion=request.POST.get("suggestion", ""),
            value=request.POST.get("value", "")[:32],
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if photo is not None and request.htmx:
            return card_response(request, photo, event="photo-settled")
        messages.success(request, _("Kept as it is."))
    return redirect(next_url(request, "visits:detail", pk=visit.pk))

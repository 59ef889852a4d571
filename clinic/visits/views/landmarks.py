"""The points of a photo's face, put right by a clinician."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.http import require
from inference.policies import can_correct
from inference.selectors_corrections import can_be_corrected
from inference.services_corrections import CorrectedMeanwhile, correct_landmarks, measured

from .. import exercises, selectors
from ..forms import LandmarksForm
from ..landmarks import merged, placing_page, points_of
from ..reading import measures_beside
from .photos import visible_photo

if TYPE_CHECKING:
    from clinic.accounts.requests import ClinicRequest
    from inference.pipeline.measure.moving import Moved

    from ..selectors import PhotoCard


def _card(request: ClinicRequest, pk: uuid.UUID) -> PhotoCard:
    """The photo with the result whose points may be moved by the user; 404 without one."""
    card = selectors.card_of(photo=visible_photo(request, pk))
    if card.analysis is None:
        raise Http404
    card.analysis.photo = card.photo
    require(can_correct(request.user, card.analysis))
    if not can_be_corrected(analysis=card.analysis):
        raise Http404
    return card


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_landmarks(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The photo with its points, to be moved; and what is saved of them."""
    card = _card(request, pk)
    if request.method != "POST":
        record_read(request=request, patient=card.photo.visit.patient, access=Access.RECORD, photo=card.photo)
        return _shown(request, card)
    form = LandmarksForm(request.POST)
    assert card.analysis is not None
    if not form.is_valid():
        return _shown(request, card, said=form.reasons, status=422)
    points = form.cleaned_data["points"]
    if form.cleaned_data["analysis"] != card.analysis.pk:
        messages.error(request, _("A new result came in meanwhile. Look at its points."))
        return redirect("visits:photo_landmarks", pk=card.photo.pk)
    try:
        correct_landmarks(
            user=request.user, analysis=card.analysis, points=points, based_on=form.cleaned_data["based_on"]
        )
    except CorrectedMeanwhile as conflict:
        return _again(request, pk, points, form.cleaned_data["based_on"], conflict)
    except ValidationError as error:
        return _shown(request, card, points, said=error.messages, status=422)
    messages.success(
        request, _("The points are saved. The measures follow from them; the model's stand beside.")
    )
    return redirect("visits:photo", pk=card.photo.pk)


@login_required
@require_POST
def photo_landmarks_measure(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The measures with the points where the page has them; nothing is kept."""
    card = _card(request, pk)
    form = LandmarksForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError(form.reasons)
        answer = render(
            request, "visits/_placing_measures.html", _measures(card, form.cleaned_data["points"])
        )
    except ValidationError as error:
        answer = HttpResponse(" ".join(error.messages), status=422, content_type="text/plain")
    answer["Cache-Control"] = "no-store"
    return answer


def _measures(card: PhotoCard, points: Moved) -> dict[str, Any]:
    assert card.analysis is not None
    _moved, symmetry = measured(analysis=card.analysis, points=points)
    rest = selectors.rest_symmetry(card=card) if card.photo.exercise in exercises.CLOSURES else None
    return {"beside": measures_beside(card=card, symmetry=symmetry, rest=rest), "card": card}


def _shown(
    request: ClinicRequest,
    card: PhotoCard,
    points: Moved | None = None,
    *,
    said: Any = (),
    theirs: Any = None,
    status: int = 200,
) -> HttpResponse:
    page = placing_page(card=card, moved=points)
    kept = page.newest.moved if page.newest is not None else {}
    try:
        measures = _measures(card, kept if points is None else points)
    except ValidationError:
        measures = _measures(card, kept)
    context = {
        "card": card,
        "photo": card.photo,
        "visit": card.photo.visit,
        "patient": card.photo.visit.patient,
        "episode": card.photo.visit.episode,
        "page": page,
        "said": said,
        "theirs": theirs,
        **measures,
    }
    return render(request, "visits/landmarks.html", context, status=status)


def _again(
    request: ClinicRequest, pk: uuid.UUID, mine: Moved, based_on: int, conflict: CorrectedMeanwhile
) -> HttpResponse:
    """The page with the points that somebody saved meanwhile, and what was moved here on top of them."""
    card = _card(request, pk)
    page = placing_page(card=card)
    before = points_of(history=page.history, number=based_on)
    theirs = conflict.newest.moved if conflict.newest is not None else {}
    points = merged(mine=mine, before=before, theirs=theirs)
    return _shown(request, card, points, theirs=conflict.newest, status=409)

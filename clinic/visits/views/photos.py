"""A photo: its page, its card, and what a clinician does to it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common import undo
from clinic.common.http import next_url, require, visible_or_404
from clinic.common.versions import Conflict, shown_basis
from inference import services as inference_services
from inference.jobs.states import Status
from inference.policies import can_correct
from inference.selectors_corrections import can_be_corrected, earlier_corrections

from .. import exercises, policies, selectors, services, services_filing
from ..checking import check_of
from ..contradictions import contradictions
from ..forms import PhotoStatementForm, TakenForm
from ..reading import photo_details
from ..refusals import IntakeError
from ..reviewing import visit_review

if TYPE_CHECKING:
    from clinic.accounts.requests import ClinicRequest

    from ..models import Photo

# Seconds before the next look, by how often the page has looked already.
WAITS = (1, 1, 3, 3, 3)
LAST_WAIT = 10


def visible_photo(request: ClinicRequest, pk: uuid.UUID) -> Photo:
    """The photo if the user may see it, or 404."""
    photo: Photo = visible_or_404(selectors.visible_photos(user=request.user), request.user, pk)
    return photo


def next_look(request: ClinicRequest) -> dict[str, int]:
    """How long the page waits before it looks again, and the number of that look."""
    try:
        look = max(0, int(request.GET.get("look", 0)))
    except ValueError:
        look = 0
    return {"look": look + 1, "wait": WAITS[look] if look < len(WAITS) else LAST_WAIT}


def photo_context(request: ClinicRequest, photo: Photo) -> dict[str, Any]:
    """All that the photo's page shows."""
    card = selectors.card_of(photo=photo)
    review = visit_review(visit=photo.visit)
    stated = card.confirmed or card.found
    rest = selectors.rest_symmetry(card=card) if photo.exercise in exercises.CLOSURES else None
    return {
        "card": card,
        "photo": photo,
        "visit": photo.visit,
        "patient": photo.visit.patient,
        "episode": photo.visit.episode,
        "details": photo_details(card=card, rest=rest),
        "review": review,
        "contradicting": contradictions(review.case(stated, card)) if stated is not None else [],
        "form": _correction(card),
        "taken_form": TakenForm(record=photo),
        "words": selectors.confirmations_of(photo=photo),
        "can_confirm": policies.can_confirm(request.user, photo),
        "can_edit": policies.can_edit_photo(request.user, photo),
        "can_archive": policies.can_archive_photo(request.user, photo),
        **_points(request, card),
        **next_look(request),
    }


def _points(request: ClinicRequest, card: selectors.PhotoCard) -> dict[str, Any]:
    """Whether the points of the face may be put right, and what was put right in other results of it."""
    if card.analysis is None or not can_be_corrected(analysis=card.analysis):
        return {"can_place": False, "earlier_points": []}
    card.analysis.photo = card.photo
    earlier = [] if card.correction is not None else earlier_corrections(analysis=card.analysis)
    return {"can_place": can_correct(request.user, card.analysis), "earlier_points": earlier}


def _correction(card: selectors.PhotoCard) -> PhotoStatementForm:
    """The form with the exercise on record, and the weakness that is known best: the clinician's last word, else the
    model's finding."""
    known = card.confirmed or card.found
    initial: dict[str, Any] = {"exercise": card.photo.exercise}
    if known is not None and not known.uncertain:
        initial |= {"palsy": "yes" if known.palsy else "no", "weak_side": known.weak_side}
    return PhotoStatementForm(initial=initial, also=(card.photo.exercise,))


@login_required
@require_safe
def photo(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The photo's page: the photo, the model's finding and the clinician's, side by side."""
    shown = visible_photo(request, pk)
    record_read(request=request, patient=shown.visit.patient, access=Access.RECORD, photo=shown)
    return render(request, "visits/photo.html", photo_page(request, shown))


def photo_page(request: ClinicRequest, shown: Photo) -> dict[str, Any]:
    """What the photo's page shows besides the photo: the visit's other ones, and the same exercise over time."""
    context = photo_context(request, shown)
    context["siblings"] = context["review"].photos
    context["over_time"] = selectors.same_exercise(photo=shown)
    return context


@login_required
@require_safe
def photo_result(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The result alone, for a page that waits for it."""
    return render(request, "visits/_result.html", photo_context(request, visible_photo(request, pk)))


@login_required
@require_safe
def photo_card(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The card of one photo; it asks for itself again until its result is final."""
    return card_response(request, visible_photo(request, pk))


@login_required
@require_safe
def photo_check(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Whether the photo can be judged and shows what was asked for, for the page that took it."""
    answer = JsonResponse(check_of(selectors.card_of(photo=visible_photo(request, pk))).as_dict())
    answer["Cache-Control"] = "no-store"
    return answer


def card_response(
    request: ClinicRequest, shown: Photo, *, event: str = "", before: str = "", refile_said: str = ""
) -> HttpResponse:
    """The card as a fragment, telling the page when something changed that other parts show too.

    before: under what the photo was filed until now, to offer it back.
    """
    card = selectors.card_of(photo=shown)
    context = {
        "card": card,
        "before": before,
        "can_edit": policies.can_edit_photo(request.user, shown),
        "refile_said": refile_said,
        **next_look(request),
    }
    response = render(request, "visits/_card.html", context)
    event = event or ("photo-settled" if card.settled else "")
    if event:
        response["HX-Trigger"] = event
    return response


@login_required
@require_POST
def photo_exercise(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Say which exercise the photo shows."""
    shown = visible_photo(request, pk)
    require(policies.can_edit_photo(request.user, shown))
    exercise, side = exercises.parse_step(request.POST.get("exercise", ""))
    before = exercises.step_of(shown.exercise, shown.side).value
    try:
        services_filing.change_exercise(
            user=request.user,
            photo=shown,
            exercise=exercise,
            side=side,
            based_on=shown_basis(request.POST),
        )
    except Conflict as conflict:
        return _filed_otherwise(request, conflict, shown)
    except IntakeError as error:
        if request.htmx:
            return HttpResponse(error.sentence, status=422, content_type="text/plain")
        messages.error(request, error.sentence)
        return redirect(next_url(request, "visits:photo", pk=shown.pk))
    if request.htmx:
        return card_response(request, shown, event="board-changed", before=before)
    back = reverse("visits:photo_exercise", args=[shown.pk])
    onward = request.POST.get("next", "")
    said = _("The photo is filed under its exercise.")
    undo.offer(request, said, back, exercise=before, version=str(shown.version), next=onward)
    return redirect(next_url(request, "visits:photo", pk=shown.pk))


def _filed_otherwise(request: ClinicRequest, conflict: Conflict, shown: Photo) -> HttpResponse:
    """Somebody filed the photo elsewhere while the page stood open: there it stays until one says so again."""
    who = next((field.who for field in conflict.fields if field.who), "")
    said = _("%(who)s filed this photo here meanwhile. Choose again if it shows something else.") % {
        "who": who or _("Somebody")
    }
    if request.htmx:
        return card_response(request, shown, event="board-changed", refile_said=said)
    messages.error(request, said)
    return redirect(next_url(request, "visits:photo", pk=shown.pk))


@login_required
@require_POST
def photo_archive(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a photo out of its visit."""
    shown = visible_photo(request, pk)
    require(policies.can_archive_photo(request.user, shown))
    services.archive_photo(user=request.user, photo=shown)
    back = reverse("visits:photo_restore", args=[shown.pk])
    undo.offer(request, _("The photo is removed from the visit."), back, next=request.POST.get("next", ""))
    return redirect(next_url(request, "visits:detail", pk=shown.visit_id))


@login_required
@require_POST
def photo_restore(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Bring a removed photo back into its visit."""
    shown = visible_photo(request, pk)
    require(policies.can_archive_photo(request.user, shown))
    try:
        services.restore_photo(user=request.user, photo=shown)
        messages.success(request, _("The photo is back in its visit."))
    except IntakeError as error:
        messages.error(request, error.sentence)
    return redirect(next_url(request, "visits:photo", pk=shown.pk))


@login_required
@require_POST
def photo_retry(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Have a failed analysis tried again."""
    shown = visible_photo(request, pk)
    require(policies.can_edit_photo(request.user, shown))
    card = selectors.card_of(photo=shown)
    if card.analysis is None or card.analysis.status == Status.CANCELLED:
        inference_services.ask(photo=shown)
    else:
        inference_services.retry(analysis=card.analysis)
    if request.htmx:
        return card_response(request, shown, event="board-changed")
    return redirect(next_url(request, "visits:photo", pk=shown.pk))

"""The queue of findings on which no clinician has had a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.http import require
from inference import ledger

from .. import policies, selectors
from .photos import photo_context

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """One finding after the other: the photo, what the model found, and three keys."""
    user, clinic = request.user, request.clinic  # type: ignore[attr-defined]
    queue = selectors.review_queue(user=user, clinic=clinic)
    waiting = queue.count()
    context = {"waiting": waiting, "agreement": ledger.agreement_so_far(clinic_id=clinic.pk).palsy}
    after = request.GET.get("after", "")
    shown = selectors.next_in_review(queue=queue, user=user, after=after)
    if shown is None:
        return render(request, "visits/review.html", context)
    require(policies.can_read_file(user, shown))
    record_read(request=request, patient=shown.visit.patient, access=Access.RECORD, photo=shown)
    return render(request, "visits/review.html", {**context, **photo_context(request, shown)})

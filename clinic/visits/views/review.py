"""The visits on which no clinician has had a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.accounts import policies as roles
from clinic.audit.services import record_listed
from inference import ledger

from ..forms import VisitStatementForm
from ..reviewing import review_count, review_queue, visit_reviews

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

AT_ONCE = 10


@login_required
@require_safe
def review(request: ClinicRequest) -> HttpResponse:
    """Visit after visit: the faces, one grade, what contradicts what, and one word for all of it."""
    user, clinic = request.user, request.clinic
    queue = review_queue(user=user, clinic=clinic)
    pages = Paginator(queue, AT_ONCE)
    pages.count = review_count(clinic=clinic)
    shown = pages.get_page(request.GET.get("page"))
    reviews = visit_reviews(visits=shown.object_list)
    record_listed(request=request, patients=[one.visit.patient for one in reviews])
    context = {
        "reviews": [(one, VisitStatementForm(auto_id=f"{one.visit.pk}-%s")) for one in reviews],
        "page": shown,
        "pages": {
            "previous": f"?page={shown.previous_page_number()}" if shown.has_previous() else "",
            "next": f"?page={shown.next_page_number()}" if shown.has_next() else "",
        },
        "waiting": pages.count,
        "agreement": ledger.agreement_so_far(clinic_id=clinic.pk).palsy,
        "can_confirm": roles.can_confirm(user, clinic.pk),
    }
    return render(request, "visits/review.html", context)

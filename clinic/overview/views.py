"""The clinic at a glance: Today, the list of patients, and the visits that wait for a word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from clinic.accounts import policies
from clinic.audit.services import record_listed
from clinic.common.dates import today as local_today
from clinic.common.paging import page_links
from clinic.patients.selectors import restricted_count
from clinic.validation import ledger
from clinic.visits.forms import VisitStatementForm
from clinic.visits.reviewing import visit_reviews

from . import searches, selectors
from .filters import Filters, chip_groups, ends_in, sort_links
from .queue import review_count, review_queue

if TYPE_CHECKING:
    from clinic.accounts.requests import ClinicRequest

PATIENTS_A_PAGE: Final = 25
REVIEWS_A_PAGE: Final = 10


@login_required
@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def today(request: ClinicRequest) -> HttpResponse:
    """Who needs attention and why, and today's visits; to htmx alone the counts, with word of what changed."""
    clinic = request.clinic
    if request.htmx and request.htmx.target == "today-work":
        now = selectors.work(user=request.user, clinic=clinic)
        changed = now.signature != request.GET.get("was") and not now.analysing
        return render(request, "overview/_work.html", {"work": now, "changed": changed})
    board = selectors.today_board(user=request.user, clinic=clinic)
    record_listed(request=request, patients=board.named)
    return render(request, "overview/today.html", {"board": board, "date": local_today()})


@require_POST
@login_required
def search(request: ClinicRequest) -> HttpResponse:
    """Look for the words typed; the list's address holds a key in their place."""
    text = searches.clean(request.POST.get("q", ""))
    key = searches.keep(request.session, text)
    return redirect(replace(Filters.read(request.POST, request.session), text=text, search=key).url)


@login_required
@require_safe
def patient_list(request: ClinicRequest) -> HttpResponse:
    """The clinic's patients, searched, filtered and sorted."""
    clinic = request.clinic
    filters = Filters.read(request.GET, request.session)
    if filters.unread:
        return render(request, "overview/list.html", {"filters": filters}, status=400)
    facets = selectors.facets(user=request.user, clinic=clinic, **filters.wanted)
    found = selectors.search(
        user=request.user, clinic=clinic, sort=filters.sort, kept=facets.kept, **filters.wanted
    )
    paginator = Paginator(found, PATIENTS_A_PAGE)
    paginator.count = facets.total  # counted along with the filters
    page = paginator.get_page(request.GET.get("page"))
    start = max(0, page.start_index() - 1)
    page.object_list = selectors.page_of(
        found=found,
        start=start,
        end=start + PATIENTS_A_PAGE,
        total=facets.total,
        sort=filters.sort,
        ends=ends_in(request.GET) if page.number > 1 else None,
    )
    shown = page.object_list
    ends = (shown[0].pk, shown[-1].pk) if shown else None
    record_listed(request=request, patients=page.object_list)
    context = {
        "filters": filters,
        "facets": facets,
        "groups": chip_groups(filters, facets),
        "page": page,
        "pages": page_links(page, filters.pairs, ends=ends),
        "sorts": sort_links(filters),
        "restricted": restricted_count(user=request.user, clinic=clinic),
    }
    # A search typed letter by letter swaps the results alone; going back asks for the page.
    htmx = request.htmx
    live = bool(htmx) and not htmx.history_restore_request
    template = "overview/_results.html" if live else "overview/list.html"
    response = render(request, template, {**context, "live": live})
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_safe
def review(request: ClinicRequest) -> HttpResponse:
    """Visit after visit: the faces, one grade, what contradicts what, and one word for all of it."""
    user, clinic = request.user, request.clinic
    queue = review_queue(user=user, clinic=clinic)
    pages = Paginator(queue, REVIEWS_A_PAGE)
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
        "can_confirm": policies.can_confirm(user, clinic.pk),
    }
    return render(request, "overview/review.html", context)

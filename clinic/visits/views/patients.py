"""The patient's tabs of visits and photos."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.http import visible_or_404
from clinic.patients.models import Patient
from clinic.patients.selectors import current_episode

from .. import exercises, policies, selectors, sentences
from ..grading import visit_findings
from ..models import Visit
from ..series import series_with, standing_skips

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest

VISITS_A_PAGE: Final = 20
VISITS_OF_PHOTOS: Final = 12
"""Visits whose photos stand on one page."""


def _frame(request: ClinicRequest, pk: uuid.UUID, tab: str) -> dict[str, Any]:
    patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    record_read(request=request, patient=patient, access=Access.RECORD)
    return {
        "patient": patient,
        "episode": current_episode(patient=patient),
        "tab": tab,
        "can_create_visit": policies.can_create_visit(request.user, patient),
    }


def _page(request: ClinicRequest, patient: Patient, size: int) -> dict[str, Any]:
    """Some of the patient's visits, newest first, with their photos: those before the visit that is named."""
    named = request.GET.get("before")
    try:
        before = uuid.UUID(named) if named else None
        visits, more = selectors.page_of_visits(patient=patient, before=before, size=size)
    except (ValueError, Visit.DoesNotExist) as error:
        raise Http404 from error
    photos = selectors.photos_of_patient(patient=patient).filter(visit__in=[visit.pk for visit in visits])
    return {
        "visits": visits,
        "photos": photos,
        "before": before,
        "earlier": visits[-1].pk if more else None,
    }


@login_required
@require_safe
def patient_visits(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The visits of a patient, newest first, each with its photos in small."""
    context = _frame(request, pk, "visits")
    context |= _page(request, context["patient"], VISITS_A_PAGE)
    found = visit_findings(visits=context["visits"])
    # Where the visit as a whole has a finding, what was found in its photos one by one is not shown.
    photos = list(context["photos"])
    bare = {pk for pk, known in found.items() if known.counts is None}
    told = selectors.cards(photos=[photo for photo in photos if photo.visit_id in bare]) if bare else []
    others = [photo for photo in photos if photo.visit_id not in bare]
    by_visit = defaultdict(list)
    for card in (*told, *selectors.cards(photos=others, states_alone=True)):
        by_visit[card.photo.visit_id].append(card)
    skips = standing_skips(visit_ids=[visit.pk for visit in context["visits"]])
    rows = [
        {
            "visit": visit,
            "cards": by_visit[visit.pk],
            "summary": sentences.visit_summary(
                by_visit[visit.pk],
                series=series_with(
                    visit=visit,
                    there={card.photo.exercise for card in by_visit[visit.pk]},
                    skips=skips[visit.pk],
                ),
                states_alone=visit.pk not in bare,
            ),
            "known": found[visit.pk],
        }
        for visit in context["visits"]
    ]
    context |= {
        "rows": rows,
        "removed": selectors.removed_visits(patient=context["patient"]) if not context["before"] else [],
        "can_restore": not context["patient"].is_closed and context["can_create_visit"],
    }
    return render(request, "visits/patient_visits.html", context)


@login_required
@require_safe
def patient_photos(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The photos of a patient's visits, one strip an exercise, oldest first; of many visits the newest."""
    context = _frame(request, pk, "photos")
    context |= _page(request, context["patient"], VISITS_OF_PHOTOS)
    strips = defaultdict(list)
    for card in selectors.cards(photos=context["photos"]):
        strips[card.photo.exercise].append(card)
    groups = [
        {"exercise": exercise, "cards": strips[exercise.code]}
        for exercise in exercises.KNOWN
        if strips[exercise.code]
    ]
    return render(request, "visits/patient_photos.html", {**context, "groups": groups})

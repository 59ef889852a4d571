"""The patient's tabs of visits and photos."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common.http import visible_or_404
from clinic.patients.models import Patient
from clinic.patients.selectors import current_episode

from .. import exercises, policies, selectors, sentences
from ..grading import visit_findings

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpResponse

    from clinic.accounts.requests import ClinicRequest


def _frame(request: ClinicRequest, pk: uuid.UUID, tab: str) -> dict[str, Any]:
    patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    record_read(request=request, patient=patient, access=Access.RECORD)
    return {
        "patient": patient,
        "episode": current_episode(patient=patient),
        "tab": tab,
        "can_create_visit": policies.can_create_visit(request.user, patient),
    }


@login_required
@require_safe
def patient_visits(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """All visits of a patient, newest first, each with its photos in small."""
    context = _frame(request, pk, "visits")
    visits = list(selectors.visits_of_patient(patient=context["patient"]))
    by_visit = defaultdict(list)
    for card in selectors.cards(photos=selectors.photos_of_patient(patient=context["patient"])):
        by_visit[card.photo.visit_id].append(card)
    found = visit_findings(visits=visits)
    rows = [
        {
            "visit": visit,
            "cards": by_visit[visit.pk],
            "summary": sentences.visit_summary(by_visit[visit.pk]),
            "known": found[visit.pk],
        }
        for visit in visits
    ]
    context |= {
        "rows": rows,
        "removed": selectors.removed_visits(patient=context["patient"]),
        "can_restore": not context["patient"].is_closed and context["can_create_visit"],
    }
    return render(request, "visits/patient_visits.html", context)


@login_required
@require_safe
def patient_photos(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """All photos of a patient, one strip an exercise, oldest first."""
    context = _frame(request, pk, "photos")
    strips = defaultdict(list)
    for card in selectors.cards(photos=selectors.photos_of_patient(patient=context["patient"])):
        strips[card.photo.exercise].append(card)
    groups = [
        {"exercise": exercise, "cards": strips[exercise.code]}
        for exercise in exercises.KNOWN
        if strips[exercise.code]
    ]
    return render(request, "visits/patient_photos.html", {**context, "groups": groups})

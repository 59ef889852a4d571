"""What is found of a whole visit: by a model from all its views, and by a clinician."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts import policies
from clinic.accounts.scopes import Scope
from clinic.common.http import require
from clinic.examination.selectors_scales import assessments_by_visit
from clinic.visits.confirming import confirm_visit
from clinic.visits.filing import proposal
from clinic.visits.grading import visit_finding
from clinic.visits.selectors import photos_of_visit

from ..permissions import opens
from ..serializers.photos import FilingSerializer
from ..serializers.together import (
    VisitConfirmationInput,
    VisitConfirmationSerializer,
    VisitFindingsSerializer,
    as_data,
)
from .base import Systems, note_reads, unless_archived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clinic.api.requests import ApiUserRequest
    from clinic.visits.models import Visit, VisitConfirmation


class VisitFindingsActions:
    """Mixed into the resource of visits."""

    if TYPE_CHECKING:
        get_object: Any
        get_serializer_context: Any
        given: Any
        replayed: Any
        request: Any

    def context_for(self, records: Sequence[Visit]) -> dict[str, Any]:
        """The scales that were answered in these visits, for whoever may read results."""
        readable = opens(self.request, Scope.RESULTS_READ)
        return {"assessments": assessments_by_visit(visits=records) if readable else None}

    @extend_schema(
        summary="What all views of a visit say together",
        description=(
            "Side, severity with its interval and the remaining movement of each part of the face, from the photos "
            "that one release judged, each view once; `views_missing` are those that were not taken. A model's "
            "estimate that nobody has confirmed: the clinician's own grade is the visit's `grade`."
        ),
        responses={200: VisitFindingsSerializer},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def findings(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self.get_object()
        note_reads(request, [visit.patient])
        return Response(VisitFindingsSerializer(as_data(visit, visit_finding(visit=visit))).data)

    @extend_schema(
        summary="How the photos of a visit belong together that nobody filed",
        description=(
            "A model's proposal for the photos that were filed by their place among the files alone "
            "(`exercise_named` is false): one assignment of all of them, each exercise once, as a rule, rest first. "
            "Empty while one of them is being analysed, where there is none, and where the clinic uses no model. "
            "Nothing is filed by it: take or leave it with `PATCH` on each photo, naming the exercise it shows."
        ),
        responses={200: FilingSerializer},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def filing(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self.get_object()
        note_reads(request, [visit.patient])
        found = proposal(visit=visit, cards=photos_of_visit(visit=visit))
        return Response(FilingSerializer(found or {"release": None, "filings": []}).data)

    @extend_schema(
        summary="Confirm or correct the finding of a whole visit",
        description=(
            "A clinician's act: weakness, side and the visit's one House-Brackmann grade. Earlier words stay; the "
            "newest counts. `contradictions` of the answer are codes of what else is known and says otherwise."
        ),
        request=VisitConfirmationInput,
        responses={201: VisitConfirmationSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def confirm(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self.get_object()
        require(policies.can_confirm(request.user, visit.patient.clinic_id))
        unless_archived(visit)
        return self._said(confirm_visit(user=request.user, visit=visit, **self.given(VisitConfirmationInput)))

    def also_making(self) -> dict[str, Callable[[Any], Response]]:
        return {"confirm": self._said_before}

    def _said(self, row: VisitConfirmation) -> Response:
        context = {**self.get_serializer_context(), "systems": Systems(self.request.user)}
        data = VisitConfirmationSerializer(row, context=context).data
        return Response(data, status=status.HTTP_201_CREATED)

    def _said_before(self, pk: uuid.UUID) -> Response:
        visit = self.get_object()
        known = visit.confirmations.select_related("by")
        replayed: Response = self.replayed(visit.patient, self._said(get_object_or_404(known, pk=pk)))
        return replayed

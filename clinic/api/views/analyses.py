"""Analyses and the releases of the models."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts.policies import can_read_records, clinics_of
from clinic.accounts.scopes import Scope
from clinic.validation import ledger
from clinic.visits.models import Confirmation
from inference.jobs.states import FINAL
from inference.models import Analysis
from inference.releases import registry
from inference.selectors_corrections import add_corrections, newest_correction

from .. import filters
from ..permissions import FREE
from ..serializers import analyses as shapes
from ..serializers.landmarks import PointsInput
from ..serializers.ledger import LedgerSerializer, as_data
from .base import Records, Strict, note_reads
from .landmarks import LandmarkActions

if TYPE_CHECKING:
    from clinic.api.requests import ApiUserRequest
    from clinic.patients.models import Patient

FOLLOW_AFTER = 1
FOLLOW_HEADERS = [
    OpenApiParameter(
        "Location", str, OpenApiParameter.HEADER, response=[202], description="The analysis to follow."
    ),
    OpenApiParameter(
        "Retry-After", int, OpenApiParameter.HEADER, response=[202], description="Seconds to wait."
    ),
]


def confirmed_among(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these analyses a clinician has had a word on."""
    return set(Confirmation.objects.filter(analysis_id__in=list(ids)).values_list("analysis_id", flat=True))


@extend_schema_view(
    list=extend_schema(
        summary="Analyses",
        description="One a photo and release of the models. `?status=queued&status=running` finds what goes on.",
    )
)
class AnalysisViewSet(LandmarkActions, Records):
    serializer_class = shapes.AnalysisSerializer
    filterset_class = filters.AnalysisFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.RESULTS_CONFIRM
    inputs: ClassVar[dict[str, Any]] = {"move_points": PointsInput}
    http_method_names: ClassVar[list[str]] = ["get", "post", "head", "options"]

    def visible(self) -> QuerySet[Analysis]:
        return (
            Analysis.objects.visible_to(self.request.user)
            .select_related("photo__visit__patient")
            .defer("landmarks")
            .annotate(newest_correction=newest_correction())
        )

    def patient_of(self, record: Analysis) -> Patient:
        return record.photo.visit.patient

    def context_for(self, records: Sequence[Analysis]) -> dict[str, Any]:
        add_corrections(analyses=records, keys={one.pk: one.newest_correction for one in records})  # type: ignore[attr-defined]  # annotated
        return {"confirmed": confirmed_among([record.pk for record in records])}

    @extend_schema(
        summary="An analysis: its state and, once it has succeeded, its result",
        description=(
            "Follow it until its status is final, asking again not sooner than `Retry-After` seconds. `result` is "
            "a model's finding and preliminary until a clinician confirmed or corrected it; a photo that can't be "
            "judged is `rejected`, with a reason that says how to retake it."
        ),
        parameters=[
            OpenApiParameter(
                "Retry-After",
                int,
                OpenApiParameter.HEADER,
                response=[200],
                description="While it goes on: seconds.",
            )
        ],
    )
    def retrieve(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        analysis = self.get_object()
        headers = {}
        if analysis.status in FINAL:
            note_reads(request, [self.patient_of(analysis)])
        else:
            # Nothing of the patient is shown yet: whoever follows an analysis reads it once, at its end.
            headers["Retry-After"] = str(FOLLOW_AFTER)
        return Response(self.shown(analysis), headers=headers)

    @extend_schema(
        summary="The points of the face that an analysis found",
        description=(
            "The 478 points that were measured, numbered as the face mesh is, as shares of the photo's width and "
            "height; 404 without any."
        ),
        responses=shapes.LandmarksSerializer,
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def landmarks(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        analysis = self.get_object()
        if not analysis.landmarks:
            raise Http404
        note_reads(request, [self.patient_of(analysis)])
        return Response({"landmarks": analysis.landmarks})


class ReleaseViewSet(Strict, viewsets.GenericViewSet[Any]):
    serializer_class = shapes.ReleaseSerializer
    pagination_class = None
    filter_backends: ClassVar[list[Any]] = []
    lookup_field = "name"
    lookup_value_converter = "str"

    def scope(self) -> str:
        return Scope.RESULTS_READ if self.action == "agreement" else FREE

    @extend_schema(
        summary="The releases of the models, the active one first",
        description="What made the results: each release with its model card.",
    )
    def list(self, request: ApiUserRequest) -> Response:
        return Response(self._shown(registry.releases(), many=True))

    @extend_schema(
        summary="A release and its model card",
        description="What the models were trained on, how well they did on people they had not seen, and limits.",
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH, description="The release's name.")],
    )
    def retrieve(self, request: ApiUserRequest, name: str) -> Response:
        release = registry.by_name(name)
        if release is None:
            raise Http404
        return Response(self._shown(release))

    @extend_schema(
        summary="How a release agrees with the clinicians",
        description=(
            "The validation ledger in each of your clinics: the newest confirmation of each photo against what this "
            "release had found, in all and by the confirmed grade, and each score beside the bar from which on it "
            "counts as validated there. Confirmations are given in view of the result, by one reader."
        ),
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH, description="The release's name.")],
        responses=LedgerSerializer(many=True),
    )
    @action(detail=True, methods=["get"], url_path="ledger")
    def agreement(self, request: ApiUserRequest, name: str) -> Response:
        clinics = [clinic for clinic in clinics_of(request.user) if can_read_records(request.user, clinic)]
        known = registry.by_name(name) or any(name in ledger.uses(clinic_id=clinic) for clinic in clinics)
        if not known:
            raise Http404
        found = [as_data(clinic, ledger.ledger(clinic_id=clinic, release=name)) for clinic in clinics]
        return Response(LedgerSerializer(found, many=True).data)

    def _shown(self, what: Any, *, many: bool = False) -> Any:
        context = {**self.get_serializer_context(), "active": registry.active().name}
        return shapes.ReleaseSerializer(what, many=many, context=context).data

"""The points of an analysis, and what a clinician puts right about them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.common.http import require
from inference.policies import can_correct
from inference.selectors_corrections import can_be_corrected, correction_of
from inference.services_corrections import CorrectedMeanwhile, correct_landmarks

from .. import etags
from ..serializers.landmarks import LandmarkCorrectionSerializer, PointsInput, PointsSerializer, as_data
from .base import Systems, note_reads, unless_archived

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinic.api.requests import ApiUserRequest
    from inference.models import Analysis, LandmarkCorrection

TAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="Which points hold: give it back in `If-Match` to move some.",
)


class LandmarkActions:
    """Mixed into the resource of analyses."""

    if TYPE_CHECKING:
        get_object: Any
        get_serializer_context: Any
        given: Any
        replayed: Any
        request: Any

    @extend_schema(
        summary="The points of a face that measures read",
        description=(
            "Each by name and side, where it holds and where the model has it. 404 where nothing was measured in "
            "millimetres."
        ),
        responses={200: PointsSerializer},
        parameters=[TAG],
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def points(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        analysis = self._measured()
        note_reads(request, [analysis.photo.visit.patient])
        found = as_data(analysis)
        tag = _tag(analysis, found["correction"])
        data = PointsSerializer(found, context=self._naming()).data
        return Response(data, headers={"ETag": tag})

    @extend_schema(
        summary="Put points of a face right",
        description=(
            "A clinician's act. The model's analysis stays as it is; measures, course and tasks follow from the points "
            "that hold. Give all points that lie elsewhere than the model's. Earlier corrections stay; the newest "
            "holds."
        ),
        request=PointsInput,
        responses={201: LandmarkCorrectionSerializer},
        parameters=[TAG],
    )
    @points.mapping.post
    def move_points(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        analysis = self._measured()
        require(can_correct(request.user, analysis))
        unless_archived(analysis.photo)
        newest = correction_of(analysis=analysis)
        exact = etags.require_match(request, _tag(analysis, newest))
        based_on = (newest.number if newest is not None else 0) if exact else None
        points = self.given(PointsInput)["points"]
        try:
            row = correct_landmarks(user=request.user, analysis=analysis, points=points, based_on=based_on)
        except CorrectedMeanwhile as error:
            raise etags.gone_on(_tag(analysis, error.newest)) from error
        return self._moved(row)

    def also_making(self) -> dict[str, Callable[[Any], Response]]:
        return {"move_points": self._moved_before}

    def _measured(self) -> Analysis:
        analysis: Analysis = self.get_object()
        if not can_be_corrected(analysis=analysis):
            raise Http404
        return analysis

    def _moved(self, row: LandmarkCorrection) -> Response:
        data = LandmarkCorrectionSerializer(row, context=self._naming()).data
        return Response(data, status=status.HTTP_201_CREATED, headers={"ETag": _tag(row.analysis, row)})

    def _moved_before(self, pk: uuid.UUID) -> Response:
        analysis = self.get_object()
        row = get_object_or_404(analysis.corrections.select_related("by"), pk=pk)
        replayed: Response = self.replayed(analysis.photo.visit.patient, self._moved(row))
        return replayed

    def _naming(self) -> dict[str, Any]:
        return {**self.get_serializer_context(), "systems": Systems(self.request.user)}


def _tag(analysis: Analysis, newest: LandmarkCorrection | None) -> str:
    return f'"{analysis.pk}.{newest.number if newest is not None else 0}"'

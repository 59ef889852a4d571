"""The series of photos of a visit."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.visits import services_series
from clinic.visits.series import series_with

from ..serializers.series import SeriesSerializer, SkipInput, UnskipInput, as_data
from .base import Systems, note_reads, unless_archived

if TYPE_CHECKING:
    from clinic.api.requests import ApiUserRequest
    from clinic.visits.models import Visit


class SeriesActions:
    """Mixed into the resource of visits."""

    if TYPE_CHECKING:
        get_object: Any
        get_serializer_context: Any
        given: Any
        may_write: Any
        request: Any

    @extend_schema(
        summary="The series of a visit",
        description=(
            "The exercises of the protocol with which the visit was begun, each with whether there is a photo, or why "
            "there is none. A series that was interrupted goes on with `goes_on_with`."
        ),
        responses={200: SeriesSerializer},
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def series(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        return self._series(self.get_object())

    @extend_schema(
        summary="Say that an exercise is not taken",
        description=(
            "With the reason. A photo of the exercise that comes later takes it back. Refused where there is a photo "
            "of it, and where another reason stands: take that back first."
        ),
        request=SkipInput,
        responses={200: SeriesSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def skip(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self._open()
        services_series.skip_exercise(user=request.user, visit=visit, **self.given(SkipInput))
        return self._series(visit)

    @extend_schema(
        summary="Say that an exercise is to be taken after all",
        description="Changes nothing where nothing said otherwise.",
        request=UnskipInput,
        responses={200: SeriesSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def unskip(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self._open()
        services_series.take_skip_back(user=request.user, visit=visit, **self.given(UnskipInput))
        return self._series(visit)

    def _open(self) -> Visit:
        visit: Visit = self.get_object()
        self.may_write(visit.patient)
        unless_archived(visit)
        return visit

    def _series(self, visit: Visit) -> Response:
        note_reads(self.request, [visit.patient])
        there = set(visit.photos.filter(archived_at__isnull=True).values_list("exercise", flat=True))
        context = {**self.get_serializer_context(), "systems": Systems(self.request.user)}
        data = as_data(visit.pk, series_with(visit=visit, there=there))
        return Response(SeriesSerializer(data, context=context).data)

"""The red flags of a care episode."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts import policies
from clinic.common.http import require
from clinic.examination.services_red_flags import answer_red_flags

from ..serializers.red_flags import (
    RedFlagScreeningSerializer,
    RedFlagsInput,
    RedFlagsSerializer,
    as_data,
)
from .base import Systems, note_reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from clinic.api.requests import ApiUserRequest
    from clinic.examination.models import RedFlagScreening


class RedFlagsActions:
    """Mixed into the resource of care episodes."""

    if TYPE_CHECKING:
        get_object: Any
        get_serializer_context: Any
        given: Any
        replayed: Any
        request: Any

    @extend_schema(
        summary="The red flags of a care episode",
        description=(
            "What is asked of the patient before any model looks at a photo of the episode, and how it was answered. "
            "Until then photos are stored and not analysed; while answers point to a stroke nothing that a model "
            "found in the episode is answered anywhere."
        ),
        responses={200: RedFlagsSerializer},
    )
    @action(detail=True, methods=["get"], url_path="red-flags", filterset_class=None, pagination_class=None)
    def red_flags(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        episode = self.get_object()
        note_reads(request, [episode.patient])
        return Response(RedFlagsSerializer(as_data(episode), context=self._naming_systems()).data)

    @extend_schema(
        summary="Answer the red flags of a care episode",
        description=(
            "A clinician's act. Earlier answers stay; the newest count. Photos that waited for them are analysed, "
            "unless the answers point to a stroke."
        ),
        request=RedFlagsInput,
        responses={201: RedFlagScreeningSerializer},
    )
    @red_flags.mapping.post
    def answer_red_flags(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        episode = self.get_object()
        require(policies.can_confirm(request.user, episode.patient.clinic_id))
        given = self.given(RedFlagsInput)
        return self._answered(answer_red_flags(user=request.user, episode=episode, **given))

    def also_making(self) -> dict[str, Callable[[Any], Response]]:
        return {"answer_red_flags": self._answered_before}

    def _answered(self, row: RedFlagScreening) -> Response:
        data = RedFlagScreeningSerializer(row, context=self._naming_systems()).data
        return Response(data, status=status.HTTP_201_CREATED)

    def _answered_before(self, pk: uuid.UUID) -> Response:
        episode = self.get_object()
        known = episode.red_flag_screenings.select_related("by")
        replayed: Response = self.replayed(episode.patient, self._answered(get_object_or_404(known, pk=pk)))
        return replayed

    def _naming_systems(self) -> dict[str, Any]:
        return {**self.get_serializer_context(), "systems": Systems(self.request.user)}

"""Home programmes: what patients are asked to do, and what they say that they did."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts.scopes import Scope
from clinic.common.http import require
from clinic.home import policies, selectors, services
from clinic.home.models import HomeProgramme
from clinic.patients.models import Episode, Patient

from .. import filters
from ..serializers import home as shapes
from .base import Records, named

if TYPE_CHECKING:
    from ..requests import ApiUserRequest


@extend_schema_view(
    list=extend_schema(
        summary="Home programmes",
        description="Of one patient or episode, with what was done of them week by week; the newest runs, if any.",
    ),
    retrieve=extend_schema(
        summary="A home programme",
        description="What is asked, and week by week what was done, as the patient says.",
    ),
)
class HomeProgrammeViewSet(Records):
    serializer_class = shapes.HomeProgrammeSerializer
    inputs: ClassVar[dict[str, Any]] = {
        "create": shapes.HomeProgrammeInput,
        "partial_update": shapes.HomeProgrammeChange,
    }
    filterset_class = filters.HomeProgrammeFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.RESULTS_CONFIRM

    def visible(self) -> QuerySet[HomeProgramme]:
        return selectors.visible_programmes(user=self.request.user)

    def patient_of(self, record: HomeProgramme) -> Patient:
        return record.episode.patient

    def context_for(self, records: Sequence[HomeProgramme]) -> dict[str, Any]:
        practised = selectors.practice_of(programmes=records)
        return {"weeks": {one.programme.pk: one.weeks for one in practised}}

    def _may_prescribe(self, episode: Episode) -> None:
        self.may_write(episode.patient)
        require(policies.can_prescribe(self.request.user, episode))

    @extend_schema(
        summary="Start a home programme",
        request=shapes.HomeProgrammeInput,
        responses={201: shapes.HomeProgrammeSerializer},
    )
    def create(self, request: ApiUserRequest) -> Response:
        """A clinician's act. One that runs in the episode ends; what was done of it stays with it."""
        given = self.given(shapes.HomeProgrammeInput)
        episodes = Episode.objects.select_related("patient__clinic")
        episode = named(episodes, request, "episode", given.pop("episode"))
        self._may_prescribe(episode)
        given["doses"] = [dict(one) for one in given["doses"]]
        return self.created(services.start_programme(user=request.user, episode=episode, **given))

    @extend_schema(
        summary="Change what is said beside the exercises",
        request=shapes.HomeProgrammeChange,
        responses={200: shapes.HomeProgrammeSerializer},
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        """Send only what changes. Another dose is another programme."""
        programme = self.get_object()
        self._may_prescribe(programme.episode)
        given = self.given(shapes.HomeProgrammeChange, partial=True)
        return self.changed(
            services.update_programme(programme=programme, **self.change_of(programme), **given)
        )

    @extend_schema(
        summary="End a home programme",
        description="What was done stays; the patient's page says that none runs.",
        request=None,
        responses={200: shapes.HomeProgrammeSerializer},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        programme: HomeProgramme = self.get_object()
        self._may_prescribe(programme.episode)
        return self.changed(services.end_programme(programme=programme, **self.change_of(programme)))

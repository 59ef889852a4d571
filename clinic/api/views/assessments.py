"""Clinical scales: read by whoever reads results, answered by clinicians, finished by them alone."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts.scopes import Scope
from clinic.common.http import require
from clinic.examination import policies, selectors_scales, services_scales
from clinic.examination.models import Assessment
from clinic.examination.scales import BY_CODE, SCALES
from clinic.patients.models import Patient
from clinic.visits.models import Visit

from .. import filters
from ..catalogue import Problem
from ..serializers import assessments as shapes
from .base import Records, named, unless_archived

if TYPE_CHECKING:
    from ..requests import ApiUserRequest

NAMES = ", ".join(scale.name for scale in SCALES)


@extend_schema_view(
    list=extend_schema(
        summary="Clinical scales of visits",
        description=(
            f"{NAMES}, as they were answered; of one visit with `visit`. `finished=true` leaves out what is still "
            "being answered."
        ),
    ),
    retrieve=extend_schema(
        summary="A clinical scale of a visit",
        description="Its answers, what they come to, and what is missing.",
    ),
)
class AssessmentViewSet(Records):
    serializer_class = shapes.AssessmentSerializer
    inputs: ClassVar[dict[str, Any]] = {
        "create": shapes.AssessmentInput,
        "partial_update": shapes.AssessmentChange,
    }
    filterset_class = filters.AssessmentFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.RESULTS_CONFIRM

    def visible(self) -> QuerySet[Assessment]:
        return selectors_scales.visible_assessments(user=self.request.user)

    def patient_of(self, record: Assessment) -> Patient:
        return record.patient

    @extend_schema(
        summary="Answer a clinical scale in a visit",
        description=(
            "A clinician's act. Answers may be partial: what is missing gives no total. A visit has each scale once; "
            "a second one is refused with 409 `conflict`, change the first. With `finish` it is finished at once, "
            "which needs every answer and the episode's red flags."
        ),
        request=shapes.AssessmentInput,
        responses={201: shapes.AssessmentSerializer},
    )
    def create(self, request: ApiUserRequest) -> Response:
        given = self.given(shapes.AssessmentInput)
        visits = Visit.objects.select_related("patient__clinic", "episode")
        visit = named(visits, request, "visit", given["visit"])
        self.may_write(visit.patient)
        unless_archived(visit)
        require(policies.can_assess(request.user, visit))
        with transaction.atomic():
            made = services_scales.answer(
                user=request.user,
                visit=visit,
                scale=BY_CODE[given["scale"]],
                answers=given["answers"],
                must_be_first=True,
            )
            if given["finish"]:
                made = services_scales.finish(user=request.user, assessment=made)
        return self.created(made)

    @extend_schema(
        summary="Change the answers of a clinical scale",
        description=(
            "Items that you don't name stay; null takes an answer back. A finished one is opened again first."
        ),
        request=shapes.AssessmentChange,
        responses={200: shapes.AssessmentSerializer},
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        assessment = self._open_to_writing(request)
        scale = shapes.definition_of(assessment)
        assert assessment.visit is not None, "as the policy asked"
        given = self.given(shapes.AssessmentChange)
        shapes.check_answers(scale, given["answers"])
        return self.changed(
            services_scales.answer(
                visit=assessment.visit, scale=scale, answers=given["answers"], **self.change_of(assessment)
            )
        )

    @extend_schema(
        summary="Finish a clinical scale",
        description="Only with every item answered, and once the episode's red flags are.",
        request=None,
        responses={200: shapes.AssessmentSerializer},
    )
    @action(detail=True, methods=["post"])
    def finish(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        assessment = self._open_to_writing(request)
        return self.changed(services_scales.finish(assessment=assessment, **self.change_of(assessment)))

    @extend_schema(
        summary="Open a finished clinical scale again",
        description="To correct it; its history keeps what it said.",
        request=None,
        responses={200: shapes.AssessmentSerializer},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        assessment = self._open_to_writing(request)
        return self.changed(services_scales.reopen(assessment=assessment, **self.change_of(assessment)))

    def _open_to_writing(self, request: ApiUserRequest) -> Assessment:
        assessment: Assessment = self.get_object()
        self.may_write(assessment.patient)
        if assessment.is_archived:
            raise Problem("archived")
        require(policies.can_write_assessment(request.user, assessment))
        return assessment

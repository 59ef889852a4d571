"""Clinical scales: read by whoever reads results. They are answered on pages, by people."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from clinic.accounts.scopes import Scope
from clinic.examination import selectors_scales
from clinic.examination.models import Assessment
from clinic.patients.models import Patient

from .. import filters
from ..serializers import assessments as shapes
from .base import Records


@extend_schema_view(
    list=extend_schema(
        summary="Clinical scales of visits",
        description=(
            "Sunnybrook, House-Brackmann, FNGS 2.0, eFACE, Yanagihara, FaCE, SAQ and FDI as they were answered, of one "
            "visit with `visit`. `finished=true` leaves out what is still being answered."
        ),
    ),
    retrieve=extend_schema(
        summary="A clinical scale of a visit",
        description="Its answers, what they come to, and what is missing.",
    ),
)
class AssessmentViewSet(Records):
    serializer_class = shapes.AssessmentSerializer
    filterset_class = filters.AssessmentFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    http_method_names: ClassVar[list[str]] = ["get", "head", "options"]

    def visible(self) -> QuerySet[Assessment]:
        return selectors_scales.visible_assessments(user=self.request.user)

    def patient_of(self, record: Assessment) -> Patient:
        return record.visit.patient

"""The caller's own clinics."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.response import Response

from clinic.accounts import memberships
from clinic.accounts.models import Clinic

from .. import etags
from ..permissions import FREE
from ..serializers import records as shapes
from .base import Records

if TYPE_CHECKING:
    from rest_framework.request import Request


@extend_schema_view(
    list=extend_schema(
        summary="Your clinics", description="The clinics that you belong to, with your role in each."
    ),
    retrieve=extend_schema(
        summary="One of your clinics", description="Its name, time zone and language, and your role in it."
    ),
)
class ClinicViewSet(Records):
    serializer_class = shapes.ClinicSerializer
    # The names of one's own clinics say nothing of a patient.
    reads: ClassVar[str] = FREE
    http_method_names: ClassVar[list[str]] = ["get", "head", "options"]

    def visible(self) -> QuerySet[Clinic]:
        return Clinic.objects.filter(pk__in=memberships.clinics_of(self.request.user))

    def context_for(self, records: Any) -> dict[str, Any]:
        return {"roles": memberships.clinics_of(self.request.user)}

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(self.shown(page, many=True))

    def retrieve(self, request: Request, pk: uuid.UUID) -> Response:
        record = self.get_object()
        return Response(self.shown(record), headers=etags.headers(record))

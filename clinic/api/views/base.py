"""What the resources share: records that the user may see, and the note that they saw them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import status, viewsets
from rest_framework.response import Response

from clinic.accounts import policies
from clinic.audit.models import Access
from clinic.audit.services import record_reads
from clinic.common.http import require, visible_or_404

from ..problems import Problem

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

    from clinic.patients.models import Patient


class Records(viewsets.GenericViewSet[Any]):
    """List and retrieve what the user may see."""

    lookup_value_converter = "uuid"
    http_method_names: ClassVar[list[str]] = ["get", "post", "patch", "head", "options"]

    def visible(self) -> QuerySet[Any]:
        """The records that the user may see, with what their representation needs."""
        raise NotImplementedError

    def patient_of(self, record: Any) -> Patient:
        """Whose record it is."""
        raise NotImplementedError

    def context_for(self, records: Sequence[Any]) -> dict[str, Any]:
        """What the representation of these records needs beyond their own columns."""
        return {}

    def get_queryset(self) -> QuerySet[Any]:
        return self.visible()

    def get_object(self) -> Any:
        # Filters narrow lists; a record's own address always answers.
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        note_reads(request, [self.patient_of(record) for record in page])
        return self.get_paginated_response(self.shown(page, many=True))

    def retrieve(self, request: Request, pk: uuid.UUID) -> Response:
        record = self.get_object()
        note_reads(request, [self.patient_of(record)])
        return Response(self.shown(record))

    def shown(self, what: Any, *, many: bool = False) -> Any:
        """The representation of a record, or of a page of them."""
        context = {**self.get_serializer_context(), **self.context_for(what if many else [what])}
        return self.serializer_class(what, many=many, context=context).data  # type: ignore[misc]

    def given(self, serializer: type[BaseSerializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The request's body, checked for its shape."""
        checked = serializer(data=self.request.data, partial=partial, context=self.get_serializer_context())
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def created(self, record: Any, code: int = status.HTTP_201_CREATED) -> Response:
        """The new record as an answer, with its address."""
        data = self.shown(self.get_queryset().get(pk=record.pk))
        return Response(data, status=code, headers={"Location": data["url"]})

    def changed(self, record: Any) -> Response:
        """The record as it now is."""
        return Response(self.shown(self.get_queryset().get(pk=record.pk)))

    def may_write(self, patient: Patient) -> None:
        """403 unless the user's role in the patient's clinic writes records."""
        require(policies.can_write_records(self.request.user, patient.clinic_id))


def named(source: type[Model] | QuerySet[Any], request: Request, field: str, pk: uuid.UUID) -> Any:
    """The record that the body names in that field, if the user may see it; otherwise the problem says which field."""
    try:
        return visible_or_404(source, request.user, pk)
    except Http404 as error:
        detail = _("There is no such record that you may see.")
        raise Problem(
            "not_found", errors=[{"field": field, "code": "not_found", "detail": detail}]
        ) from error


def note_reads(request: Request, patients: Iterable[Patient]) -> None:
    """Record that this answer shows something of these patients."""
    record_reads(request=request, patients=patients, access=Access.RECORD)

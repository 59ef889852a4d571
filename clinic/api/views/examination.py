"""Tasks: read by whoever reads the records, closed by people alone."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts.scopes import Scope
from clinic.common.http import require
from clinic.examination import policies, selectors, services
from clinic.examination.models import Task
from clinic.patients.models import Patient

from .. import filters
from ..catalogue import Problem
from ..serializers import examination as shapes
from .base import Records

if TYPE_CHECKING:
    from rest_framework.request import Request


@extend_schema_view(
    list=extend_schema(
        summary="Tasks",
        description=(
            "What has to be looked after in the patients of your clinics: eyes that do not close, and what people "
            "set themselves. `open=true` leaves out what is closed."
        ),
    ),
    retrieve=extend_schema(
        summary="A task", description="What it rests on, who looks after it, and what became of it."
    ),
)
class TaskViewSet(Records):
    serializer_class = shapes.TaskSerializer
    filterset_class = filters.TaskFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.RESULTS_CONFIRM
    http_method_names: ClassVar[list[str]] = ["get", "post", "head", "options"]

    def visible(self) -> QuerySet[Task]:
        return selectors.visible_tasks(user=self.request.user)

    def patient_of(self, record: Task) -> Patient:
        return record.patient

    @extend_schema(
        summary="Close a task",
        description=(
            "A person's act: the roles reviewer and integration may not, and no model ever does. A later visit that "
            "shows an open eye again opens its task again. One that is closed already is refused with 409 `conflict`."
        ),
        request=shapes.TaskClosing,
        responses={200: shapes.TaskSerializer},
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: uuid.UUID) -> Response:
        task = self.get_object()
        if task.patient.archived_at is not None:
            raise Problem("archived")
        require(policies.can_handle_task(request.user, task))
        given = self.given(shapes.TaskClosing)
        return self.changed(services.close_task(task=task, **self.change_of(task), **given))

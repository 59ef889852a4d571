"""The report of a care episode, and whatever else an episode is asked for beside its own data."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError

from clinic.accounts.scopes import Scope
from clinic.audit.models import Access
from clinic.audit.services import log_exports
from clinic.common.dates import today_in
from clinic.report import rendering
from clinic.report.audience import LANGUAGES, Audience
from clinic.report.document import make_report
from clinic.report.forms import ReportForm

from ..catalogue import Problem
from ..renderers import PdfRenderer
from .base import note_reads
from .red_flags import RedFlagsActions

if TYPE_CHECKING:
    from clinic.api.requests import ApiUserRequest

PARAMETERS: Final = ("audience", "language", "photos", "visit")
REPORT_SCOPES: Final = {"report": Scope.RESULTS_READ}
SECONDS: Final = "5"
"""After which a report that found no room may be asked for again."""


class EpisodeActions(RedFlagsActions):
    """Mixed into the resource of care episodes."""

    def known_parameters(self) -> frozenset[str]:
        """Those of a report, of which no other action knows any."""
        known: frozenset[str] = cast(Any, super()).known_parameters()
        return known | frozenset(PARAMETERS) if cast(Any, self).action == "report" else known

    @extend_schema(
        summary="The report of a care episode, as PDF",
        description=(
            "A letter to the referrer, or one page for the patient, as a tagged PDF: what clinicians found and "
            "confirmed. What a model measured stands in it only where a clinician has reviewed it, and nothing of a "
            "model's while the red flags are unanswered or point to a stroke. Recorded as an export, its photos "
            "one by one."
        ),
        parameters=[
            OpenApiParameter("audience", enum=Audience.values, description="By default the referrer."),
            OpenApiParameter(
                "language",
                enum=LANGUAGES,
                description="By default that of the request; of a patient's page the first on record that is known.",
            ),
            OpenApiParameter(
                "photos",
                OpenApiTypes.BOOL,
                description="With photos of the first and newest visit, where the consent to the record is in force.",
            ),
            OpenApiParameter("visit", OpenApiTypes.UUID, description="A visit: the report ends there."),
        ],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        pagination_class=None,
        renderer_classes=[PdfRenderer],
    )
    def report(self, request: ApiUserRequest, pk: uuid.UUID) -> HttpResponse:
        episode = self.get_object()
        cast(Any, self).may_take_along()
        form = ReportForm(
            request.query_params, episode=episode, day=today_in(episode.patient.clinic.time_zone)
        )
        if not form.is_valid():
            raise ValidationError(
                {
                    name: [ErrorDetail(one.messages[0], one.code or "invalid") for one in errors]
                    for name, errors in form.errors.as_data().items()
                }
            )
        made = make_report(episode=episode, choice=form.choice(), author=request.user)
        try:
            content = rendering.pdf(made.document)
        except rendering.RendererBusy as error:
            raise Problem("report_unavailable", str(error), headers={"Retry-After": SECONDS}) from error
        except rendering.CannotRender as error:
            raise Problem("report_unavailable", str(error)) from error
        note_reads(request, [episode.patient], Access.EXPORT)
        log_exports(
            user=request.user,
            clinic=episode.patient.clinic,
            patient_id=episode.patient_id,
            photos=made.photos,
            page="api:episode-report",
        )
        answer = HttpResponse(content, content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

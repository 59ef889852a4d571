"""Links by which patients answer questionnaires without an account."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.response import Response

from clinic.accounts.scopes import Scope
from clinic.common.http import require
from clinic.examination import policies, services_questionnaires
from clinic.examination.selectors_questionnaires import current_wordings
from clinic.home.policies import can_prescribe
from clinic.home.services import send_link
from clinic.patients.models import Episode, LinkPurpose, Patient, PatientLink
from clinic.patients.opened_links import address_of
from clinic.patients.selectors_links import visible_links
from clinic.patients.services_links import revoke_link

from .. import filters
from ..serializers import links as shapes
from .base import Records, named, nothing_named, unless_archived

if TYPE_CHECKING:
    from ..requests import ApiUserRequest


@extend_schema_view(
    list=extend_schema(
        summary="Links sent to patients", description="Of one patient or episode, whatever their state."
    ),
    retrieve=extend_schema(
        summary="A link sent to a patient",
        description="Whether it still works; the secret is told nowhere but where it was made.",
    ),
)
class PatientLinkViewSet(Records):
    serializer_class = shapes.PatientLinkSerializer
    inputs: ClassVar[dict[str, Any]] = {"create": shapes.PatientLinkInput}
    filterset_class = filters.PatientLinkFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.RESULTS_CONFIRM
    http_method_names: ClassVar[list[str]] = ["get", "post", "head", "options"]

    def visible(self) -> QuerySet[PatientLink]:
        return visible_links(user=self.request.user)

    def patient_of(self, record: PatientLink) -> Patient:
        return record.episode.patient

    @extend_schema(
        summary="Make a link for a questionnaire or a home programme",
        description=(
            "A clinician's act. `address` of this answer is what the patient is sent: its secret stands behind the "
            "`#`, is stored as a hash alone, and a repeated request doesn't tell it again. The clinic needs its own "
            "licensed text of the questionnaire in that language. A link to the home programme opens "
            "whichever runs, and ends those that were sent before it."
        ),
        request=shapes.PatientLinkInput,
        responses={201: shapes.PatientLinkSerializer},
    )
    def create(self, request: ApiUserRequest) -> Response:
        given = self.given(shapes.PatientLinkInput)
        episodes = Episode.objects.select_related("patient__clinic")
        episode = named(episodes, request, "episode", given["episode"])
        self.may_write(episode.patient)
        unless_archived(episode.patient)
        require(policies.can_ask_patient(request.user, episode))
        made = self._for_home if given["purpose"] == LinkPurpose.HOME_PROGRAMME else self._for_questionnaire
        link, secret = made(episode, given)
        self._addresses = {link.pk: address_of(request, secret)}
        return self.created(link)

    def _for_questionnaire(self, episode: Episode, given: dict[str, Any]) -> tuple[PatientLink, str]:
        asked = (given["scale"], given["language"])
        current = current_wordings(clinic=episode.patient.clinic)
        wording = next((one for one in current if (one.scale, one.language) == asked), None)
        if wording is None:
            raise nothing_named(
                "language", _("The clinic has no text of this questionnaire in that language.")
            )
        return services_questionnaires.send_questionnaire(
            user=self.request.user, episode=episode, wording=wording, days=given["days"]
        )

    def _for_home(self, episode: Episode, given: dict[str, Any]) -> tuple[PatientLink, str]:
        require(can_prescribe(self.request.user, episode))
        return send_link(user=self.request.user, episode=episode, days=given["days"])

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "addresses": getattr(self, "_addresses", {})}

    @extend_schema(
        summary="Take a link back",
        description="It works no more; what was answered by it stays.",
        request=None,
        responses={200: shapes.PatientLinkSerializer},
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        link: PatientLink = self.get_object()
        self.may_write(link.episode.patient)
        require(policies.can_ask_patient(request.user, link.episode))
        return self.changed(revoke_link(link=link, **self.change_of(link)))

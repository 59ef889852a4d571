"""Patients, episodes, treatments and consents."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError as RecordError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.accounts import memberships, policies
from clinic.accounts.models import Clinic
from clinic.accounts.scopes import Scope
from clinic.audit.models import Access
from clinic.common.dates import today_in
from clinic.common.folding import tidy_number
from clinic.overview import selectors
from clinic.patients import services
from clinic.patients.models import Consent, Episode, Patient, Treatment
from clinic.recovery.export import history_csv
from clinic.recovery.selectors import course, photos_in_file
from clinic.visits import consenting

from .. import filters
from ..catalogue import Problem
from ..problems import record_errors
from ..renderers import CsvRenderer
from ..selectors import authors_of, holder_of
from ..serializers import records as shapes
from ..serializers import treatments as treatment_shapes
from ..serializers.history import HistorySerializer, PatientHistorySerializer
from .base import Records, named, note_reads, nothing_named
from .courses import BEFORE, DESCRIPTION, with_visits
from .reports import REPORT_SCOPES, EpisodeActions

if TYPE_CHECKING:
    from clinic.api.requests import ApiUserRequest

MOST_FOUND = 50


@extend_schema_view(
    list=extend_schema(
        summary="Patients, newest record first",
        description=(
            "The patients of your clinics; archived ones only when you ask for them. To find one by name or "
            "record number use the search. Each page is written into the record of reads."
        ),
    ),
    retrieve=extend_schema(
        summary="A patient",
        description="Who the patient is, and the figures of the patients' list. The read is recorded.",
    ),
)
class PatientViewSet(Records):
    serializer_class = shapes.PatientSerializer
    inputs = {
        "create": shapes.PatientInput,
        "partial_update": shapes.PatientChange,
        "search": shapes.PatientSearch,
    }
    filterset_class = filters.PatientFilter
    scopes = {"search": Scope.PATIENTS_READ, "history": Scope.RESULTS_READ}

    def visible(self) -> QuerySet[Patient]:
        return Patient.objects.visible_to(self.request.user).select_related("summary")

    def patient_of(self, record: Patient) -> Patient:
        return record

    @extend_schema(
        summary="Add a patient", request=shapes.PatientInput, responses={201: shapes.PatientSerializer}
    )
    def create(self, request: ApiUserRequest) -> Response:
        """A record number is unique in its clinic: a second patient with it is refused with 409 `conflict`."""
        given = self.given(shapes.PatientInput)
        clinic = self._clinic(given.pop("clinic", None))
        if not policies.can_write_records(request.user, clinic.pk):
            raise Problem("not_permitted")
        with self._naming_the_holder(clinic.pk, given):
            return self.created(services.create_patient(user=request.user, clinic=clinic, **given))

    @extend_schema(
        summary="Change a patient", request=shapes.PatientChange, responses={200: shapes.PatientSerializer}
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        """Send only what changes. Who changed what, from what to what, stays on record."""
        patient = self.get_object()
        self.may_write(patient)
        given = self.given(shapes.PatientChange, partial=True)
        with self._naming_the_holder(patient.clinic_id, given):
            return self.changed(services.update_patient(patient=patient, **self.change_of(patient), **given))

    @extend_schema(
        summary="Archive a patient",
        description="Takes the patient off the lists; nothing is deleted. Once archived, it changes nothing.",
        request=None,
        responses={200: shapes.PatientSerializer},
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        patient = self.get_object()
        self._may_shelve(patient)
        return self.changed(services.archive_patient(patient=patient, **self.change_of(patient)))

    @extend_schema(
        summary="Bring an archived patient back",
        description="Puts the patient on the lists again.",
        request=None,
        responses={200: shapes.PatientSerializer},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        patient = self.get_object()
        self._may_shelve(patient)
        return self.changed(services.restore_patient(patient=patient, **self.change_of(patient)))

    @extend_schema(
        summary="Search patients by name or record number",
        description=(
            "A POST, because a name belongs in no address and no log. `text` finds parts of names, record "
            "numbers and telephone numbers, and birth dates, however they are written; `record_number` finds that very "
            "number, archived or not. Give one of them or both. Finds up to 50 patients, in the order of their names."
        ),
        filters=False,
        request=shapes.PatientSearch,
        responses={200: OpenApiResponse(shapes.PatientsFound)},
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def search(self, request: ApiUserRequest) -> Response:
        given = self.given(shapes.PatientSearch)
        wanted, number = given.get("clinic"), tidy_number(given["record_number"])
        clinics = [self._clinic(wanted)] if wanted else list(self._clinics())
        shelves = {None: (False, True) if number else (False,)}.get(given["archived"], (given["archived"],))
        found = [
            patient
            for clinic in clinics
            for shelf in shelves
            for patient in selectors.search(
                user=request.user, clinic=clinic, text=given["text"], archived=shelf
            ).filter(**({"record_number__iexact": number} if number else {}))[: MOST_FOUND + 1]
        ]
        found.sort(key=lambda patient: (patient.sort_name, patient.name, patient.pk))
        note_reads(request, found[:MOST_FOUND])
        closed = Patient.objects.locked_for(request.user).filter(
            clinic__in=clinics, record_number__iexact=number
        )
        results = self.shown(found[:MOST_FOUND], many=True)
        restricted = closed.count() if number else 0
        return Response({"more": len(found) > MOST_FOUND, "restricted": restricted, "results": results})

    @extend_schema(
        summary="The recovery history of all of a patient's episodes",
        description="The same as each episode's own history, newest episode first, each with its newest visits.",
        responses=PatientHistorySerializer,
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def history(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        patient = self.get_object()
        note_reads(request, [patient])
        episodes = patient.episodes.select_related("patient__clinic")
        courses = {episode: course(episode=episode) for episode in episodes}
        shown = {"patient": patient.pk, "episodes": list(courses.values())}
        return Response(PatientHistorySerializer(shown, context=with_visits(self, courses)).data)

    def _may_shelve(self, patient: Patient) -> None:
        self.may_write(patient)
        if policies.is_integration(self.request.user, patient.clinic_id):
            raise Problem(
                "not_permitted", _("Only a person takes a patient off the lists or brings one back.")
            )

    @contextmanager
    def _naming_the_holder(self, clinic_id: uuid.UUID, given: dict[str, Any]) -> Iterator[None]:
        """A record number that is taken leads to whoever has it: current, archived, or closed to everybody."""
        try:
            yield
        except RecordError as error:
            errors = record_errors(error)
            holder = holder_of(clinic_id=clinic_id, record_number=str(given.get("record_number", "")))
            if holder is None or {entry["code"] for entry in errors} != {"taken"}:
                raise
            url = reverse("api:patient-detail", args=[holder.pk], request=self.request)
            state = "restricted" if holder.restricted_at else "archived" if holder.archived_at else "current"
            named = {"id": str(holder.pk), "url": url, "state": state}
            raise Problem("conflict", errors[0]["detail"], errors=errors, patient=named) from error

    def _clinics(self) -> QuerySet[Clinic]:
        return Clinic.objects.filter(pk__in=memberships.clinics_of(self.request.user))

    def _clinic(self, wanted: uuid.UUID | None) -> Clinic:
        """The clinic that the body names, or the user's only one."""
        clinics = list(self._clinics())
        chosen = [clinic for clinic in clinics if clinic.pk == wanted] if wanted else clinics
        if len(chosen) == 1:
            return chosen[0]
        if wanted:
            raise nothing_named("clinic", _("You belong to no such clinic."))
        detail = _("Say which clinic the patient belongs to.")
        raise Problem("validation_failed", errors=[{"field": "clinic", "code": "required", "detail": detail}])


@extend_schema_view(
    list=extend_schema(
        summary="Care episodes",
        description="All episodes of the patients of your clinics, or of one patient.",
    ),
    retrieve=extend_schema(
        summary="A care episode",
        description="One illness of the face: cause, weak side, and the onset from which recovery is counted.",
    ),
)
class EpisodeViewSet(EpisodeActions, Records):
    serializer_class = shapes.EpisodeSerializer
    whole_in_its_version = True
    inputs = {"create": shapes.EpisodeInput, "partial_update": shapes.EpisodeChange}
    filterset_class = filters.EpisodeFilter
    scopes = {**REPORT_SCOPES, "history": Scope.RESULTS_READ, "answer_red_flags": Scope.RESULTS_CONFIRM}

    def visible(self) -> QuerySet[Episode]:
        return Episode.objects.visible_to(self.request.user).select_related("patient__clinic")

    def patient_of(self, record: Episode) -> Patient:
        return record.patient

    def known_parameters(self) -> frozenset[str]:
        return frozenset({BEFORE}) if self.action == "history" else super().known_parameters()

    def context_for(self, records: Sequence[Episode]) -> dict[str, Any]:
        return {"authors": authors_of(records=records)}

    @extend_schema(
        summary="Open a care episode", request=shapes.EpisodeInput, responses={201: shapes.EpisodeSerializer}
    )
    def create(self, request: ApiUserRequest) -> Response:
        """Recovery is counted from `onset_date`. The weak side is the patient's own, never the viewer's."""
        given = self.given(shapes.EpisodeInput)
        patient = named(Patient.objects.select_related("clinic"), request, "patient", given.pop("patient"))
        self.may_write(patient)
        return self.created(services.open_episode(user=request.user, patient=patient, **given))

    @extend_schema(
        summary="Change a care episode",
        request=shapes.EpisodeChange,
        responses={200: shapes.EpisodeSerializer},
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        """Send only what changes. Another onset moves every visit on the time axis."""
        episode = self.get_object()
        self.may_change(episode)
        given = self.given(shapes.EpisodeChange, partial=True)
        return self.changed(services.update_episode(episode=episode, **self.change_of(episode), **given))

    @extend_schema(
        summary="The recovery history of an episode",
        description=DESCRIPTION,
        parameters=[
            OpenApiParameter(
                BEFORE, OpenApiTypes.UUID, description="A visit: those before it. From `earlier`."
            )
        ],
        responses={(200, "application/json"): HistorySerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    @action(
        detail=True,
        methods=["get"],
        filterset_class=None,
        pagination_class=None,
        renderer_classes=[JSONRenderer, CsvRenderer],
    )
    def history(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        episode = self.get_object()
        if request.accepted_renderer.format == CsvRenderer.format:
            self.may_take_along()
            note_reads(request, [episode.patient], Access.EXPORT)
            name = f'attachment; filename="recovery-{today_in(episode.patient.clinic.time_zone)}.csv"'
            kept = course(episode=episode)
            content = history_csv(
                history=kept,
                record_number=episode.patient.record_number,
                photos=lambda some: photos_in_file(history=kept, episode=episode, wanted=some),
            )
            return Response(content, headers={"Content-Disposition": name})
        note_reads(request, [episode.patient])
        found = course(episode=episode)
        return Response(HistorySerializer(found, context=with_visits(self, {episode: found})).data)


@extend_schema_view(
    list=extend_schema(
        summary="Treatments", description="Treatments of the patients of your clinics, or of one episode."
    ),
    retrieve=extend_schema(summary="A treatment", description="What was done, and on which day."),
)
class TreatmentViewSet(Records):
    serializer_class = treatment_shapes.TreatmentSerializer
    whole_in_its_version = True
    inputs = {"create": treatment_shapes.TreatmentInput, "partial_update": treatment_shapes.TreatmentChange}
    filterset_class = filters.TreatmentFilter

    def visible(self) -> QuerySet[Treatment]:
        return Treatment.objects.visible_to(self.request.user).select_related("episode__patient__clinic")

    def patient_of(self, record: Treatment) -> Patient:
        return record.episode.patient

    def context_for(self, records: Sequence[Treatment]) -> dict[str, Any]:
        return {"authors": authors_of(records=records)}

    @extend_schema(
        summary="Record a treatment",
        request=treatment_shapes.TreatmentInput,
        responses={201: treatment_shapes.TreatmentSerializer},
    )
    def create(self, request: ApiUserRequest) -> Response:
        """It becomes a mark on the time axis of the recovery history. Beside kind and date nothing has to be told."""
        given = self.given(treatment_shapes.TreatmentInput)
        episodes = Episode.objects.select_related("patient__clinic")
        episode = named(episodes, request, "episode", given.pop("episode"))
        self.may_write(episode.patient)
        return self.created(services.add_treatment(user=request.user, episode=episode, **given))

    @extend_schema(
        summary="Change a treatment",
        request=treatment_shapes.TreatmentChange,
        responses={200: treatment_shapes.TreatmentSerializer},
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        """Send only what changes."""
        treatment = self.get_object()
        self.may_change(treatment)
        given = self.given(treatment_shapes.TreatmentChange, partial=True)
        return self.changed(
            services.update_treatment(treatment=treatment, **self.change_of(treatment), **given)
        )

    @extend_schema(
        summary="Take a treatment off the record",
        description="For one that was recorded by mistake. Its history stays.",
        request=None,
        responses=treatment_shapes.TreatmentSerializer,
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        treatment = self.get_object()
        self.may_change(treatment)
        return self.changed(services.archive_treatment(treatment=treatment, **self.change_of(treatment)))


@extend_schema_view(
    list=extend_schema(
        summary="Consents, with their history",
        description="What patients consented to and took back. In force are those with `revoked_at` null.",
    ),
    retrieve=extend_schema(summary="A consent", description="To one use of the photos, and who recorded it."),
)
class ConsentViewSet(Records):
    serializer_class = shapes.ConsentSerializer
    inputs = {"create": shapes.ConsentInput}
    filterset_class = filters.ConsentFilter
    http_method_names = ["get", "post", "head", "options"]

    def visible(self) -> QuerySet[Consent]:
        return Consent.objects.visible_to(self.request.user).select_related(
            "patient", "recorded_by", "revoked_by"
        )

    def patient_of(self, record: Consent) -> Patient:
        return record.patient

    @extend_schema(
        summary="Record a consent", request=shapes.ConsentInput, responses={201: shapes.ConsentSerializer}
    )
    def create(self, request: ApiUserRequest) -> Response:
        """One consent a use is in force at a time; a second is refused with 409 `conflict`."""
        given = self.given(shapes.ConsentInput)
        patient = named(Patient.objects.select_related("clinic"), request, "patient", given.pop("patient"))
        self.may_write(patient)
        return self.created(consenting.give_consent(user=request.user, patient=patient, **given))

    @extend_schema(
        summary="Record that a consent was taken back",
        description="The consent stays as history; a new one can be recorded later.",
        request=None,
        responses={200: shapes.ConsentSerializer},
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        consent = self.get_object()
        self.may_change(consent)
        return self.changed(consenting.revoke_consent(consent=consent, **self.change_of(consent)))

"""Visits, their photos, and what clinicians confirmed."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse

from clinic.accounts import policies
from clinic.accounts.scopes import Scope
from clinic.common.bodies import largest_body
from clinic.patients.models import Episode, Patient
from clinic.visits import filing, receiving, selectors, services, services_filing
from clinic.visits.models import Confirmation, Photo, Visit
from clinic.visits.refusals import RETRY_AFTER, IntakeError
from clinic.visits.views import files
from inference import policies as inference_policies
from inference import services as inference_services
from inference.jobs.states import Status
from inference.models import Analysis

from .. import etags, filters
from ..catalogue import Problem
from ..renderers import JpegRenderer
from ..selectors import twin_of
from ..serializers import photos as photo_shapes
from ..serializers import records as shapes
from .analyses import FOLLOW_AFTER, FOLLOW_HEADERS, confirmed_among
from .base import Records, named, unless_archived
from .series import SeriesActions
from .visit_findings import VisitFindingsActions

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase
    from rest_framework.request import Request

    from clinic.accounts.requests import ClinicRequest
    from clinic.api.requests import ApiUserRequest

PICTURE: dict[str, Any] = {
    "detail": True, "methods": ["get"], "filterset_class": None, "pagination_class": None,
    "renderer_classes": [JpegRenderer],
}  # fmt: skip
DUPLICATES = frozenset({"same_in_visit", "same_in_patient"})


@extend_schema_view(
    list=extend_schema(
        summary="Visits",
        description="Visits of the patients of your clinics, of one patient or of one episode.",
    ),
    retrieve=extend_schema(
        summary="A visit", description="When it was, who saw the patient, and the clinician's own impression."
    ),
)
class VisitViewSet(SeriesActions, VisitFindingsActions, Records):
    serializer_class = shapes.VisitSerializer
    inputs: ClassVar[dict[str, Any]] = {"create": shapes.VisitInput, "partial_update": shapes.VisitChange}
    filterset_class = filters.VisitFilter
    scopes: ClassVar[dict[str, str]] = {
        "findings": Scope.RESULTS_READ,
        "filing": Scope.RESULTS_READ,
        "confirm": Scope.RESULTS_CONFIRM,
    }

    def visible(self) -> QuerySet[Visit]:
        return selectors.visible_visits(user=self.request.user)

    def patient_of(self, record: Visit) -> Patient:
        return record.patient

    @extend_schema(
        summary="Start a visit", request=shapes.VisitInput, responses={201: shapes.VisitSerializer}
    )
    def create(self, request: ApiUserRequest) -> Response:
        """It belongs to the patient's current episode, unless you name another of theirs, and to you."""
        given = self.given(shapes.VisitInput)
        patient = named(Patient.objects.select_related("clinic"), request, "patient", given.pop("patient"))
        self.may_write(patient)
        self.may_judge(
            patient, {name: value for name, value in given.items() if value}, "grade", "impression"
        )
        if patient.archived_at is not None:
            raise Problem("archived")
        if episode := given.pop("episode", None):
            given["episode"] = named(Episode.objects.filter(patient=patient), request, "episode", episode)
        return self.created(services.create_visit(user=request.user, patient=patient, **given))

    @extend_schema(
        summary="Change a visit", request=shapes.VisitChange, responses={200: shapes.VisitSerializer}
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        """Send only what changes: time, impression, or the clinician's House-Brackmann grade."""
        visit = self.get_object()
        self.may_write(visit.patient)
        unless_archived(visit)
        given = self.given(shapes.VisitChange, partial=True)
        self.may_judge(visit.patient, given, "grade", "impression")
        self.may_change(visit)
        return self.changed(services.update_visit(visit=visit, **self.change_of(visit), **given))

    @extend_schema(
        summary="Archive a visit",
        description="Takes it out of lists and charts; its record and photos stay.",
        request=None,
        responses={200: shapes.VisitSerializer},
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self.get_object()
        self.may_change(visit)
        return self.changed(services.archive_visit(visit=visit, **self.change_of(visit)))

    @extend_schema(
        summary="Bring an archived visit back",
        description="Its photos count in lists and charts again.",
        request=None,
        responses={200: shapes.VisitSerializer},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        visit = self.get_object()
        self.may_change(visit)
        return self.changed(services.restore_visit(visit=visit, **self.change_of(visit)))


@extend_schema_view(
    list=extend_schema(
        summary="Photos",
        description="Each with its newest analysis and the clinician's newest word; not the pictures themselves.",
    ),
    retrieve=extend_schema(
        summary="A photo and its result",
        description="The photo's data, its newest analysis and the clinician's newest word, side by side.",
    ),
)
class PhotoViewSet(Records):
    serializer_class = photo_shapes.PhotoSerializer
    inputs: ClassVar[dict[str, Any]] = {
        "create": photo_shapes.PhotoUpload, "partial_update": photo_shapes.PhotoChange,
    }  # fmt: skip
    filterset_class = filters.PhotoFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.PHOTOS_WRITE

    def visible(self) -> QuerySet[Photo]:
        return selectors.visible_photos(user=self.request.user)

    def patient_of(self, record: Photo) -> Patient:
        return record.visit.patient

    def context_for(self, records: Sequence[Photo]) -> dict[str, Any]:
        cards = selectors.cards(photos=records)
        analyses = {card.photo.pk: card.analysis for card in cards if card.analysis}
        return {
            "analyses": analyses,
            "confirmations": {card.photo.pk: card.confirmation for card in cards if card.confirmation},
            "confirmed": confirmed_among([analysis.pk for analysis in analyses.values()]),
        }

    def largest_body(self) -> int:
        # Room for a photo that is too large, so that the answer can say so.
        return largest_body(self.request._request) if self._uploads() else super().largest_body()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # The caller is known by now, and nothing of the body was read.
        if self._uploads() and not receiving.take_room(request._request):
            raise Problem("busy", headers={"Retry-After": str(RETRY_AFTER["busy"])})

    def get_parsers(self) -> list[Any]:
        # The only body with a file in it.
        return [MultiPartParser()] if self._uploads() else super().get_parsers()

    def get_throttles(self) -> list[Any]:
        self.throttle_scope = "upload" if self._uploads() else None
        return super().get_throttles()

    def _uploads(self) -> bool:
        return bool(self.request and self.request.method == "POST" and not self.kwargs.get("pk"))

    @extend_schema(
        summary="Upload a photo",
        description=(
            "Stores the photo and queues its analysis. The answer comes before the analysis is done: follow the "
            "address in `Location`, not sooner than `Retry-After` seconds, until its status is final. The same "
            "file a second time is refused with 409 `same_in_visit` or `same_in_patient` and changes nothing; the "
            "problem's `photo` names the one that is there, so an upload whose answer was lost can be repeated."
        ),
        parameters=FOLLOW_HEADERS,
        request={"multipart/form-data": photo_shapes.PhotoUpload},
        responses={202: photo_shapes.PhotoSerializer},
    )
    def create(self, request: ApiUserRequest) -> Response:
        given = self.given(photo_shapes.PhotoUpload)
        visits = Visit.objects.select_related("patient__clinic")
        visit = named(visits, request, "visit", given.pop("visit"))
        self.may_write(visit.patient)
        unless_archived(visit)
        image = given.pop("image")
        try:
            if "exercise" not in given:
                place = filing.place_of(visit=visit, name=image.name or "")
                given |= {"exercise": place.exercise, "side": given.get("side") or place.side}
                given["named"] = place.named
            photo = services.store_photo(user=request.user, visit=visit, upload=image, **given)
        except IntakeError as error:
            raise self._refused(error, visit, image) from error
        return self._to_follow(photo)

    @extend_schema(
        summary="Say what a photo shows, or when it was taken",
        description=(
            "What was on record before stays in the photo's history; its analysis stays as it is. Naming the exercise "
            "under which it lies already says that it lies there rightly."
        ),
        request=photo_shapes.PhotoChange,
        responses={200: photo_shapes.PhotoSerializer},
    )
    def partial_update(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        photo = self._writable()
        self.may_change(photo)
        given, change = self.given(photo_shapes.PhotoChange, partial=True), self.change_of(photo)
        with transaction.atomic():
            if "taken_at" in given:
                taken_at = given.pop("taken_at")
                services_filing.change_taken_at(photo=photo, taken_at=taken_at, **change)
                change["based_on"] = None
            if given:
                shown = {"exercise": photo.exercise, "side": photo.side, **given}
                services_filing.change_exercise(photo=photo, **change, **shown)
        return self.changed(photo)

    @extend_schema(
        summary="Try a failed analysis again",
        description=(
            "Only where `analysis.reason.retry` is true; otherwise 409 `retry_not_possible`. Follow the analysis "
            "as after an upload."
        ),
        parameters=FOLLOW_HEADERS,
        request=None,
        responses={202: photo_shapes.PhotoSerializer},
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        photo = self._writable()
        analysis = selectors.card_of(photo=photo).analysis
        if analysis is not None:
            analysis.photo = photo
        if analysis is None or not inference_policies.can_retry(request.user, analysis):
            raise Problem("retry_not_possible")
        inference_services.retry(analysis=analysis)
        return self._to_follow(photo)

    @extend_schema(
        summary="Archive a photo",
        description="Takes it out of its visit; file, results and confirmations stay.",
        request=None,
        responses={200: photo_shapes.PhotoSerializer},
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        photo = self.get_object()
        self.may_change(photo)
        unless_archived(photo.visit)
        return self.changed(services.archive_photo(photo=photo, **self.change_of(photo)))

    @extend_schema(
        summary="Bring an archived photo back",
        description="Refused with 409 `same_in_visit` where the same file was uploaded again meanwhile.",
        request=None,
        responses={200: photo_shapes.PhotoSerializer},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        photo = self.get_object()
        self.may_change(photo)
        unless_archived(photo.visit)
        try:
            return self.changed(services.restore_photo(photo=photo, **self.change_of(photo)))
        except IntakeError as error:
            raise self._duplicate(error, photo.visit, photo.original_sha256) from error

    @extend_schema(
        summary="The photo itself",
        description="A JPEG, upright and without metadata. Each time it is sent, the read is recorded.",
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY},
    )
    @action(**PICTURE)
    def image(self, request: ApiUserRequest, pk: uuid.UUID) -> HttpResponseBase:
        return files.image(cast("ClinicRequest", request._request), pk)

    @extend_schema(
        summary="The photo's thumbnail",
        description=(
            "A small JPEG. Carries an ETag; answers 304 to `If-None-Match` as long as you may still see it."
        ),
        responses={(200, "image/jpeg"): OpenApiTypes.BINARY, 304: None},
    )
    @action(**PICTURE)
    def thumbnail(self, request: ApiUserRequest, pk: uuid.UUID) -> HttpResponseBase:
        return files.thumbnail(cast("ClinicRequest", request._request), pk)

    def _writable(self) -> Photo:
        photo: Photo = self.get_object()
        self.may_write(self.patient_of(photo))
        unless_archived(photo.visit)
        unless_archived(photo)
        return photo

    def _refused(self, error: IntakeError, visit: Visit, image: Any) -> Problem:
        if error.code not in DUPLICATES:
            wait = RETRY_AFTER.get(error.code)
            return Problem(error.code, error.sentence, headers={"Retry-After": str(wait)} if wait else None)
        image.seek(0)
        return self._duplicate(error, visit, hashlib.file_digest(image, "sha256").hexdigest())

    def _duplicate(self, error: IntakeError, visit: Visit, original_sha256: str) -> Problem:
        """The problem with the photo that is there already."""
        twin = twin_of(user=self.request.user, visit=visit, original_sha256=original_sha256)
        if twin is None:
            return Problem(error.code, error.sentence)
        url = reverse("api:photo-detail", args=[twin], request=self.request)
        return Problem(error.code, error.sentence, photo={"id": str(twin), "url": url})

    def answer_new(self, record: Photo) -> Response:
        return self._to_follow(record)

    def _to_follow(self, photo: Photo) -> Response:
        """202 with the photo; its analysis is to be followed where `Location` says."""
        photo = self.get_queryset().get(pk=photo.pk)
        data = self.shown(photo)
        headers = {"Retry-After": str(FOLLOW_AFTER), **etags.headers(photo)}
        if data["analysis"]:
            headers["Location"] = data["analysis"]["url"]
        return Response(data, status=status.HTTP_202_ACCEPTED, headers=headers)


@extend_schema_view(
    list=extend_schema(
        summary="What clinicians confirmed or corrected",
        description="Every word that was ever given, newest first; of each photo the newest counts.",
    ),
    retrieve=extend_schema(
        summary="A confirmation",
        description="What one clinician found in one photo, beside the model's finding.",
    ),
)
class ConfirmationViewSet(Records):
    serializer_class = photo_shapes.ConfirmationSerializer
    inputs: ClassVar[dict[str, Any]] = {"create": photo_shapes.ConfirmationInput}
    filterset_class = filters.ConfirmationFilter
    reads: ClassVar[str] = Scope.RESULTS_READ
    writes: ClassVar[str] = Scope.RESULTS_CONFIRM
    http_method_names: ClassVar[list[str]] = ["get", "post", "head", "options"]

    def visible(self) -> QuerySet[Confirmation]:
        return Confirmation.objects.visible_to(self.request.user).select_related(
            "by", "photo__visit__patient"
        )

    def patient_of(self, record: Confirmation) -> Patient:
        return record.photo.visit.patient

    @extend_schema(
        summary="Confirm or correct a model's finding",
        description=(
            "A clinician's act: the roles reviewer and integration may not. Both words stay on record, side by "
            "side; a second thought is a second confirmation."
        ),
        request=photo_shapes.ConfirmationInput,
        responses={201: photo_shapes.ConfirmationSerializer},
    )
    def create(self, request: ApiUserRequest) -> Response:
        given = self.given(photo_shapes.ConfirmationInput)
        analyses = Analysis.objects.select_related("photo__visit__patient__clinic").defer("landmarks")
        analysis = named(analyses, request, "analysis", given.pop("analysis"))
        self.may_write(analysis.photo.visit.patient)
        if not policies.can_confirm(request.user, analysis.photo.visit.patient.clinic_id):
            raise Problem(
                "not_permitted", _("Only a clinician confirms or corrects a finding: no other system can.")
            )
        unless_archived(analysis.photo.visit)
        unless_archived(analysis.photo)
        if analysis.status != Status.SUCCEEDED:
            raise Problem("no_result")
        return self.created(services.confirm(user=request.user, analysis=analysis, **given))

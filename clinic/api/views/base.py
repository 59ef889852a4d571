"""What the resources share: strict requests, records that the user may see, and the note that they saw them."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import MultipleChoiceFilter
from rest_framework import status, views, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from clinic.accounts import memberships, policies, stepup
from clinic.accounts.scopes import Scope
from clinic.accounts.selectors import integration_ids
from clinic.audit.models import Access
from clinic.audit.services import record_reads
from clinic.common.bodies import declared_length
from clinic.common.compression import compress
from clinic.common.http import require, visible_or_404
from clinic.patients.policies import can_change

from .. import etags, repeats
from ..authentication import TokenAuthentication
from ..catalogue import Problem
from ..metadata import Fields
from ..pagination import NewestFirst
from ..permissions import require_scope
from ..selectors import people_of

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

    from clinic.patients.models import Patient
    from clinic.recovery.selectors import VisitsPage

    from ..requests import ApiUserRequest

UNKNOWN_SHOWN: Final = 20


class Strict(views.APIView):
    """Refuses what it would otherwise have to ignore, and lets nobody keep a copy of its answers."""

    metadata_class = Fields
    inputs: ClassVar[dict[str, type[BaseSerializer[Any]]]] = {}
    """What the body of each action may hold, for OPTIONS."""

    def scope(self) -> str:
        """What a token must be made for to ask this; a view that does not say so is open to no token."""
        raise NotImplementedError

    def known_parameters(self) -> frozenset[str]:
        """The names that the query may hold."""
        return frozenset()

    def repeatable_parameters(self) -> frozenset[str]:
        """Those that may be given more than once."""
        return frozenset()

    def largest_body(self) -> int:
        """The most bytes that a body may have."""
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body: checking the session's CSRF token would read all of it.
        if declared_length(request._request) > self.largest_body():
            raise Problem("too_large")
        super().initial(request, *args, **kwargs)
        # Moments are written in UTC, whoever asks from wherever.
        timezone.deactivate()
        if wrong := self._wrong_parameters(request):
            raise ValidationError(wrong)

    def _wrong_parameters(self, request: Request) -> dict[str, list[ErrorDetail]]:
        """What is wrong with the query by itself. A filter that was ignored would answer with everything."""
        known, repeatable = self.known_parameters(), self.repeatable_parameters()
        wrong = {}
        for name, values in sorted(request.query_params.lists()):
            if name not in known:
                wrong[name] = [ErrorDetail(_("There is no such parameter here."), "unknown")]
            elif len(values) > 1 and name not in repeatable:
                wrong[name] = [ErrorDetail(_("Give this parameter once."), "repeated")]
            elif not all(value.strip() for value in values):
                wrong[name] = [ErrorDetail(_("Give this parameter a value, or leave it out."), "blank")]
        return wrong

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        # No page can send another's token, so lengths tell nobody anything. As far as it was asked: a request that was
        # refused unseen needs no caller.
        if isinstance(answer, Response) and isinstance(
            getattr(request, "_authenticator", None), TokenAuthentication
        ):
            answer.add_post_render_callback(functools.partial(compress, request))
        return answer


def given(
    serializer: type[BaseSerializer[Any]], data: Any, *, partial: bool = False, context: Any = None
) -> dict[str, Any]:
    """The body, checked for its shape; a field that nobody asked for is an error like a missing one."""
    body = serializer(data=data, partial=partial, context=context or {})
    body.is_valid()
    errors: dict[str, Any] = dict(body.errors)
    if isinstance(data, Mapping):
        known = cast(Any, body).fields
        # As many as a person reads: a body has room for a hundred thousand.
        for name in sorted(set(map(str, data)) - set(known))[:UNKNOWN_SHOWN]:
            errors[name] = [ErrorDetail(_("There is no such field here."), "unknown")]
    if errors:
        raise ValidationError(errors)
    return dict(body.validated_data)


class Systems:
    """Which users of the caller's clinics are other systems and no people; asked of the database when needed."""

    def __init__(self, user: Any) -> None:
        self._user = user

    @functools.cached_property
    def _ids(self) -> frozenset[int]:
        return integration_ids(clinic_ids=memberships.clinics_of(self._user))

    def __contains__(self, user_id: object) -> bool:
        return user_id in self._ids


class Records(Strict, viewsets.GenericViewSet[Any]):
    """List and retrieve what the user may see."""

    request: ApiUserRequest
    lookup_value_converter = "uuid"
    http_method_names: ClassVar[list[str]] = ["get", "post", "patch", "head", "options"]
    filterset_class: ClassVar[Any] = None
    reads: ClassVar[str] = Scope.PATIENTS_READ
    writes: ClassVar[str] = Scope.PATIENTS_WRITE
    whole_in_its_version = False
    """Whether all that an answer shows of a record is of its own version, so that it may be "not modified"."""
    scopes: ClassVar[dict[str, str]] = {}
    """Of actions that need another scope than reads and writes do."""
    paging = frozenset({NewestFirst.cursor_param, NewestFirst.size_param})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        making = {"create": self.created_before, **self.also_making()}
        if again := making.get(self.action or ""):
            # Every POST that makes a record can be repeated under a key; no view has to think of it.
            create = self.post  # type: ignore[has-type]  # DRF sets it for each action
            operation = "/".join([str(self.basename), *map(str, kwargs.values())])
            self.post = lambda request, **kwargs: repeats.once(
                request, operation, lambda: create(request, **kwargs), again
            )

    def also_making(self) -> dict[str, Callable[[Any], Response]]:
        """Actions beside `create` that make a record, and what answers a repeated one for the record made then."""
        return {}

    def scope(self) -> str:
        usual = self.reads if self.request.method in SAFE_METHODS else self.writes
        return self.scopes.get(self.action or "", usual)

    def known_parameters(self) -> frozenset[str]:
        if self.action != "list":
            return frozenset()
        return self.paging | frozenset(self.filterset_class.base_filters if self.filterset_class else ())

    def repeatable_parameters(self) -> frozenset[str]:
        found = self.filterset_class.base_filters if self.filterset_class else {}
        return frozenset(name for name, filter_ in found.items() if isinstance(filter_, MultipleChoiceFilter))

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
        return visible_or_404(self.get_queryset(), self.request.user, self.kwargs["pk"])

    def list(self, request: ApiUserRequest) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        note_reads(request, [self.patient_of(record) for record in page])
        return self.get_paginated_response(self.shown(page, many=True))

    def retrieve(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        record = self.get_object()
        note_reads(request, [self.patient_of(record)])
        if self.whole_in_its_version and etags.is_known(request, record):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=etags.headers(record))
        return Response(self.shown(record), headers=etags.headers(record))

    def shown(self, what: Any, *, many: bool = False) -> Any:
        """The representation of a record, or of a page of them."""
        context = {
            **self.get_serializer_context(),
            "systems": Systems(self.request.user),
            **self.context_for(what if many else [what]),
        }
        return self.serializer_class(what, many=many, context=context).data

    def people_in(self, pages: Iterable[VisitsPage]) -> dict[str, Any]:
        """What the representation of visits needs to name their people."""
        visits = [visit.visit_id for page in pages for visit in page.visits]
        return {"people": people_of(visits=visits), "systems": Systems(self.request.user)}

    def given(self, serializer: type[BaseSerializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The request's body, checked for its shape."""
        return given(serializer, self.request.data, partial=partial, context=self.get_serializer_context())

    def created(self, record: Any, code: int = status.HTTP_201_CREATED) -> Response:
        """The new record as an answer, with its address."""
        record = self.get_queryset().get(pk=record.pk)
        data = self.shown(record)
        return Response(data, status=code, headers={"Location": data["url"], **etags.headers(record)})

    def created_before(self, pk: uuid.UUID) -> Response:
        """The answer to a repeated request: the record that the first one made, if the user may still see it."""
        record = visible_or_404(self.get_queryset(), self.request.user, pk)
        return self.replayed(self.patient_of(record), self.answer_new(record))

    def replayed(self, patient: Patient, response: Response) -> Response:
        """The answer about a record of that patient which an earlier request of the same key made."""
        note_reads(self.request, [patient])
        response["Idempotency-Replayed"] = "true"
        return response

    def answer_new(self, record: Any) -> Response:
        """What the POST that made the record answers."""
        return self.created(record)

    def changed(self, record: Any) -> Response:
        """The record as it now is; an empty change is a read too."""
        record = self.get_queryset().get(pk=record.pk)
        note_reads(self.request, [self.patient_of(record)])
        return Response(self.shown(record), headers=etags.headers(record))

    def change_of(self, record: Any) -> dict[str, Any]:
        """Who changes the record, and which version they mean, as `If-Match` says; a problem if that is no more."""
        return {"user": self.request.user, "based_on": etags.basis(self.request, record)}

    def may_take_along(self) -> None:
        """403 for a session whose owner proved nothing lately: a file of figures is asked for here as on the pages."""
        by_session = isinstance(self.request.successful_authenticator, SessionAuthentication)
        if by_session and not stepup.is_fresh(self.request._request):
            raise Problem("step_up_required")

    def may_write(self, patient: Patient) -> None:
        """403 unless the user's role in the patient's clinic writes records, and the record is not restricted."""
        if patient.restricted_at is not None:
            raise Problem("record_restricted")
        require(policies.can_write_records(self.request.user, patient.clinic_id))

    def may_change(self, record: Any) -> None:
        """403 unless the user may write here and, if it is another system, alone wrote this record."""
        patient = self.patient_of(record)
        self.may_write(patient)
        if not can_change(self.request.user, record):
            raise Problem(
                "not_permitted",
                _("A person wrote this or changed it since: another system can't change it or take it back."),
            )

    def may_judge(self, patient: Patient, given: Mapping[str, Any], *fields: str) -> None:
        """403 where one of these fields is given by anybody but a clinician, or by a token that is not made for it."""
        said = [field for field in fields if field in given]
        if not said:
            return
        if not policies.can_confirm(self.request.user, patient.clinic_id):
            detail = _(
                "A grade and an impression are a clinician's own words: no other system can give them."
            )
            errors = [{"field": field, "code": "not_permitted", "detail": detail} for field in said]
            raise Problem("not_permitted", detail, errors=errors)
        require_scope(self.request, Scope.RESULTS_CONFIRM)


def named(source: type[Model] | QuerySet[Any], request: Request, field: str, pk: uuid.UUID) -> Any:
    """The record that the body names in that field, if the user may see it; otherwise the problem says which field."""
    try:
        return visible_or_404(source, request.user, pk)
    except Http404 as error:
        raise nothing_named(field, _("There is no such record that you may see.")) from error


def nothing_named(field: str, detail: str) -> Problem:
    """404 for what a field of the body names."""
    return Problem("not_found", errors=[{"field": field, "code": "not_found", "detail": detail}])


def note_reads(request: Request, patients: Iterable[Patient], access: str = Access.RECORD) -> None:
    """Record that this answer shows something of these patients."""
    record_reads(request=request, patients=patients, access=access)


def unless_archived(record: Any) -> None:
    """409 for a record that is history: it can be read, not added to."""
    if record.archived_at is not None:
        raise Problem("archived")

"""The change feed: what a program that keeps a copy asks instead of looking through every list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from clinic.accounts.policies import can_read_records, clinics_of
from clinic.accounts.scopes import Scope, of_token
from clinic.feed import selectors
from clinic.feed import services as feed
from clinic.feed.models import Feed, RecordKind
from clinic.patients.models import Patient

from ..catalogue import Problem
from ..pagination import MAX_PAGE_SIZE, NewestFirst, page_size
from ..serializers.changes import ChangesSerializer
from .base import Strict

if TYPE_CHECKING:
    from rest_framework.request import Request

CURSOR, SIZE, KIND, START = NewestFirst.cursor_param, NewestFirst.size_param, "kind", "start"
RESULTS = frozenset(
    {
        RecordKind.PHOTO,
        RecordKind.ANALYSIS,
        RecordKind.CONFIRMATION,
        RecordKind.TASK,
        RecordKind.ASSESSMENT,
    }
)


class ChangesView(Strict):
    def scope(self) -> str:
        return Scope.PATIENTS_READ

    def known_parameters(self) -> frozenset[str]:
        return frozenset({CURSOR, SIZE, KIND, START})

    def repeatable_parameters(self) -> frozenset[str]:
        return frozenset({KIND})

    @extend_schema(
        operation_id="changes_list",
        summary="What changed since the last look",
        description=(
            "The changes of the records of your clinics, oldest first, in the order in which they became visible: "
            "whatever comes later stands behind a cursor that you were given, also with many writers at once. Begin "
            "without a cursor, which tells everything that is on record; or with `start=now` before you read the "
            "lists. Keep `cursor` once you have dealt with the page, and ask again with it: at once where `more` is "
            "true, otherwise when you like. If you lose your place and ask with an older cursor, you are told the "
            "same again, so do what is told in a way that can be repeated. Identifiers alone are told; photos, "
            "analyses and confirmations only to whoever may read results. 410 `cursor_expired` where the place is no "
            "longer known, or you may read other clinics than before: begin anew."
        ),
        parameters=[
            OpenApiParameter(CURSOR, str, description="From the answer before."),
            OpenApiParameter(SIZE, {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}),
            OpenApiParameter(
                KIND,
                {"type": "array", "items": {"type": "string", "enum": RecordKind.values}},
                description="These kinds alone. May be given more than once.",
            ),
            OpenApiParameter(
                START,
                {"type": "string", "enum": ["now"]},
                description="Begin behind all that is on record already.",
            ),
        ],
        responses=ChangesSerializer,
    )
    def get(self, request: Request) -> Response:
        size = page_size(request)
        reader = self._reader(request)
        kinds = self._kinds(request)
        placed = feed.place()
        after = self._after(request, placed, reader)
        closed = Patient.objects.filter(clinic_id__in=reader.clinics, restricted_at__isnull=False)
        found = list(
            selectors.changes(
                reader=reader, after=after, until=placed.last, kinds=kinds, restricted=closed.values("pk")
            )[: size + 1]
        )
        more = len(found) > size
        place = found[size - 1].position if more else placed.last
        cursor = selectors.written(feed=placed, reader=reader, position=place or 0)
        address = remove_query_param(request.build_absolute_uri(), START)
        page = {
            "cursor": cursor,
            "next": replace_query_param(address, CURSOR, cursor),
            "more": more,
            "results": found[:size],
        }
        return Response(ChangesSerializer(page, context={"request": request}).data)

    def _reader(self, request: Request) -> selectors.Reader:
        user = request.user
        clinics = frozenset(pk for pk in clinics_of(user) if can_read_records(user, pk))
        by_session = isinstance(request.successful_authenticator, SessionAuthentication)
        may = by_session or Scope.RESULTS_READ in of_token(request.auth)
        return selectors.Reader(clinics, frozenset(RecordKind.values) - (frozenset() if may else RESULTS))

    def _kinds(self, request: Request) -> frozenset[str]:
        allowed = self._reader(request).kinds
        wanted = request.query_params.getlist(KIND)
        if unknown := set(wanted) - set(RecordKind.values):
            raise _invalid(KIND, _("There is no kind “%(kind)s”.") % {"kind": min(unknown)})
        if set(wanted) - allowed:
            raise Problem("out_of_scope", scope=str(Scope.RESULTS_READ))
        return frozenset(wanted) or allowed

    def _after(self, request: Request, placed: Feed, reader: selectors.Reader) -> int:
        cursor, start = request.query_params.get(CURSOR), request.query_params.get(START)
        if start not in (None, "now") or (start and cursor):
            raise _invalid(START, _("Give `now`, and no cursor beside it."))
        if cursor is None:
            return placed.last if start else 0
        try:
            return selectors.read(cursor=cursor, feed=placed, reader=reader)
        except selectors.CursorUnknown as error:
            raise _invalid(CURSOR, _("This cursor is not one of ours. Start again without it.")) from error
        except selectors.CursorExpired as error:
            raise Problem("cursor_expired") from error


def _invalid(name: str, message: str) -> ValidationError:
    return ValidationError({name: [ErrorDetail(message, "invalid")]})

"""Pages by cursor, newest first: nothing is skipped or shown twice while records are being added."""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.urls import replace_query_param

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

MAX_PAGE_SIZE = 200


class NewestFirst(BasePagination):
    """Keyset pages by (-created_at, -id), both of which never change."""

    # DRF's own cursor orders by one column and counts rows that tie, which fails for rows made in bulk.
    size_param = "page_size"
    cursor_param = "cursor"

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """The page that the cursor asks for, and whether another follows."""
        self.request = request
        size = page_size(request)
        if cursor := request.query_params.get(self.cursor_param):
            created_at, pk = _decode(cursor)
            queryset = queryset.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
        found = list(queryset.order_by("-created_at", "-pk")[: size + 1])
        self.page, self.more = found[:size], len(found) > size
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        """The page in an envelope; the next page's address in a Link header as well."""
        after = self._next()
        headers = {"Link": f'<{after}>; rel="next"'} if after else None
        return Response({"next": after, "results": data}, headers=headers)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The envelope, for the OpenAPI document."""
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "Address of the next page; null on the last.",
                },
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """The two query parameters, for the OpenAPI document."""
        return [
            {
                "name": self.cursor_param,
                "in": "query",
                "required": False,
                "description": "From the `next` address of the page before.",
                "schema": {"type": "string"},
            },
            {
                "name": self.size_param,
                "in": "query",
                "required": False,
                "description": f"Records on a page, {api_settings.PAGE_SIZE} if not given.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE},
            },
        ]

    def _next(self) -> str | None:
        if not self.more:
            return None
        url = self.request.build_absolute_uri()
        return replace_query_param(url, self.cursor_param, _encode(self.page[-1]))


def page_size(request: Request) -> int:
    """How many records the query asks for."""
    wanted = request.query_params.get(NewestFirst.size_param)
    if wanted is None:
        return int(api_settings.PAGE_SIZE or MAX_PAGE_SIZE)
    # Of many digits the first ones say nothing of the size.
    digits = wanted.isascii() and wanted.isdigit() and len(wanted) < 10
    if not digits or not 1 <= int(wanted) <= MAX_PAGE_SIZE:
        message = _("Give a number from 1 to %(most)s.") % {"most": MAX_PAGE_SIZE}
        raise ValidationError({NewestFirst.size_param: message})
    return int(wanted)


def _encode(record: Any) -> str:
    position = json.dumps([record.created_at.isoformat(), str(record.pk)])
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[dt.datetime, uuid.UUID]:
    try:
        created_at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = dt.datetime.fromisoformat(created_at)
        if moment.tzinfo is None:
            raise ValueError("naive")
        # Compared in UTC, which the first and last days of the calendar can leave.
        return moment.astimezone(dt.UTC), uuid.UUID(pk)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        message = _("This cursor is not one of ours. Start again without it.")
        raise ValidationError({NewestFirst.cursor_param: message}) from error

"""Every error of the API as problem details (RFC 9457) with a stable code."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as RecordError
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.functional import Promise
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from clinic.common.http import RecordRestricted
from clinic.common.versions import Conflict
from clinic.store.keyring import FileAltered, KeyMissing
from clinic.store.stores import StoreAway

from .catalogue import CATALOGUE, Problem, ProblemKind
from .etags import changed

if TYPE_CHECKING:
    from rest_framework.request import Request

logger = logging.getLogger("clinic.api")
MEDIA_TYPE = "application/problem+json"


# Codes by which services refuse what the record already says otherwise.
_CONFLICTS = frozenset({"taken", "in_force", "revoked", "closed", "open", "unique", "unique_together"}) | {
    "finished", "incomplete", "version",
}  # fmt: skip

# Exceptions of the framework, by what they mean here; the first that fits counts.
_KNOWN: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ParseError, "malformed"),
    (exceptions.AuthenticationFailed, "not_authenticated"),
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.PermissionDenied, "not_permitted"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media"),
    (exceptions.Throttled, "throttled"),
    (RecordRestricted, "record_restricted"),
    (PermissionDenied, "not_permitted"),
    (Http404, "not_found"),
    (KeyMissing, "key_missing"),
    (FileAltered, "file_altered"),
    (StoreAway, "store_away"),
    (RequestDataTooBig, "too_large"),
    (SuspiciousOperation, "malformed"),
    # Two requests at once: the database saw what the validation could not.
    (IntegrityError, "conflict"),
)


class ProblemResponse(Response):
    """JSON, whatever other representation was asked for."""

    @property
    def rendered_content(self) -> Any:
        self["Content-Type"] = MEDIA_TYPE
        return JSONRenderer().render(self.data)


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: each exception becomes a problem, those nobody foresaw too."""
    set_rollback()
    request = context["request"]
    if isinstance(exc, Problem):
        return _answer(request, exc.kind, detail=force_str(exc.detail), headers=exc.headers, extra=exc.extra)
    if isinstance(exc, Conflict):
        return handle(changed(exc.record), context)
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(request, _flatten(exc.detail))
    if isinstance(exc, RecordError):
        return _refused(request, record_errors(exc))
    code = next((code for kind, code in _KNOWN if isinstance(exc, kind)), "server_error")
    if code == "server_error":
        return _broken(request, exc)
    return _answer(request, CATALOGUE[_narrow(exc, code)], detail=_safe_detail(exc), headers=_headers(exc))


def answer(request: Request, code: str) -> Response:
    """That problem, where no exception is at hand."""
    return _answer(request, CATALOGUE[code])


def record_errors(exc: RecordError) -> list[dict[str, str]]:
    """The errors of a record's own validation, as a service raises them."""
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.error_list}
    return [
        {
            "field": "" if field == NON_FIELD_ERRORS else field,
            "code": error.code or "invalid",
            "detail": " ".join(force_str(message) for message in error.messages),
        }
        for field, errors in by_field.items()
        for error in errors
    ]


def _flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    """DRF's nested errors as a flat list; a field within a field is written with a dot."""
    if isinstance(detail, dict):
        return [
            found
            for key, value in detail.items()
            for found in _flatten(
                value, path if key == api_settings.NON_FIELD_ERRORS_KEY else _join(path, key)
            )
        ]
    if isinstance(detail, list):
        return [
            found
            for index, value in enumerate(detail)
            for found in _flatten(value, _join(path, index) if isinstance(value, dict) else path)
        ]
    return [{"field": path, "code": getattr(detail, "code", "invalid"), "detail": force_str(detail)}]


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _invalid(request: Request, errors: list[dict[str, str]]) -> Response:
    return _answer(request, CATALOGUE["validation_failed"], extra={"errors": errors})


def _refused(request: Request, errors: list[dict[str, str]]) -> Response:
    """A service said no: because of the record's state, or because of the values themselves."""
    codes = {error["code"] for error in errors}
    if codes == {"archived"}:
        return _answer(request, CATALOGUE["archived"])
    if codes == {"restricted"}:
        return _answer(request, CATALOGUE["record_restricted"])
    if codes <= _CONFLICTS:
        return _answer(request, CATALOGUE["conflict"], detail=errors[0]["detail"], extra={"errors": errors})
    return _invalid(request, errors)


def _narrow(exc: Exception, code: str) -> str:
    # SessionAuthentication has one sentence for a missing token and no code of its own.
    if isinstance(exc, exceptions.PermissionDenied) and force_str(exc.detail).startswith("CSRF Failed"):
        return "csrf_failed"
    return code


def _safe_detail(exc: Exception) -> str:
    """DRF's own sentences say no more than the request did; others might quote a record or a query."""
    if isinstance(exc, exceptions.NotFound):
        return ""
    return force_str(exc.detail) if isinstance(exc, exceptions.APIException) else ""


def _headers(exc: Exception) -> dict[str, str]:
    headers = {}
    if auth := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if isinstance(exc, exceptions.Throttled):
        headers["Retry-After"] = str(int(getattr(exc, "wait", None) or 59) + 1)
    return headers


def _broken(request: Request, exc: Exception) -> Response:
    # As Django does for an exception that leaves a view, so that error reporting sees it.
    plain = getattr(request, "_request", request)
    got_request_exception.send(sender=None, request=plain)
    logger.error("API error", exc_info=exc, extra={"request": plain})
    return _answer(request, CATALOGUE["server_error"])


def _answer(
    request: Request,
    kind: ProblemKind,
    *,
    detail: str | Promise = "",
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    body = {
        "type": reverse("api:problem", args=[kind.code], request=request),
        "title": str(kind.title),
        "status": kind.status,
        "code": kind.code,
        "detail": str(detail or kind.title),
        # The path alone: a query may hold what does not belong in a log.
        "instance": request.path,
        **(extra or {}),
    }
    return ProblemResponse(body, status=kind.status, headers=headers)

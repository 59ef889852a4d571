"""Every error of the API as problem details (RFC 9457) with a stable code."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as RecordError
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from clinic.common.versions import Conflict
from clinic.patients.visibility import RecordRestricted
from clinic.store.keyring import FileAltered, KeyMissing
from clinic.store.stores import StoreAway

if TYPE_CHECKING:
    from rest_framework.request import Request

logger = logging.getLogger("clinic.api")
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem: its code never changes its meaning, its title is for people."""

    code: str
    status: int
    title: str | Promise


def _catalogue(*kinds: Kind) -> dict[str, Kind]:
    return {kind.code: kind for kind in kinds}


# What intake says of a photo: the codes of clinic.visits.refusals.
INTAKE = _catalogue(
    Kind("same_in_visit", 409, _("This photo is already in this visit.")),
    Kind("same_in_patient", 409, _("This photo is already in another visit of this patient.")),
    Kind("same_elsewhere", 409, _("The same photo is in another patient's record.")),
    Kind("not_a_photo", 415, _("The file is not a photo.")),
    Kind("unsupported_type", 415, _("The file is of a type that is not taken in.")),
    Kind("empty", 422, _("The file is empty.")),
    Kind("too_many_pixels", 422, _("The picture has too many pixels.")),
    Kind("too_small", 422, _("The picture has too few pixels.")),
    Kind("too_narrow", 422, _("The picture is a strip, much longer in one direction than in the other.")),
    Kind("too_costly", 422, _("The photo takes more work to read than it may.")),
    Kind("busy", 503, _("Too many photos are coming in at once.")),
    Kind("animated", 422, _("The file holds several pictures.")),
    Kind("damaged", 422, _("The file is damaged or was cut short.")),
    Kind("unknown_exercise", 422, _("The protocol has no such exercise.")),
    Kind("restricted", 403, _("The record is restricted.")),
    Kind("no_consent", 403, _("There is no consent to the clinical record.")),
    Kind("key_missing", 503, _("The key of this clinic is not there.")),
    Kind("no_file", 422, _("No file was sent.")),
    Kind("disk_full", 507, _("The server's disk is full.")),
    Kind("store_away", 503, _("The server's store of photos does not answer.")),
    Kind("not_stored", 507, _("The server could not write the photo.")),
)
CATALOGUE = _catalogue(
    Kind("malformed", 400, _("The request can't be read.")),
    Kind("validation_failed", 400, _("Some fields are missing or wrong.")),
    Kind("malformed_key", 400, _("An Idempotency-Key has 1 to 255 printable characters of ASCII.")),
    Kind("not_authenticated", 401, _("Log in or send a valid token.")),
    Kind("wrong_credentials", 401, _("The e-mail address or the password is wrong.")),
    Kind("code_required", 401, _("Send the code of your second factor too.")),
    Kind("wrong_code", 401, _("The code is wrong, or it was used already.")),
    Kind(
        "second_factor_required",
        403,
        _("Set up a second factor on the pages first: your clinic asks for one."),
    ),
    Kind("not_permitted", 403, _("Your role in this clinic does not permit this.")),
    Kind("out_of_scope", 403, _("This token was not made for that.")),
    Kind("csrf_failed", 403, _("The request lacks the CSRF token of its session.")),
    Kind("step_up_required", 403, _("Please confirm that it is you.")),
    Kind("record_restricted", 403, _("The record is restricted: kept, but neither shown, changed nor used.")),
    Kind("not_found", 404, _("There is nothing here that you may see.")),
    Kind("method_not_allowed", 405, _("This resource does not know this method.")),
    Kind("not_acceptable", 406, _("The answer can't be had in the media type asked for.")),
    Kind("conflict", 409, _("This contradicts what is on record.")),
    Kind("in_progress", 409, _("A request of this Idempotency-Key is at work. Come back in a moment.")),
    Kind("archived", 409, _("The record is archived. Restore it before changing it.")),
    Kind("no_result", 409, _("Only a photo with a result can be confirmed or corrected.")),
    Kind("no_token", 409, _("The request carries no token that could be revoked.")),
    Kind("retry_not_possible", 409, _("Trying this analysis again can't help.")),
    Kind("cursor_expired", 410, _("This place in the changes is no longer known. Begin anew.")),
    Kind("precondition_failed", 412, _("The record was changed since the version that If-Match names.")),
    Kind("too_large", 413, _("The request or the photo is too large.")),
    Kind("unsupported_media", 415, _("The request's media type is not supported.")),
    Kind("key_reused", 422, _("This Idempotency-Key was used for another request.")),
    Kind("precondition_required", 428, _("Say in If-Match which version of the record you mean to change.")),
    Kind("throttled", 429, _("Too many requests. Wait and try again.")),
    Kind("file_altered", 503, _("The photo's file is not the one that was stored.")),
    Kind("server_error", 500, _("Something broke on our side.")),
    *INTAKE.values(),
)

# Codes by which services refuse what the record already says otherwise.
_CONFLICTS = frozenset({"taken", "in_force", "revoked", "closed", "open", "unique", "unique_together"})

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


class Problem(exceptions.APIException):
    """Raised by a view to answer with that code of the catalogue."""

    def __init__(
        self, code: str, detail: str | Promise = "", *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        self.kind = CATALOGUE[code]
        self.status_code = self.kind.status
        self.headers = headers or {}
        self.extra = extra
        super().__init__(force_str(detail or self.kind.title), code)


def handle(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: each exception becomes a problem, those nobody foresaw too."""
    set_rollback()
    request = context["request"]
    if isinstance(exc, Problem):
        return _answer(request, exc.kind, detail=force_str(exc.detail), headers=exc.headers, extra=exc.extra)
    if isinstance(exc, Conflict):
        return handle(_changed(exc.record), context)
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(request, _flatten(exc.detail))
    if isinstance(exc, RecordError):
        return _refused(request, record_errors(exc))
    code = next((code for kind, code in _KNOWN if isinstance(exc, kind)), "server_error")
    if code == "server_error":
        return _broken(request, exc)
    return _answer(request, CATALOGUE[_narrow(exc, code)], detail=_safe_detail(exc), headers=_headers(exc))


def _changed(record: Any) -> Problem:
    from .etags import changed  # which raises the problems of this module

    return changed(record)


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
    kind: Kind,
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

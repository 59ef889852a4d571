"""Around all pages: a number for each request, its line in the log, headers on each answer, and limits."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.utils.functional import LazyObject, empty
from django.utils.translation import gettext as _

from . import limits, logs, scrub

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)
HEADER: Final = "X-Request-ID"
PAGE_METHODS: Final = ("GET", "HEAD", "POST")
CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})
# Asked every few seconds by machines: only what goes wrong is worth a line.
QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})


class OutermostMiddleware:
    """Stands before all others, so that what they refuse is numbered, logged and guarded like everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.headers = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": permissions_policy(),
            "Content-Security-Policy": build_policy(),
            # A page about a patient must not lie in the browser's folder after its reader has left.
            "Cache-Control": "private, no-store",
        }
        if settings.SECURE_HSTS_SECONDS:
            self.headers["Strict-Transport-Security"] = "; ".join(
                [f"max-age={settings.SECURE_HSTS_SECONDS}"]
                + ["includeSubDomains"] * settings.SECURE_HSTS_INCLUDE_SUBDOMAINS
                + ["preload"] * settings.SECURE_HSTS_PRELOAD
            )

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        number = request_id(request)
        logs.clear()
        logs.bind(request_id=number)
        response: HttpResponseBase
        if is_unreadable(request):
            response = _refuse(request)
        elif request.method not in PAGE_METHODS and not request.path_info.startswith("/api/"):
            # A page's view would take what it doesn't know for a look at it.
            response = HttpResponseNotAllowed(PAGE_METHODS)
        else:
            response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith("/api/") and "json" in response.headers.get("Content-Type", ""):
            # Whoever is led to an address of the API gets a file, and no page under our name.
            response.headers.setdefault("Content-Disposition", 'attachment; filename="api.json"')
        response.headers[HEADER] = number
        _log(request, response.status_code, started)
        # Not before: Django has a line of its own on what went wrong, written after all middleware.
        cast(Any, response)._resource_closers.append(logs.clear)
        return response


def is_unreadable(request: HttpRequest) -> bool:
    """Whether the headers say of the body what nothing further in could make sense of."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        return True
    # Python knows codecs that are no text's, and some that run for long.
    charset = (request.content_params or {}).get("charset", "utf-8").strip("\"' ").lower()
    return charset not in CHARSETS


def _refuse(request: HttpRequest) -> HttpResponse:
    if not request.path_info.startswith("/api/"):
        return render(request, "400.html", status=400)
    said = _("The request can't be read.")
    problem = {"type": "about:blank", "title": said, "status": 400, "code": "malformed", "detail": said}
    problem["instance"] = request.path
    return JsonResponse(problem, status=400, content_type="application/problem+json")


def request_id(request: HttpRequest) -> str:
    """The number that our proxy gave the request (nginx' 32 digits, or a UUID), or a new one."""
    given = request.headers.get(HEADER, "")
    return given if scrub.UUID.fullmatch(given) else str(uuid.uuid4())


def permissions_policy() -> str:
    """The header's value from the settings, for answers that the middleware of that name never sees."""
    parts = []
    for feature, allowed in sorted(settings.PERMISSIONS_POLICY.items()):
        allowed = [allowed] if isinstance(allowed, str) else allowed
        parts.append(f"{feature}=({' '.join(item if item == 'self' else f'{item!r}' for item in allowed)})")
    return ", ".join(parts)


def who(request: HttpRequest) -> dict[str, str]:
    """The user's and the clinic's opaque identifiers, as far as the request has asked for them itself."""
    found = {}
    user: Any = request.__dict__.get("user")
    if isinstance(user, LazyObject) and user.__dict__.get("_wrapped") is empty:
        user = None
    if user is not None and user.is_authenticated:
        found["user_id"] = str(user.pk)
    clinic = getattr(request, "clinic", None)
    if clinic is not None:
        found["clinic_id"] = str(clinic.pk)
    return found


def _log(request: HttpRequest, status: int, started: float) -> None:
    if status < 400 and request.path_info in QUIET:
        return
    logs.bind(**who(request))
    match = request.resolver_match
    logger.log(
        logging.WARNING if status in (400, 429) or status >= 500 else logging.INFO,
        "Answered",
        extra={
            "method": request.method,
            "status_code": status,
            "ms": round((time.monotonic() - started) * 1000),
            **({"request": request} if match else {"route": None}),
        },
    )


class LimitsMiddleware:
    """Counts the requests to the addresses that `settings.LIMITED_PAGES` names; too many are answered with 429."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        scope, methods = settings.LIMITED_PAGES.get(match.view_name if match else "", ("", ()))
        if request.method not in methods:
            return None
        # At the door everybody is a stranger, whoever he says he is.
        caller = limits.by_address(request) if scope == "login" else limits.by_user(request)
        wait = limits.take(scope=scope, caller=caller)
        return None if wait is None else too_often(request, wait)


def too_often(request: HttpRequest, wait: int) -> HttpResponse:
    """429 with the time, in words for people."""
    sentence = limits.in_words(wait)
    response: HttpResponse
    if request.accepts("text/html"):
        response = render(request, "429.html", {"sentence": sentence}, status=429)
    else:
        response = JsonResponse({"code": "throttled", "detail": sentence, "wait": wait}, status=429)
    response["Retry-After"] = str(wait)
    response["Cache-Control"] = "no-store"
    return response

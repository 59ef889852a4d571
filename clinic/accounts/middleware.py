"""The active clinic of each request, the reader's language, the end of sessions, and who must prove more."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from . import events, factors, selectors, sessions, stepup

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.urls import ResolverMatch

    from .requests import PageRequest

SESSION_KEY = "clinic_id"
# Pages about patients: closed by default, whatever a view forgets.
CLINICAL = frozenset(
    {"examination", "home", "patients", "visits", "recovery", "report", "inference", "audit"}
)


class CurrentClinicMiddleware:
    """Sets `request.clinic`, and lets nobody without a clinic reach a clinical page."""

    def __init__(self, get_response: Callable[[PageRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        request.clinic = None
        request.page_clinics = []
        user = request.user
        if user.is_authenticated:
            clinics = list(selectors.page_clinics(user=user))
            clinic = selectors.choose_clinic(clinics=clinics, chosen=request.session.get(SESSION_KEY))
            request.clinic, request.page_clinics = clinic, clinics
            # The browser's own choice, made a click ago, wins; logging in sets it to the reader's.
            if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                _speak(user.language or (clinic.language if clinic else ""))
            if clinic is not None:
                timezone.activate(zoneinfo.ZoneInfo(clinic.time_zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(self, request: PageRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not (match.view_name == "today" or CLINICAL.intersection(match.namespaces)):
            return None
        if not request.user.is_authenticated:
            return _login_first(request)
        if request.clinic is None:
            context = {
                "integration": selectors.is_integration_account(user=request.user),
                "invitations": selectors.invitations_of(user=request.user),
            }
            return render(request, "accounts/no_clinic.html", context, status=403)
        return None


# What someone without the second factor that is asked of them may still reach; all else is closed.
BEFORE_FACTOR = frozenset(
    {
        "login",
        "logout",
        "session",
        "session_stay",
        "locked",
        "sessions",
        "set_password",
        "language",
        "password",
    }
)
BEFORE_FACTOR_ANYWHERE = frozenset({"robots", "favicon", "set_language"})


class SessionLimitsMiddleware:
    """Ends a session whose time is over, before any view sees its user; notes when somebody was there."""

    def __init__(self, get_response: Callable[[PageRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        ended = sessions.left(request).ended
        if not ended:
            if sessions.is_activity(request):
                sessions.touch(request)
            return self.get_response(request)
        events.note(request, events.Event.SESSION_ENDED, request.user, why=ended)
        sessions.end(request, why=ended)
        request.clinic, request.page_clinics = None, []
        response = self.get_response(request)
        # Whoever presses Back must not see a face.
        response["Clear-Site-Data"] = '"cache"'
        return response


class SecondFactorMiddleware:
    """Leads whoever lacks a required second factor to set one up, and asks again at the server's back room."""

    def __init__(self, get_response: Callable[[PageRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: PageRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not request.user.is_authenticated or _open_before_factor(match):
            return None
        clinics = request.page_clinics
        if factors.is_missing(user=request.user, clinics=clinics):
            return _factor_first(request)
        return None


def _open_before_factor(match: ResolverMatch) -> bool:
    if not match.namespaces:
        # allauth's own names; "today" and whatever comes later are closed.
        return (match.url_name or "").startswith(
            ("account_", "mfa_")
        ) or match.url_name in BEFORE_FACTOR_ANYWHERE
    return match.namespaces == ["accounts"] and match.url_name in BEFORE_FACTOR


def _factor_first(request: PageRequest) -> HttpResponse:
    if request.htmx:
        return HttpResponseClientRedirect(resolve_url("mfa_index"))
    said = _("Set up a second factor first: your clinic asks for one.")
    if request.path.startswith("/api/") or request.headers.get("accept", "").startswith("application/json"):
        code = "second_factor_required"
        problem = {"title": said, "status": 403, "code": code, "detail": said, "instance": request.path}
        return JsonResponse(problem, status=403, content_type="application/problem+json")
    messages.warning(request, said)
    return redirect("mfa_index")


def _login_first(request: PageRequest) -> HttpResponse:
    """A page's redirect to the login form would be swapped into a fragment, or read as a script's answer."""
    if request.htmx:
        here = stepup.page_of(request)
        target = f"?{urlencode({'next': here})}" if here != "/" else ""
        return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL) + target)
    if request.headers.get("accept", "").startswith("application/json"):
        return JsonResponse({"code": "login_required", "detail": _("Please log in again.")}, status=401)
    return redirect_to_login(request.get_full_path())


def _speak(language: str) -> None:
    """Take up the language if it is ours; LocaleMiddleware, further out, starts each request afresh."""
    if language in dict(settings.LANGUAGES):
        translation.activate(language)

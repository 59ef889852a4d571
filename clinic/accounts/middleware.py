"""The active clinic of each request, its time zone, and the reader's language."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import JsonResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from . import selectors

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SESSION_KEY = "clinic_id"
# Pages about patients: closed by default, whatever a view forgets.
CLINICAL = frozenset({"patients", "visits", "recovery", "inference"})


class CurrentClinicMiddleware:
    """Sets `request.clinic`, and lets nobody without a clinic reach a clinical page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.clinic = None  # type: ignore[attr-defined]
        request.page_clinics = []  # type: ignore[attr-defined]
        user = request.user
        if user.is_authenticated:
            clinics = list(selectors.page_clinics(user=user))
            clinic = selectors.choose_clinic(clinics=clinics, chosen=request.session.get(SESSION_KEY))
            request.clinic, request.page_clinics = clinic, clinics  # type: ignore[attr-defined]
            # The browser's own choice, made a click ago, wins; logging in sets it to the reader's.
            if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                _speak(user.language or (clinic.language if clinic else ""))
            if clinic is not None:
                timezone.activate(zoneinfo.ZoneInfo(clinic.time_zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not (match.view_name == "today" or CLINICAL.intersection(match.namespaces)):
            return None
        if not request.user.is_authenticated:
            return _login_first(request)
        if request.clinic is None:  # type: ignore[attr-defined]
            context = {"integration": selectors.is_integration_only(user=request.user)}
            return render(request, "accounts/no_clinic.html", context, status=403)
        return None


def _login_first(request: HttpRequest) -> HttpResponse:
    """A page's redirect to the login form would be swapped into a fragment, or read as a script's answer."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
    if request.headers.get("accept", "").startswith("application/json"):
        return JsonResponse({"code": "login_required", "detail": _("Please log in again.")}, status=401)
    return redirect_to_login(request.get_full_path())


def _speak(language: str) -> None:
    """Take up the language if it is ours; LocaleMiddleware, further out, starts each request afresh."""
    if language in dict(settings.LANGUAGES):
        translation.activate(language)

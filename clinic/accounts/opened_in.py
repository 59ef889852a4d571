"""A form belongs to the clinic in which it was opened, whatever clinic another tab has switched to since.

`{% csrf_token %}`, which no form sent by POST can do without, also writes the clinic's identifier. Where the session
works in another clinic by the time the form comes, nothing is done: the person is told, what they typed is kept, and
one tap goes back to that clinic and sends it there.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.shortcuts import render
from django.utils import timezone

from .middleware import SESSION_KEY

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.urls import ResolverMatch

    from .models import Clinic
    from .requests import PageRequest

FIELD: Final = "opened_in"
GO_BACK: Final = "go_back_to_clinic"
HIDDEN: Final = frozenset({"csrfmiddlewaretoken", FIELD, GO_BACK})
CARRIED: Final = frozenset({"version", "originals", "theirs", "next"})
IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Of the person or the session, not of a clinic.
PERSONAL: Final = frozenset(
    f"accounts:{name}"
    for name in (
        "login",
        "logout",
        "session_stay",
        "sessions",
        "set_password",
        "language",
        "switch_clinic",
        "profile",
        "password",
        "invitation",
        "invitation_decline",
    )
)
# They look for something and write nothing.
SEARCHES: Final = frozenset({"patients:search", "audit:clinic"})


class OpenedInMiddleware:
    """Answers 409 to a form of another clinic than the session's, with what was typed, and a way back."""

    def __init__(self, get_response: Callable[[PageRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: PageRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if request.method != "POST" or match is None or not is_clinics(match):
            return None
        if _is_a_scripts_own(request, match):
            return None
        given = request.POST.get(FIELD)
        current: Clinic | None = request.clinic
        if not given or current is None or given == str(current.pk) or _sends_photos(request, match):
            return None
        opened = next((one for one in request.page_clinics if str(one.pk) == given), None)
        if opened is not None and GO_BACK in request.POST:
            _go_to(request, opened)
            return None
        kept = [
            (name, value) for name, values in request.POST.lists() if name not in HIDDEN for value in values
        ]
        context = {
            "opened_in": opened,
            "kept": kept,
            "typed": [
                words for name, value in kept if name not in CARRIED and (words := in_words(name, value))
            ],
            "go_back": GO_BACK,
        }
        return render(request, "accounts/other_clinic.html", context, status=409)


def in_words(name: str, value: str) -> str:
    """What was typed as a person knows it: of a list of choices the words, of what only points to a record nothing."""
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if getattr(field, "name", "") != name:
                continue
            words = dict(getattr(field, "flatchoices", ()))
            if value in words:
                return str(words[value])
            if value.isdecimal() and int(value) in words:
                return str(words[int(value)])
    if value == "on" or IDENTIFIER.fullmatch(value):
        return ""
    return value


def is_clinics(match: ResolverMatch) -> bool:
    """Whether the address writes in a clinic; of ours all do that are not known to do something else."""
    if not match.namespaces or match.namespaces[0] == "api":
        return False
    return match.view_name not in PERSONAL | SEARCHES


def _is_a_scripts_own(request: PageRequest, match: ResolverMatch) -> bool:
    """Whether a script sends what belongs to a record on file, which is in its own clinic whatever the session's.

    Typing that a page saves by itself, and photos that are on their way, must not stop for another tab's clinic. Said
    by the headers: the body of an upload is not read here.
    """
    by_script = bool(request.htmx) or request.headers.get("accept", "").startswith("application/json")
    return by_script and _names_its_record(match)


def _sends_photos(request: PageRequest, match: ResolverMatch) -> bool:
    """Whether a plain form sends photos for a record on file."""
    return _names_its_record(match) and bool(request.FILES)


def _names_its_record(match: ResolverMatch) -> bool:
    return "pk" in match.kwargs and "accounts" not in match.namespaces


def _go_to(request: PageRequest, clinic: Clinic) -> None:
    """Work in that clinic from this request on."""
    request.session[SESSION_KEY] = str(clinic.pk)
    request.clinic = clinic
    timezone.activate(zoneinfo.ZoneInfo(clinic.time_zone))

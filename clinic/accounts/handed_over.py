"""A tablet that a clinician hands to a patient: their session is closed to everything but what the patient is to do.

The lock lies in the session itself, so that no page of it (another tab, the back button, the address bar, the API with
the session's cookie) answers until the clinician proves who they are. Logging out, which ends the session, is the only
other way. What may be done under the lock lies below one address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import HttpResponse, HttpResponseRedirect

from . import events, stepup

if TYPE_CHECKING:
    from django.http import HttpRequest

    from .models import User

SESSION_KEY: Final = "handed_over"
ADDRESS: Final = "/handed-over/"
SHORTEST_CODE, LONGEST_CODE = 6, 8


def hand_over(request: HttpRequest, subject: str) -> None:
    """Close this session to everything but the pages below `ADDRESS`. subject: what they are about."""
    request.session[SESSION_KEY] = subject


def subject_of(request: HttpRequest) -> str:
    """What the session was handed over for; empty where it wasn't."""
    return str(request.session.get(SESSION_KEY, ""))


def take_back(request: HttpRequest, *, proof: str) -> bool:
    """Open the session again to who proves to be its owner: by their password, or a code of their second factor.

    False where it was neither; `lockout.Locked` after too many tries, as at the login.
    """
    user = cast("User", request.user)
    digits = "".join(proof.split())
    known: Any = None
    if digits.isdigit() and SHORTEST_CODE <= len(digits) <= LONGEST_CODE:
        known = stepup.check_code(request, user=user, code=digits, again=True)
    else:
        found = stepup.check_password(request, account=user.email, password=proof, again=True)
        known = found if found is not None and found.pk == user.pk else None
    if known is None:
        return False
    request.session.pop(SESSION_KEY, None)
    events.note(request, events.Event.STEP_UP, user, what="handed_back")
    return True


class HandedOverMiddleware:
    """Leads every request of a session that is handed over back to what the patient is to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or not subject_of(request):
            return self.get_response(request)
        if not request.path_info.startswith(ADDRESS):
            return self._back(request)
        response = self.get_response(request)
        response["Cache-Control"] = "no-store"
        return response

    def _back(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or request.path_info.startswith("/api/"):
            # A page of ours would name the clinician and lead on.
            return HttpResponse(status=403, content_type="text/plain")
        response = HttpResponseRedirect(ADDRESS)
        response["Cache-Control"] = "no-store"
        return response

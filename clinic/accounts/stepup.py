"""Who sits here now? Asked again before exports and administration.

A session may be hours old, and its owner away from the desk. A view that wears `required` opens when the person
proved a second factor or their password within the last fifteen minutes: at the login itself, or since then. Else
they are asked, and sent back to what they wanted; the fields of a form that they had sent are kept in the session
meanwhile, files are not. An API token is not asked: it stands for a program, which can prove nothing more; what it
may do is limited by its user's role, by its end, and by being revoked.

    @stepup.required
    def export(request): ...

    class Export(stepup.Required, View): ...
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from . import events, factors, lockout, sessions
from .models import User as Person

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator

    from .models import User

View = TypeVar("View", bound=Callable[..., Any])


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person proved who they are within the last fifteen minutes."""
    if not request.user.is_authenticated:
        return False
    proofs = [record["at"] for record in get_authentication_records(request, request.user)]
    last = max([sessions.started(request), *proofs])
    return 0 <= time.time() - last < settings.STEP_UP_SECONDS


def required(view: View) -> View:
    """A view that opens to a person who proved lately who they are; see this module's text."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask(request) or view(request, *args, **kwargs)

    return cast("View", guarded)


class Required:
    """The same for a view that is a class."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask(request) or super().dispatch(request, *args, **kwargs)


def ask(request: HttpRequest) -> HttpResponse | None:
    """Where to send the person first, or None when they may go on."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if is_fresh(request):
        return None
    # What a script asked for would be swapped into a fragment, or read as its answer.
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(f"{_first_method(request)}?{urlencode({'next': page_of(request)})}")
    if request.headers.get("accept", "").startswith("application/json"):
        problem = {
            "code": "step_up_required",
            "detail": _("Please confirm that it is you."),
            "url": _first_method(request),
        }
        return JsonResponse(problem, status=403)
    return suspend_request(request, _first_method(request))


def _first_method(request: HttpRequest) -> str:
    from allauth.account.adapter import get_adapter  # whose class asks this module

    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        raise PermissionDenied
    return str(methods[0]["url"])


def page_of(request: HttpRequest) -> str:
    """The page in which htmx asked, so that the person comes back to a whole page."""
    page = request.headers.get("HX-Current-URL", "")
    if url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(page)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return "/"


def check_password(request: HttpRequest, *, account: str, password: str, again: bool = False) -> User | None:
    """The user whose password this is; counted, logged, and Locked after too many failures.

    Pages, the step-up and the API's tokens all come through here, and all codes through `check_code`.
    """
    attempt = lockout.begin(request, account=account)
    user = cast("User | None", authenticate(request, username=account, password=password))
    if user is None:
        known = Person.objects.filter(email__iexact=account).first()
        _note_failure(request, attempt, known, what="password", again=again)
        return None
    attempt.succeeded()
    return user


def check_code(request: HttpRequest, *, user: User, code: str, again: bool = False) -> Authenticator | None:
    """The authenticator whose code this is; counted by itself, for codes are shorter than passwords."""
    attempt = lockout.begin(request, account=user.email, kind=lockout.CODE)
    found = factors.verify_code(user=user, code=code)
    if found is None:
        _note_failure(request, attempt, user, what="code", again=again)
        return None
    attempt.succeeded()
    return found


def _note_failure(
    request: HttpRequest, attempt: lockout.Attempt, user: User | None, *, what: str, again: bool
) -> None:
    first = events.Event.LOGIN_FAILED if what == "password" else events.Event.FACTOR_FAILED
    events.note(request, events.Event.STEP_UP_FAILED if again else first, user, what=what)
    if attempt.locks:
        events.note(request, events.Event.LOCKED_OUT, user, what=what)


def methods_of(request: HttpRequest) -> list[str]:
    """By what this session was opened: password, totp, recovery_codes, webauthn."""
    records = get_authentication_records(request, request.user)
    return [str(record.get("type") or record["method"]) for record in records]

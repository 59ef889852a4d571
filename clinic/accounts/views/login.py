"""The way in and out, the question whether it is still you, and what a page asks about its own session."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.base import views as mfa_views
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.common.http import next_url

from .. import events, factors, forms, lockout, selectors, services, sessions
from ..forms_login import CodeAgainForm, CodeForm, LoginForm, PasswordAgainForm, locked_by
from ..language import remember_language
from ..links import password_links
from ..models import User


def welcome(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """After the last stage of a login: the reader's language, not that of whoever sat here before."""
    user = request.user
    if isinstance(user, User):
        remember_language(response, user.language)
        lockout.remember_device(request, response, account=user.email)
        warn_of_few_codes(request, user)
    return response


def warn_of_few_codes(request: HttpRequest, user: User) -> None:
    left = factors.codes_left(user=user)
    if left is not None and left <= factors.FEW_CODES:
        said = ngettext(
            "You have %(left)s recovery code left. Make new ones on the page “Second factor”.",
            "You have %(left)s recovery codes left. Make new ones on the page “Second factor”.",
            left,
        )
        messages.warning(request, said % {"left": left})


class LoginView(allauth_views.LoginView):
    """E-mail address and password, or a passkey alone."""

    template_name = "accounts/login.html"

    def get_form_class(self) -> type:
        return LoginForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {
            **context,
            "next": self.get_next_url() or "",
            "ended": self.request.session.get(sessions.ENDED, ""),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        self.request.session.pop(sessions.ENDED, None)
        return welcome(self.request, super().form_valid(form))

    def form_invalid(self, form: Any) -> HttpResponse:
        return lockout.slow_down(super().form_invalid(form), locked_by(form))


class PasskeyLogin(webauthn_views.LoginWebAuthnView):
    """A passkey that asked for a finger, a face or a PIN is both factors in one."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        events.note(self.request, events.Event.LOGIN_FAILED, None, what="passkey")
        messages.error(self.request, _("This passkey is not known here. Please log in with your password."))
        return redirect("accounts:login")

    def form_valid(self, form: Any) -> HttpResponse:
        return welcome(self.request, super().form_valid(form))


class SecondStep(mfa_views.AuthenticateView):
    """The code or the passkey that is asked for after the password."""

    template_name = "accounts/second_step.html"

    def get_form_class(self) -> type:
        return CodeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        kinds = set(self.stage.login.user.authenticator_set.values_list("type", flat=True))
        return {**context, "options": options_of(context), "kinds": kinds}

    def form_valid(self, form: Any) -> HttpResponse:
        return welcome(self.request, super().form_valid(form))

    def form_invalid(self, form: Any) -> HttpResponse:
        if "credential" in form.fields:
            events.note(self.request, events.Event.FACTOR_FAILED, self.stage.login.user, what="passkey")
            messages.error(self.request, _("This passkey was not accepted. Please try again."))
        return lockout.slow_down(super().form_invalid(form), locked_by(form))


def options_of(context: dict[str, Any]) -> str:
    """What the browser needs to talk to a passkey, as an attribute of the page holds it."""
    return json.dumps(context.get("js_data", {}), cls=DjangoJSONEncoder)


class Logout(auth_views.LogoutView):
    """Leave, and let no record be seen by whoever presses Back at this computer."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            events.note(request, events.Event.LOGOUT, request.user)
            sessions.forget(request)
        else:
            # Somebody who stops between the password and the code.
            clear_login(request)
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache"'
        return response


class SetPassword(auth_views.PasswordResetConfirmView):
    """The first password, or one instead of a forgotten one, by the link that an administrator made."""

    template_name = "accounts/set_password.html"
    form_class = forms.NewPasswordForm
    success_url = reverse_lazy("accounts:login")
    token_generator = password_links

    def get_user(self, uidb64: str) -> User | None:
        """Whose password the link sets; nobody's, where the account is no longer one clinic's alone."""
        user: User | None = super().get_user(uidb64)
        return user if user is not None and selectors.may_use_password_link(user=user) else None

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        assert isinstance(self.user, User)
        services.password_set_by_link(user=self.user)
        events.note(self.request, events.Event.PASSWORD_CHANGED, self.user, how="link")
        messages.success(self.request, _("Your password is set. Please log in."))
        return response


class Again:
    """What the three ways of proving again have in common."""

    request: HttpRequest
    render_to_response: Callable[..., HttpResponse]

    template_name = "accounts/step_up.html"
    method = ""

    def _check_ratelimit(self, request: HttpRequest) -> None:
        """Our own count decides, for each pair of person and browser."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "method": self.method, "options": options_of(context)}

    def form_valid(self, form: Any) -> HttpResponse:
        events.note(self.request, events.Event.STEP_UP, self.request.user, how=self.method)
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        return lockout.slow_down(self.render_to_response(self.get_context_data(form=form)), locked_by(form))


class ReauthenticateView(Again, allauth_views.ReauthenticateView):
    method = "password"

    def get_form_class(self) -> type:
        return PasswordAgainForm


class CodeAgain(Again, mfa_views.ReauthenticateView):
    method = "code"

    def get_form_class(self) -> type:
        return CodeAgainForm


class PasskeyAgain(Again, webauthn_views.ReauthenticateWebAuthnView):
    method = "passkey"

    def form_invalid(self, form: Any) -> HttpResponse:
        events.note(self.request, events.Event.STEP_UP_FAILED, self.request.user, what="passkey")
        messages.error(self.request, _("This passkey was not accepted. Please try again."))
        return self.render_to_response(self.get_context_data(form=form))


@never_cache
@require_safe
def session_left(request: HttpRequest) -> HttpResponse:
    """How long this session has left, for the page's own countdown; asking is no sign of life."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "session_ended"}, status=401)
    left = sessions.left(request)
    return JsonResponse({"idle": left.idle, "absolute": left.absolute})


@never_cache
@require_POST
def session_stay(request: HttpRequest) -> HttpResponse:
    """Somebody is there: a key was pressed, or “Stay logged in”."""
    if not request.user.is_authenticated:
        return JsonResponse({"code": "session_ended"}, status=401)
    sessions.touch(request, at_once=True)
    left = sessions.left(request)
    return JsonResponse({"idle": left.idle, "absolute": left.absolute})


@never_cache
@require_safe
def locked(request: HttpRequest) -> HttpResponse:
    """Where a page goes when its countdown is over: to the login, and back afterwards.

    A page's clock may be a few seconds ahead of ours; one that is further off just comes back.
    """
    target = next_url(request, "today")
    if request.user.is_authenticated:
        left = sessions.left(request)
        if left.seconds > sessions.GRACE:
            return redirect(target)
        why = sessions.ABSOLUTE if left.absolute <= sessions.GRACE else sessions.IDLE
        events.note(request, events.Event.SESSION_ENDED, request.user, why=why)
        sessions.end(request, why=why)
    response = redirect(f"{reverse_lazy('accounts:login')}?{urlencode({'next': target})}")
    response["Clear-Site-Data"] = '"cache"'
    return response


@never_cache
@login_required
def session_list(request: HttpRequest) -> HttpResponse:
    """The browsers in which one is logged in; ends one of them, or all others."""
    user = request.user
    assert isinstance(user, User)
    if request.method == "POST":
        if request.POST.get("which") == "others":
            count = sessions.end_all(user=user, keep=request.session.session_key)
            events.note(request, events.Event.SESSION_ENDED, user, why="others", count=count)
            messages.success(request, _("All your other sessions are ended."))
        elif sessions.end_one(user=user, pk=request.POST.get("which", "")):
            events.note(request, events.Event.SESSION_ENDED, user, why="chosen")
            messages.success(request, _("The session is ended."))
        return redirect("accounts:sessions")
    sessions.register(request)
    context = {
        "sessions": sessions.of_user(user=user),
        "current": request.session.session_key,
        "tab": "sessions",
    }
    return render(request, "accounts/sessions.html", context)

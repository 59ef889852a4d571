"""One's own second factor: an authenticator app, passkeys, recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic.base import ContextMixin

from .. import events, factors, notices, sessions, stepup
from ..adapters import MFAAdapter
from ..forms_login import NewTotpForm
from ..models import User
from .login import options_of


class Page(ContextMixin):
    """What the pages of the second factor share: they are kept by no browser, and stand under one tab."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            # Before allauth is asked, which would keep a stranger's request in a session.
            return redirect_to_login(request.get_full_path())
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "tab": "factor", "options": options_of(context)}


class ChangesFactors(Page):
    """A form that changes the factors: logged, told, and the end of all other sessions."""

    request: HttpRequest
    kind: str = events.Event.FACTOR_ADDED
    told: str = notices.NoticeKind.FACTOR_ADDED
    what = ""
    proves = ""
    said: Any = ""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        request = self.request
        user = request.user
        assert isinstance(user, User)
        ended = sessions.end_all(user=user, keep=request.session.session_key)
        events.note(request, self.kind, user, what=self.what, sessions_ended=ended)
        if self.proves:
            # Whoever adds a factor has just shown that they have it.
            added = Authenticator.objects.filter(user=user, type=self.proves).latest("created_at")
            record_authentication(request, user, "mfa", type=self.proves, id=added.pk)
        notices.tell(user=user, kind=self.told)
        messages.success(request, str(self.said_now()))
        return response

    def said_now(self) -> str:
        return _("Your second factor is changed. Your other sessions have been ended.")


@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """What one has, what is missing, and how many recovery codes are left."""
    user = request.user
    assert isinstance(user, User)
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    context = {
        "totp": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [factors.describe(row) for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "codes_left": factors.codes_left(user=user),
        "few": factors.FEW_CODES,
        "required": factors.is_required(user=user),
        "tab": "factor",
    }
    return render(request, "accounts/factor.html", context)


class AddTotp(ChangesFactors, totp_views.ActivateTOTPView):
    template_name = "accounts/totp_add.html"
    what = "totp"
    proves = Authenticator.Type.TOTP

    def get_form_class(self) -> type:
        return NewTotpForm

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        # The code that was just typed is used up.
        row = Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP)
        row.data["counter"] = factors.matching_counter(form.secret, form.cleaned_data["code"]) or 0
        row.save(update_fields=["data"])
        return response


class RemoveTotp(ChangesFactors, totp_views.DeactivateTOTPView):
    template_name = "accounts/totp_remove.html"
    kind = events.Event.FACTOR_REMOVED
    told = notices.NoticeKind.FACTOR_REMOVED
    what = "totp"


class AddPasskey(ChangesFactors, webauthn_views.AddWebAuthnView):
    template_name = "accounts/passkey_add.html"
    what = "passkey"
    proves = Authenticator.Type.WEBAUTHN

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("The passkey could not be added. Please try again."))
        return redirect("mfa_add_webauthn")


class RemovePasskey(ChangesFactors, webauthn_views.RemoveWebAuthnView):
    template_name = "accounts/passkey_remove.html"
    kind = events.Event.FACTOR_REMOVED
    told = notices.NoticeKind.FACTOR_REMOVED
    what = "passkey"

    def get_success_url(self) -> str:
        return reverse("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = MFAAdapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("mfa_index")
        return super().form_valid(form)


class RenamePasskey(Page, webauthn_views.EditWebAuthnView):
    template_name = "accounts/passkey_rename.html"

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.fields["name"].label = _("Name")
        form.fields["name"].max_length = 60
        return form

    def get_success_url(self) -> str:
        return reverse("mfa_index")


class NewCodes(ChangesFactors, codes_views.GenerateRecoveryCodesView):
    template_name = "accounts/codes_new.html"
    told = notices.NoticeKind.CODES_MADE
    what = "recovery_codes"

    def said_now(self) -> str:
        return _("These are your new recovery codes. The old ones are worth nothing any more.")


@never_cache
@login_required
def codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes, this once, to be printed or written down."""
    from allauth.mfa.recovery_codes.internal.flows import view_recovery_codes

    asked = stepup.ask(request)
    if asked is not None:
        return asked
    found, shown = view_recovery_codes(request)
    if found is None or not shown:
        return redirect("mfa_index")
    return render(request, "accounts/codes.html", {"codes": found.get_unused_codes(), "tab": "factor"})

"""How allauth follows our rules: addresses, counts of failures, sealed secrets, no messages of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.common.http import client_address

from . import events, factors, lockout, sessions, stepup

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from django.http import HttpRequest, HttpResponse

    from .models import User


class LockedError(ValidationError):
    """A form's error that knows when to try again."""

    def __init__(self, locked: lockout.Locked) -> None:
        super().__init__(locked.sentence, code="locked")
        self.locked = locked


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy(
            "This e-mail address and this password don't go together. Please try again."
        ),
        "incorrect_password": gettext_lazy("This is not your password. Please try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by a clinic's administrator."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our own views say what happened, in our own words."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No installation needs to be able to send mail: the log and the pages tell."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "127.0.0.1"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """One clock for all that asks again, whether allauth's pages or ours."""
        return not stepup.is_fresh(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The strongest first: whoever has a second factor is asked for it."""
        names = {
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
            "mfa_reauthenticate": _("Use a code"),
            "reauthenticate": _("Use your password"),
        }
        methods = {method["id"]: method for method in super().get_reauthentication_methods(user)}
        order = ["mfa_reauthenticate", "mfa_reauthenticate:webauthn", "reauthenticate"]
        return [{**methods[one], "description": names[one]} for one in order if one in methods]

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The user, None, or a LockedError before anything was compared."""
        try:
            return stepup.check_password(
                request,
                account=credentials.get("username", ""),
                password=credentials.get("password", ""),
                again=bool(credentials.get("again")),
            )
        except lockout.Locked as locked:
            raise LockedError(locked) from locked

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(context.request, username=user.email, password=password, again=True)
        return found is not None and found.pk == user.pk

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """A passkey of somebody who left opens nothing, and says no more than a wrong password."""
        messages.error(request, self.error_messages["email_password_mismatch"])
        return redirect("accounts:login")

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        sessions.start(request)
        methods = stepup.methods_of(request)
        events.note(request, events.Event.LOGIN, user, how="+".join(methods) or "password")


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "This code is not right, or it was used already. Please try the next one."
        ),
        "cannot_delete_authenticator": gettext_lazy(
            "Your clinic asks for a second factor, and this is your only one. Set up another one first."
        ),
    }

    def encrypt(self, text: str) -> str:
        return factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return factors.unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not (
            factors.is_required(user=authenticator.user) and factors.is_last(authenticator=authenticator)
        )

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Risorius"}

"""What a person types to get in: address and password, a code, or what a passkey answers."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import factors, lockout, stepup
from .adapters import LockedError


def locked_by(form: forms.BaseForm) -> lockout.Locked | None:
    """The wait that refused this form, if one did."""
    for errors in form.errors.as_data().values():
        for error in errors:
            if isinstance(error, LockedError):
                return error.locked
    return None


class LoginForm(AllauthLoginForm):
    """E-mail address and password. Its one error says nothing of which of the two was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["login"]
        username = forms.EmailField(
            label=_("E-mail address"),
            widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username webauthn"}),
        )
        password = forms.CharField(
            label=_("Password"),
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.fields: dict[str, forms.Field] = {"username": username, "password": password}

    def user_credentials(self) -> dict[str, str]:
        return {"username": self.cleaned_data["username"], "password": self.cleaned_data["password"]}

    def clean(self) -> dict[str, Any]:
        # allauth asks for the name of its own field to say what was wrong.
        self.cleaned_data["login"] = self.cleaned_data.get("username", "")
        return super().clean()


class PasswordAgainForm(ReauthenticateForm):
    """The step-up by password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        )


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code: at login, or again later."""

    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        help_text=_("Six digits from your authenticator app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autofocus": True,
                "autocapitalize": "off",
                "spellcheck": "false",
            }
        ),
    )
    again = False

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            found = stepup.check_code(context.request, user=self.user, code=code, again=self.again)
        except lockout.Locked as locked:
            raise LockedError(locked) from locked
        if found is None:
            raise get_adapter().validation_error("incorrect_code")
        found.user = self.user
        self.authenticator = found
        return code

    def save(self) -> None:
        post_authentication(context.request, self.authenticator, reauthenticated=self.again)


class CodeAgainForm(CodeForm):
    again = True


class NewTotpForm(ActivateTOTPForm):
    """The first code of an app that has just read the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = forms.CharField(
            label=_("Code"),
            max_length=12,
            help_text=_("The six digits that the app shows now."),
            widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if factors.matching_counter(self.secret, code) is None:
            raise ValidationError(
                _("This is not the app's code for this secret. Please type the one it shows now.")
            )
        return code

"""What people type about themselves, their tokens, their clinic and its members."""

from __future__ import annotations

import zoneinfo
from typing import Any, cast

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth import forms as auth_forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.common.forms import EditForm

from .models import IDLE_MINUTES, Clinic, Role, User
from .scopes import Scope
from .sessions import LONGEST_IDLE

TOKEN_DAYS = [("1", _("A day")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("A year"))]

THE_CLINICS = "clinic"


class ProfileForm(EditForm, forms.ModelForm):
    class Meta:
        model = User
        fields = ["full_name", "language"]
        widgets = {"full_name": forms.TextInput(attrs={"autocomplete": "name"})}

    language = forms.ChoiceField(label=_("Language"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [*settings.LANGUAGES, (THE_CLINICS, _("The clinic's"))]
        self.initial["language"] = self.initial.get("language") or THE_CLINICS

    def clean_language(self) -> str:
        chosen: str = self.cleaned_data["language"]
        return "" if chosen == THE_CLINICS else chosen


class TokenForm(forms.Form):
    """A new token; administrators may also make one for an integration of their clinic."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        help_text=_("What will use it, for example “Appointment system”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    days = forms.ChoiceField(label=_("Works for"), choices=TOKEN_DAYS, initial="90")
    scopes = forms.MultipleChoiceField(
        label=_("May be used to"),
        choices=Scope.choices,
        initial=[Scope.PATIENTS_READ, Scope.RESULTS_READ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than its user may do. Only a clinician's own token confirms results."),
    )
    user = forms.ModelChoiceField(label=_("On behalf of"), queryset=User.objects.none(), empty_label=None)

    def __init__(self, *args: Any, holders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(holders) > 1:
            cast(Any, self.fields["user"]).queryset = holders
        else:
            del self.fields["user"]
        cast(forms.ChoiceField, self.fields["days"]).choices = [
            (days, words) for days, words in TOKEN_DAYS if int(days) <= settings.TOKEN_DAYS
        ]

    def clean_days(self) -> int:
        return int(self.cleaned_data["days"])


class MemberForm(forms.Form):
    """A person to be given a role in the clinic."""

    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Someone who has an account here already is invited, and decides whether to come."),
    )
    full_name = forms.CharField(
        label=_("Full name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.CLINICIAN)


class RoleForm(EditForm, forms.Form):
    role = forms.ChoiceField(
        label=_("Role"), choices=[choice for choice in Role.choices if choice[0] != Role.INTEGRATION]
    )


class ClinicForm(EditForm, forms.ModelForm):
    class Meta:
        model = Clinic
        fields = ["name", "time_zone", "language", "require_second_factor", "idle_minutes"]
        help_texts = {
            "require_second_factor": _(
                "Whoever has none is led to set one up before they see a record. You too."
            ),
            "idle_minutes": _("Then the page is locked; what was typed comes back after the login."),
        }

    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Visits are shown, and days counted, in this time zone.")
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For members who chose none of their own."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
        zones = [zone for zone in zones if not zone.startswith(("Etc/", "posix/", "right/", "SystemV/"))]
        now = self.instance.time_zone
        self.fields["time_zone"].choices = [
            (zone, zone.replace("_", " ")) for zone in ([] if now in zones else [now]) + zones
        ]
        longest = LONGEST_IDLE // 60
        self.fields["idle_minutes"].choices = [choice for choice in IDLE_MINUTES if choice[0] <= longest]
        self.initial["idle_minutes"] = min(self.initial.get("idle_minutes", longest), longest)


class _PasswordAlone:
    """Saves the password and nothing else of a person, whose name somebody may just be changing."""

    cleaned_data: dict[str, Any]

    def set_password_and_save(
        self, user: User, password_field_name: str = "password1", commit: bool = True
    ) -> User:
        user.set_password(self.cleaned_data[password_field_name])
        if commit:
            user.save(update_fields=["password"])
        return user


class PasswordForm(_PasswordAlone, auth_forms.PasswordChangeForm):
    """Change of one's own password; the old one is no freer to guess here than at the door."""

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class NewPasswordForm(_PasswordAlone, auth_forms.SetPasswordForm):
    """The first password, or a forgotten one, by a link."""


class AcceptForm(NewPasswordForm):
    """The password with which a membership of an existing account begins: a new one, known to its holder alone."""

    def clean_new_password1(self) -> str:
        password: str = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise ValidationError(_("Choose another password than the one that you have."), code="same")
        return password

"""Makes a clinic and its first administrator, by asking or from flags."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts import services, services_invitations
from clinic.accounts.models import User, validate_time_zone
from clinic.audit import roles

PASSWORD_VARIABLE = "RISORIUS_ADMIN_PASSWORD"


class Command(BaseCommand):
    help = "Makes a clinic with its time zone, its language and its first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clinic", help="the clinic's name")
        parser.add_argument("--time-zone", help="for example Asia/Jakarta")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--email", help="the administrator's e-mail address")
        parser.add_argument("--full-name", help="the administrator's name")
        parser.add_argument(
            "--no-input",
            action="store_true",
            help=f"ask nothing; the password comes from the variable {PASSWORD_VARIABLE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answers = self._given(options) if options["no_input"] else self._ask(options)
            membership = services.setup_clinic(**answers)
        except ValidationError as error:
            raise CommandError(_sentences(error)) from error
        except (EOFError, KeyboardInterrupt) as error:
            raise CommandError(_("Nothing was stored.")) from error
        if membership.accepted_at is None:
            secret = services_invitations.invitation_secret(membership=membership)
            path = reverse("accounts:invitation_link", args=[membership.pk, secret])
            self.stdout.write(
                _(
                    "%(email)s has an account and is invited. Within three days they open at this site: %(path)s"
                )
                % {"email": membership.user.email, "path": path}
            )
            return
        self.stdout.write(
            self.style.SUCCESS(
                _("%(clinic)s is ready. %(email)s may log in and add the other members.")
                % {"clinic": membership.clinic.name, "email": membership.user.email}
            )
        )
        for what, remedy in roles.advice() if settings.PRODUCTION else []:
            self.stdout.write(self.style.WARNING(f"{what} {remedy}"))

    def _given(self, options: dict[str, Any]) -> dict[str, Any]:
        missing = [f"--{name.replace('_', '-')}" for name in ("clinic", "email") if not options[name]]
        known = options["email"] and User.objects.filter(email__iexact=options["email"]).exists()
        if not known:
            missing += [] if options["full_name"] else ["--full-name"]
            missing += [] if os.environ.get(PASSWORD_VARIABLE) else [PASSWORD_VARIABLE]
        if missing:
            raise CommandError(_("Missing: %(what)s. Nothing was stored.") % {"what": ", ".join(missing)})
        return {
            "clinic": options["clinic"],
            "time_zone": options["time_zone"] or "UTC",
            "language": options["language"] or settings.LANGUAGE_CODE,
            "email": options["email"],
            "full_name": options["full_name"] or "",
            "password": os.environ.get(PASSWORD_VARIABLE),
        }

    def _ask(self, options: dict[str, Any]) -> dict[str, Any]:
        codes = [code for code, _name in settings.LANGUAGES]
        answers: dict[str, Any] = {
            "clinic": self._one(options["clinic"], _("Name of the clinic"), _filled),
            "time_zone": self._one(options["time_zone"], _("Time zone"), validate_time_zone, "Asia/Jakarta"),
            "language": self._one(
                options["language"], f"{_('Language')} ({', '.join(codes)})", _one_of(codes), "en"
            ),
            "email": self._one(options["email"], _("The administrator's e-mail address"), validate_email),
            "full_name": "",
            "password": None,
        }
        if User.objects.filter(email__iexact=answers["email"]).exists():
            self.stdout.write(_("This person logs in here already and keeps their password."))
            return answers
        answers["full_name"] = self._one(options["full_name"], _("The administrator's name"), _filled)
        answers["password"] = self._password(User(email=answers["email"], full_name=answers["full_name"]))
        return answers

    def _one(self, given: str | None, label: str, check: Callable[[str], None], default: str = "") -> str:
        """The flag's value, or the first answer that passes the check."""
        answer = given
        while True:
            if answer is None:
                answer = input(f"{label}{f' [{default}]' if default else ''}: ").strip() or default
            try:
                check(answer)
            except ValidationError as error:
                if given is not None:
                    raise
                self.stderr.write(_sentences(error))
                answer = None
            else:
                return answer

    def _password(self, user: User) -> str:
        while True:
            password = getpass.getpass(_("Password, twelve characters or more: "))
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.stderr.write(_sentences(error))
                continue
            if getpass.getpass(_("The same again: ")) == password:
                return password
            self.stderr.write(_("The two differ. Please type both again."))


def _filled(value: str) -> None:
    if not value.strip():
        raise ValidationError(_("Please type something."))


def _one_of(allowed: list[str]) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in allowed:
            raise ValidationError(_("Please choose one of %(choices)s.") % {"choices": ", ".join(allowed)})

    return check


def _sentences(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return "\n".join(
            f"{name}: {message}" for name, messages in error.message_dict.items() for message in messages
        )
    return " ".join(error.messages)

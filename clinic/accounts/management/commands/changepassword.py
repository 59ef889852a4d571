"""Django's own `changepassword`, through our service: it writes into the log and ends the person's sessions."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as ChangePassword
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from clinic.accounts import services_account
from clinic.accounts.models import User


class Command(ChangePassword):
    def handle(self, *args: Any, **options: Any) -> None:
        if not options["username"]:
            raise CommandError(_("Name the e-mail address by which the person logs in."))
        user = User.objects.filter(email__iexact=options["username"].strip()).first()
        if user is None:
            raise CommandError(_("Nobody logs in with this e-mail address."))
        password = getpass.getpass(prompt=_("Password, twelve characters or more: "))
        if password != getpass.getpass(prompt=_("The same again: ")):
            raise CommandError(_("The two differ. Please type both again."))
        try:
            services_account.set_password(user=user, password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(self.style.SUCCESS(_("Done. The log says so.")))

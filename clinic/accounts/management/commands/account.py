"""Closes an account, opens it again, or gives it another e-mail address, for all clinics at once."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from clinic.accounts import services_account
from clinic.accounts.models import User


class Command(BaseCommand):
    help = (
        "For whoever runs the server, where no clinic's administrator can: closes a person's account in all clinics, "
        "opens it again, or changes the address by which they log in. Each act stands in the log of the clinics."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the e-mail address by which the person logs in")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--close", action="store_true", help="nobody logs in by it, and its sessions end")
        what.add_argument("--open", action="store_true", help="open it again")
        what.add_argument("--address", metavar="EMAIL", help="the e-mail address from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(_("Nobody logs in with this e-mail address."))
        try:
            if options["address"]:
                services_account.change_address(user=user, email=options["address"])
            else:
                services_account.set_open(user=user, is_open=options["open"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(self.style.SUCCESS(_("Done. The log says so.")))

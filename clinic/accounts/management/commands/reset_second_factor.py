"""Takes away a second factor that was lost, for someone whom no clinic's administrator may help."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from clinic.accounts import factors, sessions
from clinic.accounts.models import User
from clinic.audit.models import Event
from clinic.audit.services import log_event


class Command(BaseCommand):
    help = "Takes a person's second factor and recovery codes away and ends their sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the e-mail address by which the person logs in")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(_("Nobody logs in with this e-mail address."))
        removed = factors.reset(user=user)
        ended = sessions.end_all(user=user)
        log_event(
            kind=Event.FACTOR_REMOVED,
            user=user,
            page="command",
            detail={"what": "reset", "factors": removed, "sessions_ended": ended},
        )
        self.stdout.write(self.style.SUCCESS(_("Done. They can set up another one at their next login.")))

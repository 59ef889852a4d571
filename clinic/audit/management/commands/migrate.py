"""Django's own `migrate`, after which the database guards what is only added to, and the application has its rights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db.utils import ProgrammingError

from clinic.audit import guards, roles


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"]:
            return
        try:
            guards.install()
            roles.grant_if_there()
        except ProgrammingError as error:
            raise CommandError(
                "The guards of the log can be put up by the owner of the tables alone: run migrate as the owner."
            ) from error

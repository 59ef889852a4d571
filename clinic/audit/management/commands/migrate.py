"""Django's own `migrate`, after which the log and the histories are guarded by the database."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from clinic.audit import guards


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            guards.install()

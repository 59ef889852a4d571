"""Django's own `migrate`, after which the database guards what is only added to, and the application has its rights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ProgrammingError

from clinic.audit import guards, roles


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        if _stopped_on_the_way(options["database"]):
            raise CommandError(
                "This database is of a trial before the first release, and not of the last state of that trial: bring "
                "it there with the code of then, or begin anew (the demo: make demo-reset)."
            )
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


def _stopped_on_the_way(alias: str) -> bool:
    """Whether some, not all, of the migrations were applied whose place one of today's has taken."""
    applied = MigrationRecorder(connections[alias]).applied_migrations()
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    gone = [
        [name in applied for name in migration.replaces]
        for key, migration in loader.disk_migrations.items()
        if key not in applied and not set(migration.replaces) & set(loader.disk_migrations)
    ]
    return any(any(there) and not all(there) for there in gone)

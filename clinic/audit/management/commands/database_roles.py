"""Makes the role of PostgreSQL by which the application works, or puts its rights right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from clinic.audit import guards, roles


class Command(BaseCommand):
    help = (
        "Run it as the owner of the tables, after migrate: makes the application's role, which owns nothing and can "
        "only add to the log and to what is said for ever, and gives it its rights. Can be run again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--application",
            default=settings.APPLICATION_ROLE,
            metavar="ROLE",
            help="the role's name (RISORIUS_APPLICATION_ROLE)",
        )
        parser.add_argument(
            "--password-file",
            type=Path,
            help="its first line becomes the role's password (RISORIUS_APPLICATION_PASSWORD_FILE)",
        )
        parser.add_argument(
            "--sql",
            action="store_true",
            help="print the statements for somebody else to run, and run nothing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        role = options["application"]
        if not roles.is_used():
            raise CommandError("This database has no roles; only PostgreSQL has.")
        if not role:
            raise CommandError("Name the application's role with --application.")
        if options["sql"]:
            made = f"CREATE ROLE {role} {roles.ATTRIBUTES}"
            for statement in [*([] if roles.exists(role) else [made]), *roles.grants(role)]:
                self.stdout.write(f"{statement};")
            return
        password = self._password(options["password_file"])
        try:
            is_new = roles.make(role=role, password=password)
            guards.install()
            roles.grant(role=role)
        except roles.RoleProblem as problem:
            raise CommandError(str(problem)) from problem
        except DatabaseError as error:
            said = str(error).strip().splitlines()[0]
            raise CommandError(
                f"The database refused: {said}. Run this as the tables' owner, who may make roles, or give what --sql "
                "prints to whoever may."
            ) from error
        self.stdout.write(
            self.style.SUCCESS(
                f"The role {role} {'is made' if is_new else 'is there'} and has the rights that the application needs."
            )
        )
        if is_new and not password:
            self.stdout.write(
                "It has no password: give one with --password-file, unless the server trusts it otherwise."
            )

    def _password(self, file: Path | None) -> str:
        if file is None:
            return str(settings.APPLICATION_PASSWORD)
        try:
            return (file.read_text().splitlines() or [""])[0].strip()
        except OSError as error:
            raise CommandError(f"The file {file} can't be read: {error.strerror}.") from error

"""Restores a backup into an empty database and an empty folder, then checks every file and record."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.audit import guards, roles
from clinic.operations import services
from clinic.operations.backup import restore
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.passphrases import add_options, has_secret_key, passphrase_from, secret_key_from


class Command(BaseCommand):
    help = (
        "Restore a backup into an empty database and an empty folder of photos. It refuses any other place, and "
        "touches nothing before the whole archive was found right."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--keys", type=Path, help="the archive of keys, where photos are sealed")
        parser.add_argument(
            "--migrate",
            action="store_true",
            help="apply the changes that this version has beyond the backup's",
        )
        parser.add_argument(
            "--secret-key-file",
            type=Path,
            help="its first line is the secret key of the installation that made the backup, where it is not set here",
        )
        parser.add_argument(
            "--lost-secret-key",
            action="store_true",
            help="that key is gone: restore all the same, with a log that can't be checked and no second factors",
        )
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            given = secret_key_from(options)
            self._use(given)
            planned = restore.plan(
                lost_secret_key=options["lost_secret_key"],
                path=options["archive"],
                passphrase=passphrase_from(options),
                keys=options["keys"],
                keys_passphrase=passphrase_from(options, keys=True),
            )
            if planned.behind and not options["migrate"]:
                raise CommandError(
                    f"This version has {len(planned.behind)} changes of the database that the backup "
                    f"(version {planned.manifest['version']}) does not. Nothing was touched. Add --migrate to apply "
                    "them after the restore.",
                    returncode=2,
                )
            self.stdout.write("The archive is whole. Restoring.")
            self._keep(given)
            done = restore.carry_out(planned)
        except BackupProblem as problem:
            raise CommandError(str(problem), returncode=2) from problem
        rows = sum(planned.manifest["database"]["tables"].values())
        self.stdout.write(
            f"{rows} rows, {done['photos']} files of photos, {done['models']} of models are back."
        )
        if planned.behind:
            call_command("migrate", interactive=False, verbosity=0)
        else:
            guards.install()
            roles.grant_if_there()
        services.note_restore(name=options["archive"].name, rows=rows, files=done["photos"])
        erased = planned.manifest["photos"]["erased_meanwhile"]
        if erased:
            self.stdout.write(
                f"{erased} files were erased while the backup was made; fsck names their photos: erase them again."
            )
        if not planned.knows_log_keys:
            self.stdout.write(
                "Without the old secret key the lines of the log can't be checked; the check below will say so. Second "
                "factors are to be taken away with manage.py reset_second_factor, and set up anew."
            )
        self.stdout.write("Checking files and records.")
        sys.stdout.flush()
        call_command("fsck", restored=True, stdout=self.stdout)

    def _use(self, key: str) -> None:
        """Work with the key that was given, before anything is touched: as the first one where there is none."""
        if not key:
            return
        if has_secret_key():
            settings.SECRET_KEY_FALLBACKS = [*settings.SECRET_KEY_FALLBACKS, key]
        else:
            settings.SECRET_KEY = key

    def _keep(self, key: str) -> None:
        """The demo keeps its key in a file; a clinic's own installation is told where to put it."""
        if not key:
            return
        file = Path(settings.VAR_DIR) / "secret_key"
        if settings.DEMO and not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(key)
            self.stdout.write(f"The secret key is kept in {file}.")
        else:
            self.stdout.write(
                "Put that secret key into RISORIUS_OLD_SECRET_KEYS: second factors and the log need it."
            )

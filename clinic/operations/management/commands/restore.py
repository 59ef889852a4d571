"""Restores a backup into an empty database and an empty folder, then checks every file and record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.operations import services
from clinic.operations.backup import restore
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.passphrases import add_options, passphrase_from


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
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            planned = restore.plan(
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
            done = restore.carry_out(planned)
        except BackupProblem as problem:
            raise CommandError(str(problem), returncode=2) from problem
        rows = sum(planned.manifest["database"]["tables"].values())
        self.stdout.write(
            f"{rows} rows, {done['photos']} files of photos, {done['models']} of models are back."
        )
        if planned.behind:
            call_command("migrate", interactive=False, verbosity=0)
        services.note_restore(name=options["archive"].name, rows=rows, files=done["photos"])
        erased = planned.manifest["photos"]["erased_meanwhile"]
        if erased:
            self.stdout.write(
                f"{erased} files were erased while the backup was made; fsck names their photos: erase them again."
            )
        self.stdout.write("Checking files and records.")
        sys.stdout.flush()
        call_command("fsck", restored=True, stdout=self.stdout)

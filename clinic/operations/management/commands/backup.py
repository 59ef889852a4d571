"""Makes an encrypted backup of records, photos and models, or reads one back to see that it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from clinic.operations import services
from clinic.operations.backup import make, manifest
from clinic.operations.backup.envelope import Archive
from clinic.operations.backup.problems import BackupProblem
from clinic.operations.passphrases import add_options, passphrase_from
from clinic.store import keyring
from inference.pipeline.release import sha256_of


class Command(BaseCommand):
    help = "Make an encrypted backup, or check one (--check FILE). The keys of sealed photos go to their own archive."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="the folder of backups (RISORIUS_BACKUP_DIR)")
        parser.add_argument(
            "--keys-to",
            type=Path,
            help="the folder of the keys' archives; not on the same disk, best elsewhere",
        )
        parser.add_argument(
            "--without-keys", action="store_true", help="leave the keys out; they are kept elsewhere"
        )
        parser.add_argument(
            "--keep", type=int, help="so many of the newest backups stay (RISORIUS_BACKUP_KEEP)"
        )
        parser.add_argument("--unverified", action="store_true", help="don't read the archive back")
        parser.add_argument("--check", type=Path, metavar="FILE", help="read this backup and make none")
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check(options)
            else:
                self._make(options)
        except BackupProblem as problem:
            raise CommandError(str(problem), returncode=2) from problem

    def _make(self, options: dict[str, Any]) -> None:
        from django.conf import settings

        folder = options["to"] or Path(settings.BACKUP_DIR)
        keys_folder = options["keys_to"] or (
            Path(settings.BACKUP_KEYS_DIR) if settings.BACKUP_KEYS_DIR else None
        )
        if keyring.is_on() and keys_folder is None and not options["without_keys"]:
            raise CommandError(
                "The photos are sealed, and without their keys a backup of them opens nothing. Say where the keys' "
                "archive goes with --keys-to (or RISORIUS_BACKUP_KEYS_DIR), or leave them out with --without-keys.",
                returncode=2,
            )
        made = make.make(
            folder=folder,
            passphrase=make.check_passphrase(passphrase_from(options, twice=True)),
            keys_folder=None if options["without_keys"] else keys_folder,
            keys_passphrase=passphrase_from(options, keys=True),
            keep=options["keep"] or settings.BACKUP_KEEP,
            verify=not options["unverified"],
        )
        record = made.record
        self.stdout.write(
            f"{made.path}: {record.rows} rows, {record.photos} photos, {filesizeformat(record.size)}"
            + (", read back and whole." if record.verified_at else ", not read back.")
        )
        if made.keys:
            self.stdout.write(f"{made.keys}: the keys. Keep it apart from the backup.")
        if made.removed:
            self.stdout.write(f"{made.removed} old ones removed.")
        if record.missing:
            raise CommandError(
                f"{record.missing} files that rows name are not in the store, so this backup lacks them: run "
                "manage.py fsck, and keep the earlier backups.",
                returncode=1,
            )

    def _check(self, options: dict[str, Any]) -> None:
        path = options["check"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.", returncode=2)
        told = manifest.verified(Archive(path, passphrase_from(options)))
        services.backup_verified(name=path.name, sha256=sha256_of(path))
        self.stdout.write(
            self.style.SUCCESS(
                f"{path.name} is whole: {told['members']['count']} members, made {told['made_at']} by version "
                f"{told['version']}."
            )
        )

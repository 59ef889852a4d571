"""Moves photos' files into folders of two levels, or into the S3 bucket, while people go on working."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.store import relocating
from clinic.store.folders import PhotoFolders
from clinic.store.stores import StoreAway, photo_store


class Command(BaseCommand):
    help = (
        "Move photos' files to where they belong: into folders of two levels (--to folders), or from this machine's "
        "folders into the S3 bucket (--to s3). It may be stopped, and goes on from there when it is run again."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", choices=["folders", "s3"], default="folders")
        parser.add_argument("--batch", type=int, default=1000, help="files that are moved in one go")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch wants a number from 1 upwards.")
        try:
            if options["to"] == "s3":
                self._to_bucket(options["batch"])
            else:
                self._to_folders(options["batch"])
        except StoreAway as problem:
            raise CommandError(
                f"{problem.sentence} Nothing is lost: what was moved is in the bucket, the rest is in the folder. Run "
                "manage.py doctor, then this command again.",
                returncode=2,
            ) from problem

    def _to_folders(self, batch: int) -> None:
        store = photo_store()
        if not isinstance(store, PhotoFolders):
            raise CommandError("Photos go to an S3 bucket here (RISORIUS_S3_BUCKET): use --to s3.")
        done = relocating.to_two_levels(folders=store, batch=batch, report=self._report)
        self.stdout.write(self.style.SUCCESS(f"{done.moved} files moved; all lie in folders of two levels."))

    def _to_bucket(self, batch: int) -> None:
        store = photo_store()
        if isinstance(store, PhotoFolders):
            raise CommandError("No bucket is set: RISORIUS_S3_BUCKET, and restart the service first.")
        folders: PhotoFolders | None = getattr(store, "before", None)
        if folders is None or not Path(folders.location).is_dir():
            self.stdout.write("There is no folder of photos on this machine: nothing to move.")
            return
        done = relocating.to_bucket(bucket=store, folders=folders, batch=batch, report=self._report)  # type: ignore[arg-type]  # no folders: a bucket
        self.stdout.write(
            self.style.SUCCESS(
                f"{done.moved} files moved, {done.already} were in the bucket; none is left here."
            )
        )

    def _report(self, done: Any) -> None:
        self.stdout.write(f"{done.moved} files moved")
        self.stdout.flush()

"""Destroys the records of patients who asked to be forgotten, once their retention is over."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic.rights import erasure


class Command(BaseCommand):
    help = (
        "Destroy the records whose patients asked to be forgotten and whose retention is over; none under legal hold. "
        "Runs each night; by hand to see what is due (--dry-run)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is due, and destroy nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            for found in erasure.due():
                self.stdout.write(f"record {found.patient_id}: due since {found.keep_until.isoformat()}")
            return
        for found in erasure.destroy_due():
            rows = sum(count for name, count in found.destroyed.items() if name != "files")
            self.stdout.write(
                f"record {found.patient_id}: {found.destroyed['files']} files and {rows} rows destroyed"
            )

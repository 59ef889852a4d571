"""Checks that every file and record is whole, and says what to do where one is not."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from clinic.operations import selectors
from clinic.operations.fsck import run
from clinic.operations.fsck.codes import Fault, explain
from clinic.operations.models import CheckKind, IntegrityCheck
from clinic.store.stores import StoreAway

SHOWN = 20
"""Identifiers of each kind that are printed; the operations page and the table hold the rest."""
FOUND = 1
COULD_NOT_RUN = 2


class Command(BaseCommand):
    help = (
        "Check that every photo's files are present and unaltered, that no file belongs to nobody, and that no "
        "record is in a state that can't be. Ends with 0 if all is well, 1 if something is left to do, 2 if the "
        "check could not be made."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sample", type=percent, metavar="N%", help="read this share of the photos, drawn anew each time"
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="put right what is safe: small pictures, figures of lists, files that belong to nobody",
        )
        parser.add_argument("--restored", action="store_true", help="note that it follows a restore")
        parser.add_argument("--resume", action="store_true", help="go on with a check that was interrupted")

    def handle(self, *args: Any, **options: Any) -> None:
        self.seen: Counter[tuple[str, bool]] = Counter()
        try:
            check = self._check(options)
            self.verbose = options["verbosity"] > 1
            run.work(check=check, say=self._say, step=self._step)
        except DatabaseError as error:
            self.stderr.write(f"The check could not be made: the database said {type(error).__name__}.")
            self.stderr.write(
                "-> Start the database, apply its changes (manage.py migrate), and run it again."
            )
            sys.exit(COULD_NOT_RUN)
        except StoreAway as problem:
            self.stderr.write(f"The check stopped: {problem}")
            self.stderr.write("-> Run manage.py doctor, which says what to do; then manage.py fsck --resume.")
            sys.exit(COULD_NOT_RUN)
        self._conclude(check)

    def _check(self, options: dict[str, Any]) -> IntegrityCheck:
        if options["resume"]:
            found = selectors.interrupted_check(idle=None, now=timezone.now(), repairs=options["repair"])
            if found is None:
                raise CommandError("There is no interrupted check to go on with.")
            return found
        share = options["sample"] or 100
        kind = CheckKind.WHOLE if share == 100 else CheckKind.SAMPLE
        kind = CheckKind.RESTORE if options["restored"] else kind
        return run.start(kind=kind, share=share, repairs=options["repair"])

    def _say(self, found: Fault, repaired: bool) -> None:
        self.seen[(found.code, repaired)] += 1
        number = self.seen[(found.code, repaired)]
        code = explain(found.code)
        if number == 1:
            mark = self.style.SUCCESS("repaired") if repaired else self.style.ERROR("FOUND   ")
            self.stdout.write(f"{mark} {found.code}: {code.sentence}")
            if not repaired:
                self.stdout.write(f"         -> {code.remedy}")
        if number <= SHOWN and found.subject:
            self.stdout.write(f"         {found.subject}")
        elif number == SHOWN + 1:
            self.stdout.write("         and more")

    def _step(self, check: IntegrityCheck) -> None:
        if self.verbose:
            self.stdout.write(f"         {check.stage or 'done'}: {check.photos} photos, {check.files} files")

    def _conclude(self, check: IntegrityCheck) -> None:
        what = f"{check.photos} photos, {check.files} files in the store, {check.records} records"
        share = "" if check.share == 100 else f" ({check.share}% of the files)"
        self.stdout.write(f"Looked at {what}{share}.")
        if check.left:
            self.stdout.write(self.style.ERROR(f"{check.found} found, {check.repaired} repaired."))
            sys.exit(FOUND)
        words = f"All is well; {check.repaired} repaired." if check.repaired else "All is well."
        self.stdout.write(self.style.SUCCESS(words))


def percent(text: str) -> int:
    """5, 5% or 100%."""
    number = text.strip().removesuffix("%")
    if not number.isdigit() or not 1 <= int(number) <= 100:
        raise CommandError(f"--sample wants a percentage from 1 to 100, not {text!r}.")
    return int(number)

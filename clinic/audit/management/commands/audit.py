"""Seals the log, proves that nothing is missing from it, and says its head."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.audit import alterations, chain, guards, heads, statements

SHOWN = 20
LATE = 600
"""Seconds after which an event without a seal is a fault of the housekeeping."""


class Command(BaseCommand):
    help = (
        "seal: seal what waits. head: print the chain's newest position and hash, to be written down outside. "
        "publish: send it to where RISORIUS_CHAIN_HEAD_FILE and RISORIUS_CHAIN_HEAD_URL say. verify: say where the "
        "chain breaks, which records, confirmations, consents and results are not what they were, and which numbers "
        "of lines are missing; the exit status is 1 if anything is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["seal", "head", "publish", "verify"])
        parser.add_argument("--from", type=int, default=1, dest="first", help="begin at this position")
        parser.add_argument(
            "--head", default="", help="a head written down earlier (POSITION:HASH), which must still stand"
        )
        parser.add_argument(
            "--heads",
            type=Path,
            help="a file that holds such heads, as RISORIUS_CHAIN_HEAD_FILE or log lines do; all must stand",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _seal(self, options: dict[str, Any]) -> None:
        done = chain.seal_all() + chain.seal(everything=True)
        self.stdout.write(f"{done} events sealed, up to {chain.state().head}")

    def _head(self, options: dict[str, Any]) -> None:
        self.stdout.write(chain.state().head)

    def _publish(self, options: dict[str, Any]) -> None:
        told = heads.publish()
        self.stdout.write(chain.state().head)
        failed = [place for place, took in told.items() if not took]
        if failed:
            self.stderr.write(self.style.ERROR(f"Not taken by: {', '.join(failed)}"))
            sys.exit(1)

    def _heads(self, options: dict[str, Any]) -> list[str]:
        if options["heads"] is None:
            return [options["head"].strip()] if options["head"] else []
        try:
            found = list(heads.read(options["heads"].read_text().splitlines()))
        except OSError as error:
            raise CommandError(f"The file of heads can't be read: {error.strerror}.") from error
        if not found:
            raise CommandError("The file holds no head (POSITION:HASH).")
        return found

    def _missing(self) -> Iterator[str]:
        """Numbers without a line, statements that no line tells of, records that are not what history says."""
        for gap in chain.gaps():
            if not gap.noted:
                yield f"{gap}: its line was removed, or its transaction taken back within the last minutes"
        for statement in statements.STATEMENTS:
            for pk in statements.unlogged(statement) if statement.logged else ():
                yield f"{statement.name} {pk}: no line of the log tells of it, or of its end"
        for name, stray, what in alterations.strays():
            yield f"{name} {stray}: {what}"

    def _verify(self, options: dict[str, Any]) -> None:
        breaks = itertools.chain(map(str, chain.verify(first=options["first"])), self._missing())
        found = list(itertools.islice(breaks, SHOWN))
        more = sum(1 for _ in breaks)
        if more:
            found.append(f"and {more} more places")
        found += [
            f"the head {head[:20]} that was written down is not in the chain: it was cut or written anew"
            for head in heads.torn(self._heads(options))
        ]
        found += [f"the table {table} is not guarded: run migrate" for table in guards.missing()]
        state = chain.state()
        if state.longest_wait > LATE:
            found.append(
                f"{state.waiting} events are not sealed, the oldest for {state.longest_wait:.0f} s: run audit seal"
            )
        noted = sum(gap.last - gap.first + 1 for gap in chain.gaps() if gap.noted)
        if noted:
            self.stdout.write(f"{noted} numbers have no line, as the log itself noted in their time.")
        for line in found:
            self.stderr.write(self.style.ERROR(line))
        if found:
            sys.exit(1)
        self.stdout.write(
            self.style.SUCCESS(f"The log is whole: {state.head}; {state.waiting} wait for their seal.")
        )

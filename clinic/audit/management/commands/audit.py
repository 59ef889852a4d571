"""Seals the log, proves that nothing is missing from it, and says its head."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic.audit import chain, guards

SHOWN = 20
LATE = 600
"""Seconds after which an event without a seal is a fault of the housekeeping."""


class Command(BaseCommand):
    help = (
        "seal: seal what waits. head: print the chain's newest position and hash, to be written down outside. "
        "verify: say where the chain breaks; the exit status is 1 if it does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["seal", "head", "verify"])
        parser.add_argument("--from", type=int, default=1, dest="first", help="begin at this position")
        parser.add_argument(
            "--head", default="", help="a head written down earlier (POSITION:HASH), which must still stand"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _seal(self, options: dict[str, Any]) -> None:
        done = chain.seal_all() + chain.seal(everything=True)
        self.stdout.write(f"{done} events sealed, up to {chain.state().head}")

    def _head(self, options: dict[str, Any]) -> None:
        self.stdout.write(chain.state().head)

    def _verify(self, options: dict[str, Any]) -> None:
        breaks = chain.verify(first=options["first"])
        found = [str(one) for one in itertools.islice(breaks, SHOWN)]
        more = sum(1 for _ in breaks)
        if more:
            found.append(f"and {more} more places")
        if options["head"] and not chain.stands(head=options["head"]):
            found.append("the head that was written down is not in the chain: it was cut or written anew")
        found += [f"the table {table} is not guarded: run migrate" for table in guards.missing()]
        state = chain.state()
        if state.longest_wait > LATE:
            found.append(
                f"{state.waiting} events are not sealed, the oldest for {state.longest_wait:.0f} s: run audit seal"
            )
        for line in found:
            self.stderr.write(self.style.ERROR(line))
        if found:
            sys.exit(1)
        self.stdout.write(
            self.style.SUCCESS(f"The log is whole: {state.head}; {state.waiting} wait for their seal.")
        )

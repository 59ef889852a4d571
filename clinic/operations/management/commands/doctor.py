"""Looks whether this installation is fit to work, and says what to do where it is not."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.core.checks import CheckMessage, run_checks
from django.core.management.base import BaseCommand

from clinic.operations.checks import installation as checks


class Command(BaseCommand):
    help = "Check folders, models, database, broker, secret and clock, with a remedy for each problem."
    # It runs them itself, and must speak also when one would stop any other command.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        before = logging.root.manager.disable
        logging.disable(logging.CRITICAL)  # what goes wrong is said below, once
        try:
            self._examine()
        finally:
            logging.disable(before)

    def _examine(self) -> None:
        found: list[CheckMessage] = []
        for examination in checks.EXAMINATIONS:
            messages = examination.look()
            found += messages
            mark = self.style.SUCCESS("ok     ") if not messages else self.style.ERROR("PROBLEM")
            self.stdout.write(f"{mark} {examination.name}")
            self._explain(messages)
        known = {message.id for message in found}
        others = [m for m in run_checks() if m.id not in known and not m.is_silenced()]
        if others:
            self.stdout.write(self.style.WARNING("Django says"))
            self._explain(others)
        problems = len(found) + len([m for m in others if m.is_serious()])
        if problems:
            self.stdout.write(self.style.ERROR(f"{problems} to settle."))
            sys.exit(1)
        self.stdout.write(self.style.SUCCESS("Fit to work."))

    def _explain(self, messages: list[CheckMessage]) -> None:
        for message in messages:
            self.stdout.write(f"        {message.msg}")
            if message.hint:
                self.stdout.write(f"        -> {message.hint}")

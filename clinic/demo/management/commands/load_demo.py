"""Loads the demo clinic and shows how its photos are analysed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic.accounts.models import Role
from clinic.demo import loader, people

PATIENCE = 60.0
"""Seconds without a single result after which the command stops watching."""
BAR = 30


class Command(BaseCommand):
    help = "Load the demo clinic, as far as it is not there yet, and watch its photos being analysed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--photos", type=Path, default=loader.PHOTOS, help="folder with manifest.json")
        parser.add_argument("--no-wait", action="store_true", help="do not wait for the analyses")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            stored = loader.load(folder=options["photos"], report=self._loaded)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        except FileNotFoundError as error:
            raise CommandError(f"The demo's photos are incomplete: {error.filename} is missing.") from error
        if stored:
            self.stdout.write(f"Demo clinic: {stored} photos stored in {time.monotonic() - started:.0f} s.")
        self._logins()
        if not options["no_wait"]:
            self._watch()
            loader.confirm_earlier(folder=options["photos"])

    def _loaded(self, name: str) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\rLoading: {name:<40}", ending="")
            self.stdout.flush()

    def _logins(self) -> None:
        self.stdout.write(f"\r{'':<60}\rLog in with the password {people.PASSWORD} as")
        for login in people.LOGINS:
            note = f"{Role(login.role).label}, {people.CLINICS[login.clinic]}"
            self.stdout.write(f"  {login.email:<32} {note}")

    def _watch(self) -> None:
        """A bar until the last photo is analysed; the worker goes on without it."""
        moved, last = time.monotonic(), -1
        while True:
            done, total = loader.open_analyses()
            if done != last:
                moved, last = time.monotonic(), done
                self._bar(done, total)
            if done >= total:
                return
            if time.monotonic() - moved > PATIENCE:
                self.stdout.write(
                    self.style.WARNING(
                        f"\nNo result for {PATIENCE:.0f} s; is the worker running? The photos wait."
                    )
                )
                return
            time.sleep(0.3)

    def _bar(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            full = BAR * done // max(total, 1)
            self.stdout.write(
                f"\r[{'#' * full}{'.' * (BAR - full)}] {done} of {total} photos analysed ", ending=""
            )
            self.stdout.write("\n" if done >= total else "", ending="")
            self.stdout.flush()
        elif done in (1, total) or done % 50 == 0:
            self.stdout.write(f"{timezone.localtime():%H:%M:%S} {done} of {total} photos analysed")

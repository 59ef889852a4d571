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
    # `migrate` ran them a moment ago, and a second start is to be quick.
    requires_system_checks: list[str] = []
    help = "Load the demo clinic, as far as it is not there yet, and watch its photos being analysed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--photos", type=Path, default=loader.PHOTOS, help="folder with manifest.json")
        parser.add_argument("--no-wait", action="store_true", help="do not wait for the analyses")

    def handle(self, *args: Any, **options: Any) -> None:
        folder, self.last = options["photos"], (-1, -1)
        try:
            loader.staff()
            self._logins()
            loader.load(folder=folder, report=self._stored)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        except FileNotFoundError as error:
            raise CommandError(f"The demo's photos are incomplete: {error.filename} is missing.") from error
        if not options["no_wait"]:
            self._watch(folder)

    def _logins(self) -> None:
        self.stdout.write(f"Log in with the password {people.PASSWORD} as")
        for login in people.LOGINS:
            note = f"{Role(login.role).label}, {people.CLINICS[login.clinic]}"
            self.stdout.write(f"  {login.email:<32} {note}")

    def _stored(self, total: int) -> None:
        self._show(loader.open_analyses()[0], total)

    def _watch(self, folder: Path) -> None:
        """A bar until the last photo is analysed; the worker goes on without it."""
        moved, before = time.monotonic(), -1
        while True:
            done, total = loader.open_analyses()
            loader.confirm_earlier(folder=folder)
            self._show(done, total)
            if done >= total:
                loader.put_points_right(folder=folder)
                loader.read_again(folder=folder)
                return
            if done != before:
                moved, before = time.monotonic(), done
            if time.monotonic() - moved > PATIENCE:
                self._complain()
                return
            time.sleep(0.5)

    def _complain(self) -> None:
        self.stdout.write(
            self.style.WARNING(f"\nNo result for {PATIENCE:.0f} s; is the worker running? The photos wait.")
        )

    def _show(self, done: int, total: int) -> None:
        """One line that is overwritten on a terminal; in a log, one line now and then."""
        if (done, total) == self.last:
            return
        before, self.last = self.last, (done, total)
        if self.stdout.isatty():
            full = BAR * done // max(total, 1)
            end = "\n" if done >= total else ""
            self.stdout.write(
                f"\r[{'#' * full}{'.' * (BAR - full)}] {done} of {total} photos analysed ", ending=end
            )
            self.stdout.flush()
        elif done >= total or done // 50 > before[0] // 50 or before[0] <= 0 < done:
            self.stdout.write(f"{timezone.localtime():%H:%M:%S} {done} of {total} photos analysed")

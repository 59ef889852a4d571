"""Makes, lists, changes and destroys the keys by which photos are encrypted at rest."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.accounts.models import Clinic
from clinic.store import keyring
from clinic.store.keyring import KeyMissing
from clinic.store.stores import StoreAway
from clinic.visits import rekeying
from inference.management.commands.analyse_photos import ProgressBar


class Command(BaseCommand):
    help = (
        "Keys of photos at rest. master: make a master key. create: a clinic's first key. list: keys and how many "
        "files need each. encrypt: seal what lies plain, or go on where a run was stopped. rotate: a new key, and all "
        "files sealed by it. rewrap: the same keys under another master key. destroy: make a clinic's photos "
        "unreadable for ever. docs/privacy.md says what they protect from."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        master = steps.add_parser("master", help="write a new master key to a file that only you can read")
        master.add_argument("--out", type=Path, required=True)
        for name, about in (
            ("create", "make the first key of a clinic"),
            ("encrypt", "seal all files by the key in use"),
            ("rotate", "make a new key and seal all files by it"),
        ):
            step = steps.add_parser(name, help=about)
            _which(step)
        steps.add_parser("list", help="each clinic's keys")
        rewrap = steps.add_parser("rewrap", help="wrap the clinics' keys by the present master key")
        rewrap.add_argument("--old", type=Path, required=True, help="file of the master key so far")
        destroy = steps.add_parser("destroy", help="destroy a clinic's keys, and so all its photos")
        destroy.add_argument("--clinic", type=uuid.UUID, required=True)
        destroy.add_argument("--name", required=True, help="the clinic's name, to be sure")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["step"] == "master":
            self._master(options["out"])
            return
        if not keyring.is_on():
            raise CommandError("RISORIUS_KEYS_DIR is not set: this installation keeps photos as they are.")
        try:
            getattr(self, f"_{options['step']}")(options)
        except KeyMissing as error:
            raise CommandError(str(error)) from error
        except StoreAway as error:
            raise CommandError(
                f"{error} No key was destroyed. Run manage.py doctor, then this command again: it goes on from here."
            ) from error

    def _master(self, out: Path) -> None:
        try:
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(keyring.new_master() + "\n")
        except FileExistsError as error:
            raise CommandError(f"{out} is there already. Name a file that is not.") from error
        except OSError as error:
            raise CommandError(f"{out} can't be written: {error.strerror}.") from error
        self.stdout.write(
            f"{out} holds the master key. Set RISORIUS_MASTER_KEY_FILE to it, and keep a copy apart from the backups: "
            "without it no photo can be opened."
        )

    def _create(self, options: dict[str, Any]) -> None:
        for clinic in _clinics(options):
            try:
                key = rekeying.create(clinic=clinic)
            except ValueError:
                self.stdout.write(f"{clinic.pk}  has a key already")
            else:
                self.stdout.write(self.style.SUCCESS(f"{clinic.pk}  key {key} made"))

    def _list(self, options: dict[str, Any]) -> None:
        needed = rekeying.uses()
        for clinic in Clinic.objects.order_by("name"):
            self.stdout.write(f"{clinic.pk}  {clinic.name}")
            try:
                state = keyring.state_of(clinic.pk)
            except KeyMissing as error:
                self.stdout.write(self.style.ERROR(f"  {error} Its photos can be neither stored nor shown."))
                continue
            for key, made in keyring.keys_of(clinic.pk).items():
                use = "in use" if key == state.key_id else "older"
                self.stdout.write(
                    f"  {key}  {made[:10]}  {use}, {needed[key]} files{self._opens(clinic, key)}"
                )
            if state.plain_allowed:
                self.stdout.write("  files without a seal are still believed: run manage.py keys encrypt")
        if needed[None]:
            self.stdout.write(f"{needed[None]} files lie plain")

    def _opens(self, clinic: Clinic, key: uuid.UUID) -> str:
        try:
            keyring.key(clinic.pk, key)
        except KeyMissing as error:
            return self.style.ERROR(f": {error}")
        return ""

    def _encrypt(self, options: dict[str, Any]) -> None:
        self._seal(rekeying.seal_all, options)

    def _rotate(self, options: dict[str, Any]) -> None:
        self._seal(rekeying.rotate, options)

    def _seal(self, run: Any, options: dict[str, Any]) -> None:
        incomplete = False
        for clinic in _clinics(options):
            bar: list[ProgressBar] = []

            def report(done: int, total: int, bar: list[ProgressBar] = bar) -> None:
                if not bar:
                    bar.append(ProgressBar(total, sys.stderr))
                bar[0].advance()

            outcome = run(clinic=clinic, report=report)
            if bar:
                bar[0].clear()
            self.stdout.write(
                f"{clinic.pk}  {outcome.sealed} files sealed, {outcome.already} were already; "
                f"{outcome.retired} older keys destroyed"
            )
            if outcome.kept:
                self.stdout.write(f"  {outcome.kept} older keys stay: files still need them")
            for reason, count in (outcome.left or {}).items():
                self.stdout.write(self.style.ERROR(f"  {count} files left as they are: {reason}"))
            incomplete |= not outcome.complete
        if incomplete:
            raise CommandError(
                "Not every file could be sealed; no key was destroyed. Run it again once it can."
            )

    def _rewrap(self, options: dict[str, Any]) -> None:
        try:
            old = keyring.master_from(options["old"].read_text())
        except OSError as error:
            raise CommandError(f"{options['old']} can't be read: {error.strerror}.") from error
        for clinic in Clinic.objects.order_by("name"):
            self.stdout.write(
                f"{clinic.pk}  {keyring.rewrap(clinic.pk, old)} keys under the present master key"
            )

    def _destroy(self, options: dict[str, Any]) -> None:
        clinic = Clinic.objects.filter(pk=options["clinic"]).first()
        if clinic is None or clinic.name != options["name"]:
            raise CommandError("There is no clinic of this identifier and this name. Nothing was destroyed.")
        gone = rekeying.destroy(clinic=clinic)
        self.stdout.write(
            f"{clinic.pk}  {gone} keys destroyed: the clinic's sealed photos can't be opened again"
        )


def _which(step: CommandParser) -> None:
    group = step.add_mutually_exclusive_group(required=True)
    group.add_argument("--clinic", type=uuid.UUID)
    group.add_argument("--all", action="store_true", help="all clinics, one after the other")


def _clinics(options: dict[str, Any]) -> Iterable[Clinic]:
    found = Clinic.objects.order_by("name")
    if not options["all"]:
        found = found.filter(pk=options["clinic"])
        if not found:
            raise CommandError("There is no such clinic.")
    return found

"""manage.py model: let a release in, use it, run it beside, retire it, and see what was done."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from inference import selectors
from inference.models import ReleaseState
from inference.releases import registry
from inference.releases import services as releases
from inference.releases.admission import Refused

SAID = {
    "register": "{name} is registered. Nothing uses it yet: model shadow {name}, or model activate {name}.",
    "activate": "{name} analyses new photos from now on. Results that are there stay as they are.",
    "shadow": "{name} runs beside the release in use from now on; its results are shown to nobody.",
    "retire": "{name} is retired. Its results stay with their photos.",
}


class Command(BaseCommand):
    help = "Let a model release in, use it, run it beside the one in use, retire it; list what was done."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        texts = {
            "register": "check a folder in the artifacts directory and let the release in",
            "activate": "use a registered release for all new photos",
            "shadow": "run a registered release beside the one in use, its results unseen",
            "retire": "use a release no more",
        }
        for act, text in texts.items():
            sub = acts.add_parser(act, help=text, description=text.capitalize() + ".")
            if act == "register":
                sub.add_argument("folder", type=Path, metavar="FOLDER")
            else:
                sub.add_argument("name", metavar="NAME")
            sub.add_argument("--why", default="", help="the reason, kept with the change")
            sub.add_argument("--by", default="", help="who decides; without it, the account on this machine")
        acts.add_parser("list", help="the releases, their states, and what was done to them")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "list":
                self._list()
            else:
                self._act(options)
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {str(error).splitlines()[0]}") from error

    def _act(self, options: dict[str, Any]) -> None:
        act, note = options["act"], {"by": options["by"] or account(), "why": options["why"]}
        try:
            if act == "register":
                done = releases.register(folder=options["folder"], **note)
            else:
                done = getattr(releases, act)(name=options["name"], **note)
        except Refused as refused:
            raise CommandError(f"Refused: {refused} Nothing was changed.") from refused
        self.stdout.write(self.style.SUCCESS(SAID[act].format(name=done.name)))
        if act == "retire":
            registry.forget()
            self.stdout.write(f"In use: {registry.active().name}.")

    def _list(self) -> None:
        registry.forget()
        current, default = registry.active(), registry.default_name()
        rows = selectors.registered()
        if current.name not in {row.name for row in rows}:
            self.stdout.write(f"{current.name:<24} in use, as shipped (no other release was activated here)")
        for row in rows:
            notes = ["" if registry.installed(row.name) else "its folder is gone"]
            notes.append("as shipped" if row.name == default else "")
            state = {
                ReleaseState.REGISTERED: "registered",
                ReleaseState.ACTIVE: "in use",
                ReleaseState.SHADOW: "shadow",
                ReleaseState.RETIRED: "retired",
            }[ReleaseState(row.state)]
            if row.name == current.name and row.state != ReleaseState.ACTIVE:
                notes.append("in use, since no release was activated here")
            extra = ", ".join(filter(None, notes))
            self.stdout.write(
                f"{row.name:<24} {state}{f' ({extra})' if extra else ''}  {row.fingerprint[:12]}"
            )
            for change in row.changes.all():
                what = f"{change.photos} photos queued" if change.photos is not None else change.after
                why = f": {change.why}" if change.why else ""
                self.stdout.write(f"    {change.at:%Y-%m-%d %H:%M} UTC  {what}, by {change.by}{why}")
        for problem in current.problems:
            self.stdout.write(self.style.WARNING(f"{current.name} can't be used: {problem.detail}"))


def account() -> str:
    """Who typed the command, as this machine knows them."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"

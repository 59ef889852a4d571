"""manage.py reanalyse: send a release over old photos, behind whatever patients wait for."""

from __future__ import annotations

import datetime as dt
import sys
import time
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic.accounts.models import Clinic
from inference.jobs import backlog
from inference.releases import reanalysis
from inference.releases import services as releases
from inference.releases.admission import Refused
from inference.releases.reanalysis import BacklogProgress

from .analyse_photos import ProgressBar as Bar
from .model import account

BATCH = 500
POLL = 0.5
PATIENCE = 120.0
"""Seconds without any photo done after which the command stops watching; the jobs stay."""


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date; write it as 2026-11-30") from None


def _clinic(text: str) -> uuid.UUID:
    try:
        found = Clinic.objects.filter(pk=uuid.UUID(text)).exists()
    except ValueError:
        found = False
    if not found:
        raise CommandError(f"There is no clinic {text}.")
    return uuid.UUID(text)


class Command(BaseCommand):
    help = (
        "Send a release over old photos, newest first. Old results stay. Photos that it has seen are left out, so "
        "the command can be cut off and typed again; photos of patients without consent in force are left out too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--release", required=True, metavar="NAME", help="in use, or a shadow")
        parser.add_argument("--clinic", metavar="ID", help="only this clinic's photos")
        parser.add_argument(
            "--since", type=_day, metavar="DATE", help="only photos taken on this day or later"
        )
        parser.add_argument("--limit", type=int, metavar="N", help="at most so many photos")
        parser.add_argument("--no-wait", action="store_true", help="queue them and return")
        parser.add_argument("--by", default="", help="who decides; without it, the account on this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        release = options["release"]
        try:
            purpose = reanalysis.purpose_of(release=release)
        except Refused as refused:
            raise CommandError(f"Refused: {refused} Nothing was queued.") from refused
        clinic = _clinic(options["clinic"]) if options["clinic"] else None
        wanted = reanalysis.left(
            reanalysis.photos(clinic=clinic, since=options["since"]), release=release, purpose=purpose
        )
        allowed = reanalysis.with_consent(wanted)
        refused_count = wanted.count() - allowed.count()
        if refused_count:
            self.stdout.write(
                f"{refused_count} photos are left out: their patients' consent to the clinical record is not in force."
            )
        before = reanalysis.progress(release=release, purpose=purpose)
        if before.total > before.done:
            self.stdout.write(f"{before.total - before.done} photos of an earlier call are still waiting.")
        ids = list(allowed.values_list("pk", flat=True)[: options["limit"]])
        self._queue(ids, release, purpose, options["by"] or account())
        if options["no_wait"]:
            self.stdout.write("The worker takes them whenever no patient's photo waits.")
            return
        try:
            self._follow(release, purpose, before)
        except KeyboardInterrupt:
            self.stdout.write("It goes on by itself; the same command shows how far it is.")

    def _queue(self, ids: list[uuid.UUID], release: str, purpose: str, by: str) -> None:
        for start in range(0, len(ids), BATCH):
            backlog.add(photo_ids=ids[start : start + BATCH], release=release, purpose=purpose)
        if ids:
            releases.note_reanalysis(name=release, photos=len(ids), by=by)
        self.stdout.write(f"{len(ids)} photos queued for release {release}.")

    def _follow(self, release: str, purpose: str, before: BacklogProgress) -> None:
        """Draw what is done of the jobs that were open at the start, until all are."""
        now = reanalysis.progress(release=release, purpose=purpose)
        total, shown = now.total - before.done, 0
        if not total:
            return
        moved = time.monotonic()
        with Bar(total, sys.stderr) as bar:
            while shown < total:
                now = reanalysis.progress(release=release, purpose=purpose)
                if now.done - before.done > shown:
                    moved = time.monotonic()
                for _ in range(now.done - before.done - shown):
                    bar.advance()
                    shown += 1
                if shown < total and time.monotonic() - moved > PATIENCE:
                    break
                if shown < total:
                    time.sleep(POLL)
        if shown < total:
            raise CommandError(
                f"{total - shown} photos still wait and nothing has moved for {PATIENCE:.0f} s. Is a worker running? "
                "They stay queued."
            )
        parts = ("succeeded", "rejected", "failed", "cancelled")
        said = ", ".join(
            f"{count} {part}" for part in parts if (count := getattr(now, part) - getattr(before, part))
        )
        self.stdout.write(f"Done: {said}.")

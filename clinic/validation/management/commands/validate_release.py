"""manage.py validate_release: the release in use on a clinic's own labelled photos, and the card that says how good."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.validation import acceptance, labelled
from clinic.validation.acceptance_card import altered, card_of, page_of
from inference.batch import hushed
from inference.pipeline import Analyser
from inference.pipeline.errors import PipelineError
from inference.releases import registry

HELP = """Run a folder of labelled photos through the release in use, and write a signed card.

FOLDER/labels.csv has one line a photo: file, person, label (healthy or palsy) and, where known, view, side, grade, and
columns group_… for subgroups. People are what is counted; fewer than ten are refused. No patient record is written, no
photo copied, and the card names neither files nor people.

    manage.py validate_release FOLDER --out CARD.json --by "Name"     writes CARD.json and CARD.md
    manage.py validate_release --verify CARD.json                     says whether it is as it was signed

Exit status: 0 if it was done, or the card is as it was signed; 1 if the card was altered; 2 if nothing was done."""
MOST_BYTES_OF_CARD = 4 * 1024**2


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=Path, metavar="FOLDER", help="with labels.csv and the photos"
        )
        parser.add_argument("--out", type=Path, metavar="CARD.json", help="the card; its page is CARD.md")
        parser.add_argument("--by", default="", metavar="NAME", help="who answers for the set")
        parser.add_argument("--verify", type=Path, metavar="CARD.json", help="a card that was made before")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verify"] is not None:
            self._verify(options["verify"])
            return
        folder, out = options["folder"], options["out"]
        if folder is None or out is None:
            raise CommandError("Name the folder, and with --out where the card goes.", returncode=2)
        if out.suffix != ".json" or out.exists() or out.with_suffix(".md").exists():
            raise CommandError("--out names a .json file that is not there yet, nor its page.", returncode=2)
        if not folder.is_dir() or not out.parent.is_dir():
            raise CommandError("There is no such folder.", returncode=2)
        try:
            card = self._card(
                folder.resolve(), options["by"].strip() or getpass.getuser(), options["verbosity"]
            )
        except labelled.LabelsRefused as error:
            raise CommandError("Nothing was run:\n  " + "\n  ".join(error.lines), returncode=2) from error
        except PipelineError as error:
            raise CommandError(str(error), returncode=2) from error
        _write(out, json.dumps(card, indent=1, ensure_ascii=False) + "\n")
        _write(out.with_suffix(".md"), page_of(card))
        self.stdout.write(page_of(card))

    def _card(self, folder: Path, by: str, verbosity: int) -> dict[str, Any]:
        known = labelled.read(folder)
        if len(known.people) < acceptance.LEAST_PEOPLE:
            # Said before a model is loaded.
            acceptance.run(labelled=known, folder=folder, analyse=_never, parameters={}, uses_reference=False)
        info = registry.active()
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        quiet = contextlib.nullcontext if verbosity > 1 else hushed
        with quiet():
            analyser = Analyser(settings.MODEL_ARTIFACTS_DIR, threads=os.cpu_count() or 1, name=info.name)
            ran = acceptance.run(
                labelled=known,
                folder=folder,
                analyse=analyser.analyse,
                parameters=analyser.release.visit,
                uses_reference=analyser.uses_reference,
            )
        release = {
            "name": info.name,
            "fingerprint": registry.fingerprint(info.folder) if info.folder else "",
            "files": dict(info.files),
        }
        return card_of(
            ran=ran,
            release=release,
            labels_sha256=known.labels_sha256,
            by=by,
            at=timezone.now().isoformat(timespec="seconds"),
            program=settings.VERSION,
        )

    def _verify(self, path: Path) -> None:
        try:
            if path.stat().st_size > MOST_BYTES_OF_CARD:
                raise CommandError("This is no acceptance card.", returncode=2)
            card = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError("The card can't be read.", returncode=2) from error
        if why := altered(card):
            raise CommandError(why, returncode=1)
        self.stdout.write(
            f"As it was signed: release {card['release']['name']}, {card['set']['people']} people, "
            f"{card['made_at']}, {card['made_by']}."
        )


def _never(*_: Any) -> Any:
    raise AssertionError("Nothing is analysed.")


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)

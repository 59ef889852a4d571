"""manage.py analyse_photos: the pipeline on files and folders, without a database."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference import batch
from inference.pipeline import Analyser
from inference.pipeline.errors import PipelineError

HELP = """Analyse photos of one face each: which exercise, palsy or not, weak side, grade, symmetry.

No database is read or written. Folders are searched with what lies below them. A photo that can't be judged
is "rejected", one that can't be read is "failed", each with a reason; the others go on. "-" reads one photo from
standard input.

With --json each line is one object; "format" counts up where a program that reads them would have to change (now 2).
"file" is the name as it was found; where it is no UTF-8, its bytes stand in "file_base64".

Exit status: 0 if every photo was read, rejected ones included; 1 if any failed; 2 if nothing could be done
(no photo found, models missing or altered, wrong arguments)."""


class Command(BaseCommand):
    help = HELP
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "paths", nargs="+", metavar="PATH", help="a photo, a folder of them, or - for standard input"
        )
        parser.add_argument(
            "--rest",
            type=Path,
            metavar="PATH",
            help="a photo of the same person at rest, beside which the others are judged",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        found = batch.search(options["paths"])
        total = len(found.files) + len(found.unreadable)
        if not total:
            raise CommandError("No photo was found there.", returncode=2)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # LiteRT's native code talks to stderr
        chatter = options["verbosity"] > 1
        rest = options["rest"]
        if rest is not None and not rest.is_file():
            raise CommandError("The photo at rest was not found.", returncode=2)
        try:
            with contextlib.nullcontext() if chatter else batch.hushed():
                analyser = Analyser(settings.MODEL_ARTIFACTS_DIR, threads=os.cpu_count() or 1)
        except PipelineError as error:
            raise CommandError(str(error), returncode=2) from error
        write = self._json if options["json"] else self._line
        if not options["json"]:
            self.stdout.write(HEADER)
        rows = []
        with ProgressBar(total, sys.stderr, shown=options["verbosity"] > 0) as progress:
            for row in batch.analyse_all(analyser, found, rest=rest, chatter=chatter):
                progress.clear()
                write(row)
                progress.advance()
                rows.append((row["status"], row["milliseconds"]))
        self.stderr.write(_summary(rows, analyser.release.name))
        if any(status == "failed" for status, _ in rows):
            raise SystemExit(1)

    def _json(self, row: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(row, ensure_ascii=False))

    def _line(self, row: dict[str, Any]) -> None:
        self.stdout.write(_line(row))
        self.stdout.write(f"  {row['sentence']}")


COLUMNS = ((38, "file"), (16, "result"), (18, "exercise"), (7, "palsy"), (6, "weak"), (6, "grade"),
           (18, "brow eye mouth"), (6, "ms"))  # fmt: skip
HEADER = " ".join(name.ljust(width) for width, name in COLUMNS)
ROMAN = ("", "I", "II", "III", "IV", "V", "VI")


def _line(row: dict[str, Any]) -> str:
    """One photo as a line of the table."""
    cells = [
        _shortened(_printable(row["file"]), COLUMNS[0][0]),
        row["reason"] or row["status"],
        "",
        "",
        "",
        "",
        "",
    ]
    if row["status"] == "succeeded":
        exercise = row["exercise"]
        regions = [(row["symmetry"] or {}).get(region) or {} for region in ("brow", "eye", "mouth")]
        cells[1:] = [
            "uncertain" if row["palsy_verdict"] == "uncertain" else row["status"],
            " ".join(filter(None, (exercise, _figure(row["exercise_probabilities"].get(exercise))))) or "-",
            _figure(row["palsy_probability"]) or "-",
            row["weak_side"] or "-",
            ROMAN[row["grade"]] if row["grade"] else "-",
            " ".join(_figure(region.get("ratio")) or "-" for region in regions),
        ]
    cells.append(f"{row['milliseconds']:.0f}")
    return " ".join(str(cell).ljust(width) for cell, (width, _) in zip(cells, COLUMNS, strict=True)).rstrip()


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _printable(name: str) -> str:
    """A name on one line, whatever is in it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[1 - width :]


def _summary(rows: list[tuple[str, float]], release: str) -> str:
    counts = Counter(status for status, _ in rows)
    middle = statistics.median(milliseconds for _, milliseconds in rows)
    said = ", ".join(
        f"{counts[status]} {status}" for status in ("succeeded", "rejected", "failed") if counts[status]
    )
    return f"{len(rows)} photos: {said}; median {middle:.0f} ms; model release {release}"


class ProgressBar:
    """A bar with count, rate and time left on a terminal; elsewhere a line at each tenth."""

    def __init__(self, total: int, stream: TextIO, shown: bool = True, unit: str = "photos") -> None:
        self.total, self.done, self.stream, self.unit = total, 0, stream, unit
        self.shown = shown and stream.isatty()
        self.lines = shown and not self.shown
        self.start = time.monotonic()

    def __enter__(self) -> ProgressBar:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def advance(self) -> None:
        """One more is done."""
        self.done += 1
        self._draw()

    def clear(self) -> None:
        """Make room for a line of results."""
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _draw(self) -> None:
        if self.lines and 10 * self.done // self.total > 10 * (self.done - 1) // self.total:
            self.stream.write(f"{self.done}/{self.total} {self.unit}\n")
        if not self.shown:
            return
        rate = self.done / max(1e-6, time.monotonic() - self.start)
        text = f" {self.done}/{self.total}"
        if self.done:
            text += f", {rate:.1f} a second, {(self.total - self.done) / rate:.0f} s left"
        room = max(10, min(40, shutil.get_terminal_size().columns - len(text) - 3))
        full = room * self.done // self.total
        self.stream.write(f"\r\x1b[K[{'#' * full}{'.' * (room - full)}]{text}")
        self.stream.flush()

"""Scores one clinical scale from the command line: no record is read or written."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.examination.scales import BY_CODE, Score, WrongAnswers

WRONG = 2
"""Exit code where scale or answers are wrong."""


class Command(BaseCommand):
    help = (
        "Score a clinical scale. Reads its answers as JSON, from a file or the standard input, and prints sub-scores, "
        "total and what is missing as JSON. Without a total something is missing: nothing is pro-rated."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scale", help=f"one of {', '.join(BY_CODE)}")
        parser.add_argument(
            "file", nargs="?", default="-", help="JSON object of item and answer; - for stdin"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        scale = BY_CODE.get(options["scale"])
        if scale is None:
            raise _wrong(f"There is no scale “{options['scale']}”. There are: {', '.join(BY_CODE)}.")
        try:
            score = scale.score(_answers(options["file"]))
        except WrongAnswers as error:
            raise _wrong("\n".join(error.problems.values())) from error
        self.stdout.write(json.dumps(_as_data(score), indent=2, ensure_ascii=False))


def _answers(place: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if place == "-" else Path(place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{place} can't be read as a text file.") from error
    try:
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise _wrong(f"That is no JSON: {error.msg} in line {error.lineno}.") from error
    except RecursionError as error:
        raise _wrong("That is no object of item and answer.") from error
    if not isinstance(found, dict):
        raise _wrong('Give an object of item and answer, such as {"rest_eye": "normal"}.')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An item answered twice is no answer."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, _value in pairs if [one for one, _v in pairs].count(key) > 1)
        raise _wrong(f"“{twice}” is answered twice.")
    return found


def _no_number(name: str) -> float:
    """NaN and the infinities, which JSON doesn't have."""
    return math.nan if name == "NaN" else math.copysign(math.inf, -1 if name.startswith("-") else 1)


def _as_data(score: Score) -> dict[str, Any]:
    return {
        "scale": score.scale,
        "version": score.version,
        "sub_scores": score.sub_scores,
        "total": score.total,
        "missing": list(score.missing),
        "uncounted": list(score.uncounted),
        "derived": score.derived,
    }


def _wrong(text: str) -> CommandError:
    return CommandError(text, returncode=WRONG)

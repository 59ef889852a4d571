"""Measure the way from upload to result: python -m tests.servers python -m tests.bench; see `make bench`.

The worker and the bare pipeline take turns, so that a machine with other work to do slows both alike. One table, with
the aim beside each figure that has one; ends with 1 if one is missed twofold.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 5
WINDOW = 6.0
"""Seconds for which an import runs alone, and as long beside single uploads, in turns."""
EVERY = 0.7
"""Seconds between single uploads."""


@dataclass(frozen=True)
class Figure:
    """One row. aim: where there is one; `most` says whether it is the most or the least that is wanted."""

    name: str
    value: float
    unit: str
    aim: float | None = None
    most: bool = True
    note: str = ""

    @property
    def missed(self) -> float:
        """How many times it is off its aim; 1 at most where it is met."""
        if self.aim is None or self.value <= 0:
            return 0.0
        return self.value / self.aim if self.most else self.aim / self.value

    def __str__(self) -> str:
        digits = {"ms": 0, "MB": 0}.get(self.unit, 2)
        aim = "" if self.aim is None else f"{'at most' if self.most else 'at least'} {self.aim:g}"
        value = f"{self.value:.{digits}f} {self.unit}".rstrip()
        return f"{self.name:<44}{value:>12}  {aim:<14}{'! ' if self.missed > 1 else '  '}{self.note}".rstrip()


def p95(values: Sequence[float]) -> float:
    """By nearest rank: a measured value, never one between two."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def main() -> int:
    """Measure, and print the table."""
    asked = arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.config.settings.test"
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.conf import settings
    from django.core.management import call_command

    settings.MODEL_ARTIFACTS_DIR = Path(settings.BASE_DIR) / "inference" / "artifacts"
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    figures = [*speed(asked), *fairness(asked)]
    say(f"{os.cpu_count()} cores, a worker of {asked.children} processes, PostgreSQL and Redis")
    for figure in figures:
        say(str(figure))
    return int(any(figure.missed > 2 for figure in figures))


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--count", type=int, default=40, help="photos of each round and size")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of worker and bare pipeline in turns")
    parser.add_argument("--singles", type=int, default=30, help="photos that are uploaded one by one")
    parser.add_argument("--sent", type=int, default=1500, help="photos of the import")
    parser.add_argument("--children", type=int, default=2, help="processes of the worker")
    return parser.parse_args(given)


def speed(asked: argparse.Namespace) -> list[Figure]:
    """Upload to result, and the worker beside the bare pipeline."""
    from django.conf import settings

    from . import bare, house

    uploader = house.Uploader()
    figures = []
    with (
        house.Worker(asked.children) as worker,
        bare.pool(processes=asked.children, models=settings.MODEL_ARTIFACTS_DIR) as alone,
    ):
        for name, size in (("480 x 600", None), ("12 megapixels", house.MEGAPIXELS)):
            photos = [uploader.store(one) for one in house.pictures(size, asked.count)]
            files = [Path(photo.image.path) for photo in photos]
            house.drained(house.of(photos), worker)
            turns = [(house.drained(house.queue(photos), worker), alone(files)) for _ in range(asked.rounds)]
            waited = [uploader.result_of(one, worker) for one in house.pictures(size, asked.singles, skip=3)]
            figures += [
                Figure(f"upload to result, {name}: median", statistics.median(waited), "s"),
                Figure(f"upload to result, {name}: 95 in 100", p95(waited), "s"),
                Figure(f"processor a photo, {name}: worker", _ms(w.cpu for w, _ in turns), "ms"),
                Figure(f"processor a photo, {name}: pipeline alone", _ms(b.cpu for _, b in turns), "ms"),
                Figure(f"pipeline alone / worker, {name}", statistics.median(b.cpu / w.cpu for w, b in turns),
                       "", 0.9, most=False, note=_spread([b.cpu / w.cpu for w, b in turns])),
                Figure(f"photos a second, {name}: worker", statistics.median(w.rate for w, _ in turns), ""),
                Figure(f"photos a second, {name}: pipeline alone", statistics.median(b.rate for _, b in turns), ""),
            ]  # fmt: skip
        decoding = statistics.median(bare.decoding(files)) * 1000
        figures.append(Figure("processor for decoding 12 megapixels", decoding, "ms", 35))
    return figures


def fairness(asked: argparse.Namespace) -> list[Figure]:
    """Single uploads of one clinic on an idle system, and during another's import."""
    from inference.jobs.states import OPEN
    from inference.models import Analysis

    from . import house

    single, importer = house.Uploader(), house.Uploader()
    pictures = list(house.pictures(None, 400, skip=5))
    with house.Worker(asked.children) as worker:
        first = [single.store(pictures.pop()) for _ in range(12)]
        house.drained(house.of(first), worker)
        idle = [single.result_of(pictures.pop(), worker) for _ in range(asked.singles)]
        importer.send(first, asked.sent)
        waiting = Analysis.objects.filter(photo__uploaded_by=importer.user, status__in=OPEN)
        beside, rates, work = [], {True: [], False: []}, {True: [], False: []}
        turn = False
        while waiting.count() > asked.children * 2 and len(pictures) > 20:
            worker.check()
            begun, before, spent = time.monotonic(), _done(), worker.cpu
            while (left := begun + WINDOW - time.monotonic()) > 0:
                if turn:
                    beside.append(single.result_of(pictures.pop(), worker))
                time.sleep(max(0.0, min(EVERY, left)))
            done = _done() - before
            rates[turn].append(done / (time.monotonic() - begun))
            work[turn].append(done / max(worker.cpu - spent, 0.01))
            turn = not turn
    if len(beside) < 5:
        raise SystemExit("The import was over too soon for a figure: try --sent with a larger number.")
    both, by_work = (statistics.median(one[True]) / statistics.median(one[False]) for one in (rates, work))
    return [
        Figure("single upload, idle: 95 in 100", p95(idle), "s"),
        Figure(f"the same during an import of {asked.sent}", p95(beside), "s", note=f"{len(beside)} photos"),
        Figure("longer by", p95(beside) - p95(idle), "s", 2.0),
        Figure(
            "photos a second of processor, with / without",
            by_work,
            "",
            0.95,
            most=False,
            note="all of both clinics' photos",
        ),
        Figure(
            "photos a second of the clock, with / without",
            both,
            "",
            note="the uploads themselves take these cores too",
        ),
    ]


def _done() -> int:
    from inference.jobs.states import FINAL
    from inference.models import Analysis

    return Analysis.objects.filter(status__in=FINAL).count()


def _ms(seconds) -> float:  # type: ignore[no-untyped-def]
    return statistics.median(seconds) * 1000


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""Measure a large clinic: python -m tests.records [--patients N] [--explain] [--only WORD]; see `make bench-records`.

Fills a PostgreSQL of its own, asks every page, and prints one table.
Ends with 1 if a wanted figure is missed threefold.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from clinic.start.install import StartProblem
from clinic.start.supervisor import Died, Stopped, Supervisor
from tests import servers

if TYPE_CHECKING:
    from .measure import Cost

MISSED = 3.0
"""Times the wanted figure from which on the command fails: machines are noisy."""
FILLED = "filled"
# As shipped but for the disk, which nothing here waits for, and for less writing while it is filled.
OPTIONS = ("fsync=off", "full_page_writes=off", "max_wal_size=8GB", "autovacuum=off")


def main() -> int:
    """Start, fill, ask, print; everything is gone afterwards unless it is to be kept."""
    asked = arguments()
    folder = Path(asked.keep) if asked.keep else Path(tempfile.mkdtemp(prefix="risorius-records-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    try:
        servers.ensure_packages()
        with Supervisor(grace=20) as supervisor:
            return within(supervisor, folder, asked)
    except Stopped:
        return 130
    except (StartProblem, Died) as problem:
        say(str(problem))
        return 1
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-records")
    parser.add_argument("--patients", type=int, default=100_000, help="of the large clinic")
    parser.add_argument("--neighbours", type=int, default=20, help="other clinics")
    parser.add_argument("--each", type=int, default=500, help="patients of each of them")
    parser.add_argument("--visits", type=int, default=500, help="of the one patient who came most")
    parser.add_argument(
        "--photos-of-one-in", type=int, default=1, metavar="N", help="patients: fewer photo rows"
    )
    parser.add_argument("--lines", type=int, default=9, help="of the log, for each patient")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the database there, and use it the next time")
    parser.add_argument("--only", metavar="WORD", default="", help="pages whose line has this word")
    parser.add_argument("--rounds", type=int, default=20, help="times that each page is asked")
    parser.add_argument(
        "--explain", action="store_true", help="print the plans of pages that missed their figure"
    )
    parser.add_argument(
        "--baseline", action="store_true", help="write the queries of a small clinic's pages anew"
    )
    return parser.parse_args(given)


def within(supervisor: Supervisor, folder: Path, asked: argparse.Namespace) -> int:
    """The exit status of everything beside running servers."""
    database, broker = servers.free_port(), servers.free_port()
    servers.start_postgres(supervisor, folder, database, OPTIONS)
    servers.start_redis(supervisor, folder, broker)
    os.environ["RISORIUS_DATABASE_URL"] = f"postgres://risorius@127.0.0.1:{database}/risorius"
    os.environ["RISORIUS_BROKER_URL"] = f"redis://127.0.0.1:{broker}/0"
    os.environ["RISORIUS_VAR_DIR"] = str(folder / "var")
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.config.settings.test"
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import setup_test_environment

    from . import seed

    setup_test_environment()
    call_command("migrate", verbosity=0)
    if asked.baseline:
        from . import baseline

        baseline.fill()
        baseline.renew()
        return 0
    if not (folder / FILLED).exists():
        from tests.demo.record import ARTIFACTS

        settings.DEMO, settings.MODEL_ARTIFACTS_DIR = True, ARTIFACTS
        begun = time.monotonic()
        seed.fill(
            seed.Sizes(
                asked.patients,
                asked.neighbours,
                asked.each,
                asked.visits,
                asked.photos_of_one_in,
                asked.lines,
            ),
            lambda line: say(f"{time.monotonic() - begun:6.0f} s {line}"),
        )
        settings.DEMO = False
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            # Else it would be at it when it is to stop, be killed, and read its journal for minutes the next time.
            cursor.execute("CHECKPOINT")
        (folder / FILLED).touch()
    else:
        # Another version may count more.
        seed.count(say)
    return ask_all(supervisor, asked)


def ask_all(supervisor: Supervisor, asked: argparse.Namespace) -> int:
    """Every page, a line each; then the worst of them."""
    from django.core.signals import request_started

    from clinic.common import garbage

    from . import measure, pages, seed

    house = seed.house()
    clients = pages.clients(house)
    measure.limit_queries()
    garbage.settle(request_started)  # as the web process does
    say("")
    say(HEAD)
    found = []
    for page in pages.pages():
        supervisor.check()
        if asked.only in page.label:
            found.append(measure.cost(page, clients, house, rounds=asked.rounds))
            say(line(found[-1]))
    if asked.explain:
        for one in found:
            if one.ratio > 1:
                say(f"\n{one.page.label}")
                say("\n".join(filter(None, one.plans)))
    if not found:
        say(f"No page's line has the word {asked.only!r}.")
        return 1
    worst = max(found, key=lambda one: one.ratio)
    say("")
    say(
        f"Worst: {worst.page.label}: {worst.wrong or f'{worst.p95:.0f} ms where {worst.page.wanted:.0f} are wanted'}."
    )
    return int(worst.ratio > MISSED)


COLUMNS = (
    *(("p50", 8), ("p95", 8), ("wanted", 8), ("cold", 8), ("CPU", 7), ("SQL", 7)),
    *(("queries", 8), ("rows", 10), ("kB", 7), ("MB", 5)),
)
HEAD = f"{'ms; MB':<34}" + "".join(f"{name:>{width}}" for name, width in COLUMNS)


def line(cost: Cost) -> str:
    """A page's figures, with a mark where the wanted one is missed."""
    if cost.wrong:
        return f"{cost.page.label[:33]:<34}{cost.wrong}"
    mark = " !" if cost.ratio > 1 else ""
    return (
        f"{cost.page.label[:33]:<34}{cost.p50:>8.1f}{cost.p95:>8.1f}{cost.page.wanted:>8.0f}{cost.first:>8.0f}"
        f"{cost.cpu:>7.0f}{cost.database_cpu:>7.0f}{cost.queries:>8}{cost.rows:>10,}{cost.bytes / 1000:>7.0f}"
        f"{cost.megabytes:>5.0f}{mark}"
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

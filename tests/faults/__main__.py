"""python -m tests.faults [--short] [--photos N] [--kills N] [--seed N] [DRILL...]: the drills, one line each."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import os
import random
import signal
import sys
import time
import traceback

from clinic.start.install import StartProblem

from .house import House
from .sizes import FULL, SHORT, Size

DRILLS = ("kills", "servers", "fence", "poison", "disk", "beat", "away", "budget")


def main() -> int:
    """Exit status 1 where anything was lost, doubled, or took too long."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "drills", nargs="*", metavar="DRILL", help=f"some of {', '.join(DRILLS)}; all if none is named"
    )
    parser.add_argument("--short", action="store_true", help="few photos, short times")
    for name in ("photos", "kills"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("outage", "beat-away"):
        parser.add_argument(f"--{name}", type=float, help="seconds")
    parser.add_argument("--seed", type=int, default=20261121)
    given = parser.parse_args()
    if unknown := set(given.drills) - set(DRILLS):
        parser.error(f"no such drill: {', '.join(sorted(unknown))}")
    size = dataclasses.replace(
        SHORT if given.short else FULL,
        **{
            name: getattr(given, name)
            for name in ("photos", "kills", "outage", "beat_away")
            if getattr(given, name) is not None
        },
    )
    random.seed(given.seed)
    # A polite kill leaves nothing behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"Seed {given.seed}; {size}", flush=True)
    try:
        return run_all(given.drills or list(DRILLS), size)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def run_all(names: list[str], size: Size) -> int:
    """One house for all drills; each starts its own workers and leaves none."""
    house = House(lease=size.lease, every=size.every, hard_limit=size.hard_limit, canary=size.canary)
    os.environ.update(house.env)
    bad = 0
    with house:
        import django

        django.setup()
        from tests.inference.conftest import write_release

        from . import records

        write_release(house.folder / "models")
        records.witness()
        ward = records.Ward()
        for name in names:
            bad += not one(name, house, ward, size)
    return 1 if bad else 0


def one(name: str, house: House, ward: object, size: Size) -> bool:
    """Run one drill and print its line."""
    drill = importlib.import_module(f"tests.faults.drills.{name}")
    start = time.monotonic()
    try:
        outcome = drill.run(house, ward, size)
    except Exception:  # noqa: BLE001  # the other drills are worth running all the same
        traceback.print_exc()
        for process in house.processes:
            print(f"--- {process.name}\n{house.log_of(process.name)[-2500:]}", file=sys.stderr)
        print(f"{name:<10} BROKE OFF", flush=True)
        return False
    finally:
        house.rest()
    outcome.demand(outcome.recovery <= size.allowed, f"recovery took longer than {size.allowed:.0f} s")
    if not outcome.passed and os.environ.get("DRILL_LOGS"):
        for process in house.processes:
            print(f"--- {process.name}\n{house.log_of(process.name)[-4000:]}", file=sys.stderr)
    print(
        f"{outcome.drill:<10} faults {outcome.faults:>4}  photos {outcome.photos:>4}  lost {outcome.lost}  "
        f"doubled {outcome.doubled}  recovery {outcome.recovery:5.1f} s  "
        f"{'ok' if outcome.passed else 'BAD'}  ({time.monotonic() - start:.0f} s; "
        f"{'; '.join([*outcome.wrong, *outcome.notes]) or 'nothing to add'})",
        flush=True,
    )
    return outcome.passed


if __name__ == "__main__":
    sys.exit(main())

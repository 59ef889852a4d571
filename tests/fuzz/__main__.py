"""The full form: python -m tests.servers python -m tests.fuzz [uploads] [api] [--count N] [--seed N].

Prints what was tried and what came of it. Ends with 1 if an answer was 5xx, showed its inside, or half was stored.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections import Counter
from typing import Any

SEED = 20261121
PARTS = ("uploads", "api")


def main() -> int:
    """Everything against a database of its own, which is gone afterwards."""
    asked = arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.config.settings.test"
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        wrong = 0
        if "uploads" in asked.parts:
            wrong += uploads(asked)
        if "api" in asked.parts:
            wrong += api(asked)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
        teardown_test_environment()
    say("")
    say(
        f"{wrong} things went wrong."
        if wrong
        else "Nothing answered 5xx, showed its inside, or was left half done."
    )
    return 1 if wrong else 0


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What was asked for on the command line, or in `given`."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; both if none is named"
    )
    parser.add_argument("--count", type=int, default=10_000, help="malformed uploads")
    parser.add_argument(
        "--examples", type=int, default=12, help="made-up requests for each operation and phase"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args(given)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    asked.parts = asked.parts or list(PARTS)
    return asked


def uploads(asked: argparse.Namespace) -> int:
    """Malformed files and bodies to page and API."""
    from clinic.accounts.services import create_token
    from tests import factories

    from . import uploads as part

    visit = factories.VisitFactory()
    user = factories.member(visit.patient.clinic)
    _label, token = create_token(user=user, name="fuzz", days=1)
    started = time.monotonic()
    tally = part.run(user=user, visit=visit, token=token, count=asked.count, seed_of=asked.seed)
    say(
        f"Uploads, seed {asked.seed}: {sum(tally.kinds.values())} requests in {time.monotonic() - started:.0f} s"
    )
    table("What was wrong with them", tally.kinds)
    table("What was answered", tally.answers)
    costs(tally)
    say(f"  slowest {tally.slowest:.2f} s; stored: {dict(tally.left)}")
    return report(tally.wrong)


def api(asked: argparse.Namespace) -> int:
    """The whole OpenAPI schema, as an administrator and as nobody."""
    from . import api as part

    wrong = 0
    for who in ("administrator", "nobody"):
        started = time.monotonic()
        tally = part.run(who=who, examples=asked.examples, seed_of=asked.seed)
        seconds = time.monotonic() - started
        say(f"API as {who}, seed {asked.seed}: {sum(tally.answers.values())} requests in {seconds:.0f} s")
        say(f"  {len(tally.operations)} operations, phases: {', '.join(tally.phases)}")
        table("What was answered", tally.answers)
        wrong += report(tally.wrong)
    return wrong


def table(title: str, counts: Counter[str]) -> None:
    say(f"  {title}:")
    for name, count in counts.most_common():
        say(f"  {count:7}  {name}")


def costs(tally: Any) -> None:
    """Of each kind the slowest and the hungriest; what is beyond a bound stands among what is wrong."""
    say("  What the dearest of each kind took (processor time; memory; decoders that were ended over one):")
    for name, one in sorted(tally.dearest.items(), key=lambda pair: -pair[1].seconds):
        slowest = f"{one.seconds:6.2f} s ({one.slowest})"
        hungriest = f"{one.memory / 1024**2:5.0f} MB ({one.hungriest})"
        say(f"  {name[:34]:34}  {slowest:32}  {hungriest:34}  {one.stopped}")


def report(wrong: list[str]) -> int:
    for line in wrong[:40]:
        say(f"  WRONG: {line}")
    return len(wrong)


def say(text: Any) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

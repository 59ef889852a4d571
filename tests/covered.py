"""Run the suite, or a part of it, under coverage: lines and branches of each room, child processes included.

Usage: python -m tests.covered [PYTEST-ARGUMENTS...]; `make coverage` brings the servers. Fails where tests do, and
where the whole suite ran less than LEAST of the code. What stays in .coverage is for `coverage html` afterwards.
A process that is killed counts nothing, nor does the decoder of photos, whose environment is bare on purpose.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LEAST = 90.0
"""Per cent of lines and branches together."""
COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def main(arguments: list[str]) -> int:
    """The tests' exit status; 1 where they passed and left too much unrun."""
    with tempfile.TemporaryDirectory(prefix="risorius-coverage-") as name:
        folder = Path(name)
        # Processes of the suite that run as other users write there too.
        folder.chmod(0o1777)
        env = {**os.environ, "COVERAGE_FILE": str(folder / "data")}
        command = [sys.executable, "-m", "coverage"]
        tests = subprocess.run(
            [*command, "run", "--parallel-mode", "-m", "pytest", *arguments], cwd=ROOT, env=env, check=False
        ).returncode
        subprocess.run([*command, "combine", "--quiet"], cwd=ROOT, env=env, check=True)
        report = folder / "report.json"
        subprocess.run([*command, "json", "--quiet", "-o", str(report)], cwd=ROOT, env=env, check=True)
        shutil.copyfile(folder / "data", ROOT / ".coverage")
        return tests or judge(json.loads(report.read_text())["files"], whole=not arguments)


def judge(files: dict[str, Any], *, whole: bool) -> int:
    """Print a table of the rooms; 1 where the whole suite ran less than LEAST of all."""
    rooms = by_room(files)
    rooms["all"] = sum(rooms.values(), Counter())
    print(f"{'room':24} {'lines':>15} {'branches':>15} {'together':>9}")
    for room, counts in rooms.items():
        lines = share(counts["covered_lines"], counts["num_statements"])
        branches = share(counts["covered_branches"], counts["num_branches"])
        print(
            f"{room:24} {lines:6.1f} % {counts['num_statements']:>6} {branches:6.1f} % {counts['num_branches']:>6} "
            f"{together(counts):7.1f} %"
        )
    if not whole:
        print(f"A part of the suite ran: at least {LEAST:.0f} % is asked of the whole alone.")
    elif together(rooms["all"]) < LEAST:
        print(f"Less than {LEAST:.0f} % of lines and branches were run.")
        return 1
    return 0


def by_room(files: dict[str, Any]) -> dict[str, Counter[str]]:
    """What was run, and of how much, in each room of `clinic`, in `inference` and in its pipeline."""
    rooms: dict[str, Counter[str]] = {}
    for path, told in sorted(files.items()):
        parts = Path(path).parts
        own = len(parts) > 2 and (parts[0] == "clinic" or parts[1] == "pipeline")
        room = "/".join(parts[:2]) if own else parts[0]
        counts = rooms.setdefault(room, Counter())
        counts.update({name: told["summary"][name] for name in COUNTS})
    return rooms


def together(counts: Counter[str]) -> float:
    """Per cent of lines and branches that were run."""
    ran = counts["covered_lines"] + counts["covered_branches"]
    return share(ran, counts["num_statements"] + counts["num_branches"])


def share(part: int, whole: int) -> float:
    """Per cent; all of nothing is all."""
    return 100 * part / whole if whole else 100.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

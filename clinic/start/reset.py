"""Forget the demo's records, photos and queue; the environment and the secret key stay.

Usage: python -m clinic.start.reset
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from clinic.start.install import ROOT, StartProblem, sentence
from clinic.start.serve import prepare

FILES = ("risorius.sqlite3", "risorius.sqlite3-wal", "risorius.sqlite3-shm", "beat-schedule")
FOLDERS = ("photos", "broker", "log")


def main() -> int:
    """Delete the demo's data, unless the demo is running on it."""
    var = Path(os.environ.get("RISORIUS_VAR_DIR", ROOT / "var")).absolute()
    try:
        with prepare(var):
            for name in FILES:
                (var / name).unlink(missing_ok=True)
            for name in FOLDERS:
                shutil.rmtree(var / name, ignore_errors=True)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(sentence(error, var), file=sys.stderr)
        return 1
    print(f"The demo in {var} is empty; `make run` loads it anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

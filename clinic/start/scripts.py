"""Lint static/'s scripts and styles, and their format, by Biome where npm is; say so, and go on, where it isn't.

Usage: python -m clinic.start.scripts
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys

from clinic.start.install import ROOT

MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
NOT_LOOKED_AT = "static/ was not linted: {}."


def main() -> int:
    """Biome's exit status; 0 and a sentence where there is no Biome and none can be had."""
    npm = shutil.which("npm")
    if npm is None:
        print(NOT_LOOKED_AT.format("there is no npm here (Debian: apt-get install npm)"), flush=True)
        return 0
    if reason := install(npm):
        print(NOT_LOOKED_AT.format(f"npm could not install Biome ({reason})"), flush=True)
        return 0
    return subprocess.run(
        [MODULES / ".bin" / "biome", "check", "--error-on-warnings", "--max-diagnostics=200"],
        cwd=ROOT,
        check=False,
    ).returncode


def install(npm: str) -> str:
    """Bring node_modules to the lock, unless its stamp says that it is there. Why not, or nothing."""
    stamp = MODULES / f".lock-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if stamp.is_file():
        return ""
    command = [npm, "ci", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[0]
    stamp.touch()
    return ""


if __name__ == "__main__":
    sys.exit(main())

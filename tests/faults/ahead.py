"""The drills of `make faults`, short, beside the suite: most of their time is waiting, so they begin with it and are
judged when their tests' turn comes, in whichever process of the suite that is.

They run in processes of their own, beside servers of their own, since they kill what they work with.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings

from clinic.start.supervisor import die_with_parent
from tests.faults.house import ROOT, until
from tests.story.processes import alive

HALVES = (("kills", "fence", "disk", "beat"), ("servers", "poison", "away", "budget"))
"""Each half has servers of its own."""
FOLDER = "SUITE_DIR"
"""The variable with the folder that all processes of the suite share."""
FIRST = "gw0"
"""The process that begins them, where there are several."""
PATIENCE = 600.0
"""Seconds for a half, from the moment when its tests ask for it."""


def command(drills: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "tests.faults", "--short", *drills]


class Ahead:
    """A plugin of pytest: begins both halves once it is known that their tests are asked for."""

    def __init__(self) -> None:
        self.begun: list[subprocess.Popen[bytes]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if os.environ.get("PYTEST_XDIST_WORKER", FIRST) != FIRST or session.config.option.collectonly:
            return
        if any(item.path.name == "test_drills.py" for item in session.items):
            self.begin()

    def begin(self) -> None:
        folder().mkdir(parents=True)
        for half in HALVES:
            file = folder() / half[0]
            with file.with_suffix(".out").open("wb") as out, file.with_suffix(".err").open("wb") as err:
                process = subprocess.Popen(
                    command(half), cwd=ROOT, stdout=out, stderr=err, preexec_fn=die_with_parent
                )
            self.begun.append(process)
            file.with_suffix(".pid").write_text(str(process.pid))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Another process of the suite may still wait for them, unless all is broken off."""
        for process in self.begun:
            if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
                process.terminate()
            process.wait(PATIENCE)


def folder() -> Path:
    return Path(os.environ.get(FOLDER, settings.VAR_DIR)) / "drills"


def said() -> list[str]:
    """The lines of both halves, once they have ended."""
    found: list[str] = []
    for half in HALVES:
        file = folder() / half[0]
        pid = int(file.with_suffix(".pid").read_text())
        until(lambda pid=pid: not alive(pid), PATIENCE, f"the end of {', '.join(half)}")
        # For whoever reads a failure.
        sys.stderr.write(file.with_suffix(".err").read_text(errors="replace")[-6000:])
        found += file.with_suffix(".out").read_text().splitlines()
    return found


def again(drill: str) -> list[str]:
    """The lines of one drill by itself."""
    done = subprocess.run(
        command([drill]), cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    sys.stderr.write(done.stderr[-6000:])
    return done.stdout.splitlines()

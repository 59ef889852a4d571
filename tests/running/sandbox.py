"""A container's limits for a plain process, as far as this machine allows.

As root: the container's user, no capability, no way to new ones, and, where mounting is allowed, a root file system
that is read-only but for the folders named. Without root the process runs as whoever runs the tests.
"""

from __future__ import annotations

import enum
import os
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from clinic.start.install import StartProblem

ROOT = Path(__file__).resolve().parents[2]


class Level(enum.IntEnum):
    """How much of a container's limits this machine can give."""

    NONE = 0
    """Everything runs as whoever runs the tests."""
    USER = 1
    """The container's user, without capabilities, on the file system as it is."""
    WHOLE = 2
    """And a root file system that is read-only."""


@cache
def level() -> Level:
    """As root, and inside of most containers, at least USER."""
    if os.geteuid() == 0:
        for found in (Level.WHOLE, Level.USER):
            look = confine(
                [sys.executable, "-c", "import django"], user="10001:10001", writable=[], level=found
            )
            if (
                shutil.which(look[0])
                and subprocess.run(look, capture_output=True, check=False).returncode == 0
            ):
                return found
        raise StartProblem(
            "Nobody but root may run this Python, so that no service can run as its own user. Try without root."
        )
    return Level.NONE


def confine(command: Sequence[str], *, user: str, writable: Sequence[Path], level: Level) -> list[str]:
    """The command within the limits."""
    if level == Level.NONE:
        return list(command)
    uid, gid = user.split(":")
    drop = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    drop += ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]
    if level == Level.USER:
        return [*drop, *command]
    steps = ["set -e", *_open_the_way(), *(f"mount --bind {_q(place)} {_q(place)}" for place in writable)]
    steps += ["mount -o remount,bind,ro /", f'exec {" ".join(drop)} "$@"']
    return ["unshare", "--mount", "--", "sh", "-c", "\n".join(steps), "sh", *command]


def _open_the_way() -> list[str]:
    """Python and this repository may lie in a folder that is closed to others: show these two alone of it."""
    steps, closed = [], {}
    for wanted in {ROOT, Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()}:
        shut = [place for place in reversed(wanted.parents) if not place.stat().st_mode & stat.S_IXOTH]
        if shut:
            closed.setdefault(shut[0], []).append(wanted)
    for place, inside in closed.items():
        # Held open by number, since the mount on top hides it.
        for number, path in enumerate(inside, start=7):
            steps.append(f"exec {number}<{_q(path)}")
        steps.append(f"mount -t tmpfs -o mode=0755 tmpfs {_q(place)}")
        for number, path in enumerate(inside, start=7):
            steps += [
                f"mkdir -p {_q(path)}",
                f"mount --no-canonicalize --bind /proc/self/fd/{number} {_q(path)}",
            ]
            steps.append(f"exec {number}<&-")
    return steps


def _q(path: Path) -> str:
    return shlex.quote(str(path))

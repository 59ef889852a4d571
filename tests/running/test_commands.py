"""Every command of ours on the command line: its help, and a reader that leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COMMANDS = sorted(
    path.stem
    for folder in ("clinic", "inference")
    for path in (ROOT / folder).rglob("management/commands/*.py")
    if not path.stem.startswith("_")
)
# Each command's help is asked for in a child of one process that has loaded them all, since starting twenty takes long.
ASK = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.config.settings.test")
import django
django.setup()
import manage
from django.core.management import get_commands, load_command_class
for name in sys.argv[2:]:
    load_command_class(get_commands()[name], name)
for name in sys.argv[2:]:
    child = os.fork()
    if not child:
        if sys.argv[1] == "closed":
            reads, writes = os.pipe()
            os.close(reads)
            os.dup2(writes, 1)
        sys.argv = ["manage.py", name, "--help"]
        try:
            manage.main()
        finally:
            sys.stderr.flush()
    status = os.waitpid(child, 0)[1]
    print("ended", name, os.waitstatus_to_exitcode(status), file=sys.stderr, flush=True)
"""


def ask(way: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ASK, way, *COMMANDS],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def ended(told: subprocess.CompletedProcess[str]) -> dict[str, int]:
    lines = [line.split() for line in told.stderr.splitlines() if line.startswith("ended ")]
    return {name: int(code) for _word, name, code in lines}


@pytest.fixture(scope="module")
def left():
    return ask("closed")


def test_every_command_is_asked():
    assert {"analyse_photos", "doctor", "keys", "fsck", "backup", "setup_clinic", "retention"} <= set(
        COMMANDS
    )


def test_every_command_has_its_help():
    told = ask("open")
    assert ended(told) == dict.fromkeys(COMMANDS, 0), told.stderr
    assert "Traceback" not in told.stderr


def test_a_reader_that_leaves_is_no_accident(left):
    # Where nothing is buffered, the parser of arguments itself takes no notice.
    assert set(ended(left)) == set(COMMANDS) and set(ended(left).values()) <= {0, 141}, left.stderr
    assert "Traceback" not in left.stderr and "Exception ignored" not in left.stderr


def test_a_command_that_writes_much_ends_when_its_reader_does(db):
    reads, writes = os.pipe()
    os.close(reads)
    told = subprocess.run(
        [sys.executable, "manage.py", "alert_rules"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test"},
        stdout=writes,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writes)
    assert (told.returncode, told.stderr) == (141, b"")


@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["changepassword", "sari@contoh.example"],
        ["audit", "verify"],
        ["retention"],
        ["load_demo"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("database", ["unreachable", "empty"])
def test_a_machine_without_a_database_is_told_so_in_a_sentence(tmp_path, command, database: str) -> None:
    """What is asked first on a new machine, in whatever order, ends without a traceback."""
    if (database, command) == ("empty", ["migrate"]):
        pytest.skip("makes the tables")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.demo",
        "RISORIUS_SECRET_KEY": "x1234567890" * 6,
        # Demo's database is a file there.
        "RISORIUS_VAR_DIR": str(tmp_path / "missing" if database == "unreachable" else tmp_path),
    }
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 1 and "Traceback" not in told.stderr, told.stderr[-2000:]
    assert len(told.stderr.strip().splitlines()[-1]) < 300

"""The same drill on the demo: SQLite out, while it is open, and in again elsewhere."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.operations.archives import bytes_of

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "six words that nobody else would choose"
BEGIN = """
import sys, django
django.setup()
import pyrage
from django.core.management import call_command
from tests.operations.archives import Quick
pyrage.passphrase = Quick
"""
MAKE = """
call_command("migrate", verbosity=0)
from tests import factories
from tests.operations.test_fsck import stored
visit = factories.VisitFactory()
for _ in range(3):
    stored(visit)
call_command("backup", to=__import__("pathlib").Path(sys.argv[1]), passphrase_file=sys.argv[2])
"""
# As whoever types it on a new machine.
BRING_BACK = """
sys.argv[0] = "manage.py"
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "restore", *sys.argv[1:]])
"""


def demo(
    var: Path, script: str, *arguments: Path | str, key: str = "for-the-drill-alone"
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))
    }
    more = {
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.demo",
        "RISORIUS_VAR_DIR": str(var),
        "RISORIUS_SECRET_KEY": key,
        "PYTHONPATH": str(ROOT),
    }
    run = [sys.executable, "-c", BEGIN + script, *map(str, arguments)]
    return subprocess.run(
        run, env={**kept, **more}, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def rows_of(var: Path) -> dict[str, list[tuple[object, ...]]]:
    with contextlib.closing(sqlite3.connect(var / "risorius.sqlite3")) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(database.execute(f'SELECT * FROM "{name}"'), key=repr) for name in sorted(names)}


def test_the_drill_on_the_demo(tmp_path):
    secret, there, back = tmp_path / "passphrase", tmp_path / "there", tmp_path / "back"
    secret.write_text(PASSPHRASE)
    there.mkdir()
    made = demo(there, MAKE, tmp_path / "backups", secret)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "read back and whole" in made.stdout
    assert list(there.glob(".backup-*")) == []  # the plain copy is gone
    archive = next((tmp_path / "backups").glob("*.backup.tar"))
    # A machine on which nothing was ever started: no key, no folder, no database.
    given = [archive, "--passphrase-file", secret]
    refused = demo(back, BRING_BACK, *given, key="")
    assert refused.returncode == 2 and "--secret-key-file" in refused.stderr, refused.stderr
    assert "Traceback" not in refused.stderr and not back.exists()
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    wrong.write_text("another installation's key")
    right.write_text("for-the-drill-alone\n")
    refused = demo(back, BRING_BACK, *given, "--secret-key-file", wrong, key="")
    assert refused.returncode == 2 and "is not the one of the installation" in refused.stderr, refused.stderr
    assert not (back / "risorius.sqlite3").exists() and not (back / "secret_key").exists()
    restored = demo(back, BRING_BACK, *given, "--secret-key-file", right, key="")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "All is well." in restored.stdout
    assert (back / "secret_key").read_text() == "for-the-drill-alone"
    assert (back / "secret_key").stat().st_mode & 0o077 == 0
    before, after = rows_of(there), rows_of(back)
    own = {
        "audit_auditevent": (1, 1),  # the backup's line, written after its moment; the restore's
        "operations_backup": (1, 0),
        "operations_integritycheck": (0, 1),
        "feed_feed": (0, 1),  # the feed begins another generation, so that old cursors are refused
        "sqlite_sequence": (9, 9),
    }
    assert before.keys() == after.keys()
    for table in before:
        gone, new = set(before[table]) - set(after[table]), set(after[table]) - set(before[table])
        most = own.get(table, (0, 0))
        assert (len(gone) <= most[0], len(new) <= most[1]) == (True, True), (table, gone, new)
    assert len(after["visits_photo"]) == 3
    assert bytes_of(back / "photos") == bytes_of(there / "photos")
    again = demo(back, BRING_BACK, *given, key="")
    assert "not empty; nothing was touched" in again.stderr

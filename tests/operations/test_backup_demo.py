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
BRING_BACK = """
call_command("restore", sys.argv[1], passphrase_file=sys.argv[2])
"""


def demo(var: Path, script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RISORIUS_", "DJANGO_"))
    }
    more = {
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.demo",
        "RISORIUS_VAR_DIR": str(var),
        "RISORIUS_SECRET_KEY": "for-the-drill-alone",
        "PYTHONPATH": str(ROOT),
    }
    var.mkdir(exist_ok=True)
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
    made = demo(there, MAKE, tmp_path / "backups", secret)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "read back and whole" in made.stdout
    assert list(there.glob(".backup-*")) == []  # the plain copy is gone
    archive = next((tmp_path / "backups").glob("*.backup.tar"))
    restored = demo(back, BRING_BACK, archive, secret)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "All is well." in restored.stdout
    before, after = rows_of(there), rows_of(back)
    own = {
        "audit_readevent": (1, 1),  # the backup's line, written after its moment; the restore's
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
    again = demo(back, BRING_BACK, archive, secret)
    assert "not empty; nothing was touched" in again.stderr

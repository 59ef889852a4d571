"""The demo's own settings with real processes: SQLite, a broker of files, a prefork worker and beat."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from clinic.start.serve import environment
from clinic.start.supervisor import Supervisor
from tests.inference.conftest import write_release
from tests.inference.running import FLAGS, ROOT, until

pytestmark = pytest.mark.servers


QUICK = """
from django.core.files.uploadedfile import SimpleUploadedFile
from clinic.accounts.models import Membership
from clinic.demo.loader import PHOTOS
from clinic.visits import quick
member = Membership.objects.filter(role="clinician").select_related("user", "clinic").first()
photo = SimpleUploadedFile("photo.jpg", (PHOTOS / "p1-v1-rest.jpg").read_bytes(), "image/jpeg")
print(quick.check(upload=photo, user=member.user, clinic=member.clinic)["state"])
"""


class Demo:
    """A demo in a folder of its own, whose analyser is the stub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "var").mkdir()
        write_release(folder / "models")
        self.env = environment(folder / "var") | {
            "RISORIUS_MODELS_DIR": str(folder / "models"),
            "STUB_FOLDER": str(folder),
            "RISORIUS_SECRET_KEY": "x" * 50,
        }

    def manage(self, *arguments: str) -> str:
        """What the command printed."""
        command = [sys.executable, "manage.py", *arguments]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=240, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def start(self, supervisor: Supervisor, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "clinic.config", name, "--loglevel", "INFO"]
        supervisor.start(name, [*command, *arguments], env=self.env, log=self.log(name))

    def start_worker(self, supervisor: Supervisor) -> None:
        self.start(supervisor, "worker", "-c", "2", *FLAGS[:3], "-I", "tests.inference.stub")

    def start_beat(self, supervisor: Supervisor) -> None:
        schedule = str(self.folder / "var" / "beat-schedule")
        self.start(supervisor, "beat", "--pidfile", "", "--schedule", schedule)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "var" / "risorius.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()

    def messages(self) -> list[str]:
        return os.listdir(self.folder / "var" / "broker" / "queue")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory) -> Demo:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.manage("migrate", "--verbosity", "0", "--skip-checks")
    return demo


def test_the_demo_is_analysed_by_its_own_worker_while_the_command_watches(migrated, small):
    with Supervisor(grace=20) as supervisor:
        migrated.start_worker(supervisor)
        printed = migrated.manage("load_demo", "--photos", str(small))
        assert "14 of 14 photos analysed" in printed
        statuses = migrated.rows("SELECT status, attempt, published_at FROM inference_analysis")
        assert len(statuses) == 14 and all(row[:2] == ("succeeded", 1) and row[2] for row in statuses)
        assert migrated.rows("SELECT COUNT(*) FROM visits_visitconfirmation") == [(3,)]
        until(lambda: not migrated.messages())
        # A check of which nothing is kept goes the same way: no file is left, and no row.
        assert migrated.manage("shell", "-c", QUICK).split()[-1] == "succeeded"
        assert [path for path in (migrated.folder / "var").rglob("incoming/*") if path.is_file()] == []
        assert migrated.rows("SELECT COUNT(*) FROM inference_analysis") == [(14,)]
        again = migrated.manage("load_demo", "--photos", str(small))
        assert "14 of 14 photos analysed" in again
        assert migrated.rows("SELECT COUNT(*) FROM inference_analysis") == [(14,)]


def test_a_start_finds_what_was_lost_while_the_demo_was_down(migrated):
    """Messages gone, a lease left behind by a killed worker: beat's first round brings both back."""
    [lost, killed] = migrated.rows("SELECT id FROM inference_analysis LIMIT 2")
    with closing(sqlite3.connect(migrated.folder / "var" / "risorius.sqlite3", timeout=20)) as database:
        bare = (
            "findings=NULL, palsy_probability=NULL, grade=NULL, landmarks=NULL, finished_at=NULL, "
            "started_at='2026-01-01 00:00:00', queued_at='2026-01-01 00:00:00', "
            "published_at='2026-01-01 00:00:00'"
        )
        guards = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'inference_analysis'"
        ).fetchall()
        for name, _sql in guards:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(f"UPDATE inference_analysis SET status='queued', {bare} WHERE id=?", lost)
        database.execute(
            f"UPDATE inference_analysis SET status='running', lease_until='2026-01-01 00:01:00', {bare} "
            "WHERE id=?",
            killed,
        )
        for _name, sql in guards:
            database.execute(sql)
        database.commit()
    with Supervisor(grace=20) as supervisor:
        migrated.start_worker(supervisor)
        migrated.start_beat(supervisor)
        done = "SELECT attempt FROM inference_analysis WHERE status = 'succeeded' ORDER BY attempt DESC"
        until(lambda: len(migrated.rows(done)) == 14)
        assert migrated.rows(done)[0] == (2,)
        until(
            lambda: migrated.rows("SELECT COUNT(*) FROM inference_canary WHERE seen_at >= sent_at") == [(4,)]
        )
        until(lambda: not migrated.messages())
    assert "Traceback" not in migrated.log("worker").read_text() + migrated.log("beat").read_text()


def test_a_reset_forgets_records_photos_and_messages_and_keeps_the_secret(migrated):
    var = migrated.folder / "var"
    assert list((var / "photos").rglob("*.jpg"))
    migrated.manage("demo_reset")
    assert not (var / "risorius.sqlite3").exists()
    assert not [path for path in var.rglob("*") if path.suffix in (".jpg", ".msg")]
    assert (var / "secret_key").read_text()

"""Starts and steers a real Celery worker for the tests, and waits for what it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from inference import services
from inference.jobs.states import FINAL
from inference.models import Analysis

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO")


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The condition's value once it is true; fails after some seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            assert value, f"not within {seconds} s"
            return value
        time.sleep(0.05)


def ended(analysis: Analysis) -> Analysis | None:
    """The row, once it is in a final state."""
    found = Analysis.objects.get(pk=analysis.pk)
    return found if found.status in FINAL else None


def result_of(analysis: Analysis) -> Analysis:
    """The row, as soon as it is final."""
    found: Analysis = until(lambda: ended(analysis))
    return found


def queue(photo: Any) -> Analysis:
    """Queue the photo as an upload does, in a transaction that ends here."""
    with transaction.atomic():
        return services.queue_analysis(photo=photo)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a process that works on the suite's database."""
    database = connection.settings_dict
    login = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test",
        "RISORIUS_DATABASE_URL": f"postgres://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}",
        "RISORIUS_BROKER_URL": settings.CELERY_BROKER_URL,
        "RISORIUS_VAR_DIR": str(settings.VAR_DIR),
        "PYTHONPATH": str(ROOT),
        **changes,
    }


class Worker:
    """`with Worker(folder) as worker`: the folder holds its models, its log, and the stub's orders."""

    def __init__(self, folder: Path, *, stub: bool = True, **env: str) -> None:
        self.folder = folder
        self.log = folder / "worker.log"
        self.command = [sys.executable, "-m", "celery", "-A", "clinic.config", "worker", "-c", "2", *FLAGS]
        if stub:
            self.command += ["-I", "tests.inference.stub"]
        self.env = environment(RISORIUS_MODELS_DIR=str(folder / "models"), STUB_FOLDER=str(folder), **env)

    def __enter__(self) -> Worker:
        purge()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        try:
            until(lambda: "ready." in self.log.read_text() or self.process.poll() is not None, 180)
            assert self.process.poll() is None, self.log.read_text()
        except BaseException:
            self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def hold(self, order: str = "hold") -> None:
        """Make the next analyses wait ("hold"), or fail with a code of the pipeline ("landmarks_failed")."""
        (self.folder / "order").write_text(order)

    def release(self) -> None:
        """Let analyses end again."""
        (self.folder / "order").unlink(missing_ok=True)

    def held_by(self) -> int:
        """The process in which an analysis is being held."""
        pids: list[Path] = until(lambda: list(self.folder.glob("held-*")))
        return int(pids[0].name.removeprefix("held-"))

    def kill_child(self) -> None:
        """SIGKILL the process in the middle of its analysis, as the system does when memory runs out."""
        pid = self.held_by()
        os.kill(pid, signal.SIGKILL)
        (self.folder / f"held-{pid}").unlink(missing_ok=True)

    def rest(self) -> None:
        """Wait until nothing is on the queues or in work, or the next test's empty tables are written into."""
        self.release()
        until(lambda: not waiting_messages() and self._idle())

    def _idle(self) -> bool:
        from clinic.config.celery import app

        look = app.control.inspect(timeout=5, limit=1)
        answers = (look.reserved(), look.active())
        return all(answer and not any(answer.values()) for answer in answers)

    def said(self, words: str) -> int:
        """How often the log has these words."""
        return self.log.read_text().count(words)


def waiting_messages() -> int:
    """How many messages no worker has taken yet."""
    from clinic.config.celery import app

    with app.connection_for_read() as broker:
        channel = broker.default_channel
        return sum(channel.queue_declare(queue.name).message_count for queue in app.conf.task_queues)


def purge() -> None:
    """Forget what earlier tests left in the broker."""
    from clinic.config.celery import app

    with app.connection_for_write() as broker:
        for queue in app.conf.task_queues:
            queue(broker.default_channel).declare()
            broker.default_channel.queue_purge(queue.name)

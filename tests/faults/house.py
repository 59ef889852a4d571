"""A house of its own for the drills: PostgreSQL, Redis, web, workers and beat, each to be broken at will."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clinic.start.supervisor import die_with_parent
from tests.servers import free_port, listens, make_cluster, postgres_command

ROOT = Path(__file__).resolve().parents[2]
# A process that is killed loses nothing that the kernel has; only the machine's own fall would need fsync.
DURABLE = ("fsync=off", "max_connections=60")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


def until(condition: Callable[[], Any], seconds: float, what: str = "it") -> Any:
    """The condition's value once it is true; TimeoutError after some seconds."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what} not within {seconds:.0f} s")
        time.sleep(0.1)
    return value


class Process:
    """One process group, started, killed, stopped and started again."""

    def __init__(
        self,
        name: str,
        command: list[str],
        env: Mapping[str, str],
        log: Path,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.name, self.command, self.env, self.log, self.before = name, command, dict(env), log, before
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        def prepare() -> None:
            die_with_parent()
            if self.before:
                self.before()

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, preexec_fn=prepare,
            )  # fmt: skip
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    def send(self, number: int) -> None:
        """To the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, as the machine's memory killer or its power switch does."""
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def stop(self, number: int = signal.SIGTERM, grace: float = 20) -> None:
        """Politely, then not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self.kill()

    def said(self, words: str) -> int:
        """How often its log has these words."""
        return self.log.read_text(errors="replace").count(words) if self.log.exists() else 0

    def children(self) -> list[int]:
        """Its own child processes."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


class House:
    """Use as a context manager; leaves nothing behind."""

    def __init__(self, *, lease: int, every: float, hard_limit: int, canary: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="risorius-faults-"))
        self.folder.chmod(0o711)
        self.database_port, self.broker_port, self.web_port = free_port(), free_port(), free_port()
        self.every, self.lease = every, lease
        self.env = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "RISORIUS_SECRET_KEY": "only-for-drills-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
            "RISORIUS_ALLOWED_HOSTS": "127.0.0.1",
            "RISORIUS_DATABASE_URL": f"postgres://risorius@127.0.0.1:{self.database_port}/risorius",
            "RISORIUS_BROKER_URL": f"redis://127.0.0.1:{self.broker_port}/0",
            "RISORIUS_VAR_DIR": str(self.folder / "var"),
            "RISORIUS_MODELS_DIR": str(self.folder / "models"),
            "RISORIUS_ANALYSIS_LEASE": str(lease),
            "RISORIUS_WATCHDOG_EVERY": str(every),
            "RISORIUS_ANALYSIS_HARD_LIMIT": str(hard_limit),
            "RISORIUS_CANARY_STALE_AFTER": str(canary),
            "STUB_FOLDER": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self.processes: list[Process] = []
        (self.folder / "var").mkdir()

    def __enter__(self) -> House:
        try:
            become = make_cluster(self.folder)
            command = postgres_command(self.folder, self.database_port, DURABLE)
            self.postgres = self.process("postgres", [*become, *command], env=os.environ)
            self.redis = self.process(
                "redis",
                ["redis-server", "--port", str(self.broker_port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", str(self.folder)],
            )  # fmt: skip
            self.start_redis()
            self.start_postgres()
            psql = str(Path(command[0]).with_name("createdb"))
            self.run([psql, "-h", "127.0.0.1", "-p", str(self.database_port), "-U", "risorius", "risorius"])
            self.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            with contextlib.suppress(Exception):
                process.send(signal.SIGCONT)
                process.kill()
        with contextlib.suppress(OSError):
            shutil.rmtree(self.folder)

    def process(
        self, name: str, command: list[str], env: Mapping[str, str] | None = None, **more: Any
    ) -> Process:
        """A process of this house, not started yet."""
        made = Process(name, command, env or self.env, self.folder / f"{name}.log", **more)
        self.processes.append(made)
        return made

    def run(self, command: list[str]) -> str:
        """A command to its end; what it said."""
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
        return done.stdout

    def start_postgres(self) -> None:
        """PostgreSQL, until it answers."""
        from django.db import connection

        self.postgres.start()

        def ready() -> bool:
            program = Path(self.postgres.command[self.postgres.command.index("-D") - 1]).with_name(
                "pg_isready"
            )
            asked = [str(program), "-q", "-h", "127.0.0.1", "-p", str(self.database_port)]
            return subprocess.run(asked, check=False).returncode == 0

        until(ready, 60, "PostgreSQL")
        connection.close()

    def start_redis(self) -> None:
        """An empty Redis, until it listens."""
        self.redis.start()
        until(lambda: listens(self.broker_port), 30, "Redis")

    def stop_postgres(self) -> None:
        """At once, as a restart of its machine would: nobody is waited for."""
        self.postgres.stop(signal.SIGQUIT)

    def worker(self, name: str = "worker", *, seconds: float = 0.1, **env: str) -> Process:
        """A prefork worker of two children, ready."""
        command = [
            sys.executable, "-m", "celery", "-A", "clinic.config", "worker", "-c", "2", "-n", f"{name}@%h",
            "--without-gossip", "--without-mingle", "--loglevel", "INFO", "-I", "tests.faults.stub",
            "-Q", "analysis,housekeeping",
        ]  # fmt: skip
        found = next((one for one in self.processes if one.name == name), None)
        found = found or self.process(name, command, {**self.env, "STUB_SECONDS": str(seconds), **env})
        ready = found.said(" ready.")
        found.start()
        until(lambda: found.said(" ready.") > ready, 120, name)
        return found

    def beat(self) -> Process:
        """The one beat."""
        schedule = str(self.folder / "beat-schedule")
        command = [sys.executable, "-m", "celery", "-A", "clinic.config", "beat", "--loglevel", "INFO",
                   "--pidfile", "", "--schedule", schedule]  # fmt: skip
        found = next((one for one in self.processes if one.name == "beat"), None) or self.process(
            "beat", command
        )
        return found.start()

    def web(self, name: str = "web", **more: Any) -> Process:
        """Gunicorn with eight threads, answering."""
        command = [sys.executable, "-m", "gunicorn", "clinic.config.wsgi", "--bind", f"127.0.0.1:{self.web_port}",
                   "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]  # fmt: skip
        found = next((one for one in self.processes if one.name == name), None)
        found = found or self.process(name, command, **more)
        # The children of one that was killed hold its port for a moment more, and would be taken for this one.
        until(lambda: not listens(self.web_port), 60, "the end of the web process before")
        found.start()
        until(lambda: listens(self.web_port), 60, "the web process")
        return found

    def rest(self) -> None:
        """After a drill: servers stay, everything else goes, and no message is left."""
        for process in self.processes:
            if process not in (self.postgres, self.redis) and process.process is not None:
                process.kill()
        (self.folder / "hold").unlink(missing_ok=True)
        for one, start in ((self.postgres, self.start_postgres), (self.redis, self.start_redis)):
            if one.process is None or one.process.poll() is not None:
                start()
        self.redis.kill()
        self.start_redis()

    def worker_pid(self, name: str) -> int:
        """Of the process of that name."""
        return next(one for one in self.processes if one.name == name).pid

    def log_of(self, name: str) -> str:
        """What a process said, for the one who looks for the reason."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

"""Run the demo: web, worker and beat from one command, on SQLite and a broker of files under var/.

Usage: python -m clinic.start.serve [PORT]
"""

from __future__ import annotations

import fcntl
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from clinic.start.install import FULL_DISK, ROOT, StartProblem, sentence
from clinic.start.supervisor import Died, Stopped, Supervisor

HOST = "127.0.0.1"
NEEDED_BYTES = 300_000_000
LAST_LINES = 15


def main() -> int:
    """Start, watch, stop; one sentence and 1 for whatever a newcomer can settle."""
    var = Path(os.environ.get("RISORIUS_VAR_DIR", ROOT / "var")).absolute()
    try:
        port = checked_port(sys.argv[1] if len(sys.argv) > 1 else "8000")
        lock = prepare(var)
        with lock:
            return serve(var, port)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(sentence(error, var), file=sys.stderr)
        return 1


def checked_port(text: str) -> int:
    """The port, if it is one and free."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise StartProblem(f"PORT must be a number from 1 to 65535, not {text!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except PermissionError:
            raise StartProblem(
                f"Port {text} is for the system's own services: use `make run PORT=9000`."
            ) from None
        except OSError:
            raise StartProblem(
                f"Port {text} is taken by another program: use `make run PORT=9000`."
            ) from None
    return int(text)


def prepare(var: Path) -> IO[str]:
    """Make the folders and the secret key; the returned lock says that this folder is in use."""
    for name in ("", "log", "photos", "broker/queue", "broker/control"):
        (var / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(var).free < NEEDED_BYTES:
        raise StartProblem(FULL_DISK.format(var))
    lock = (var / "running").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise StartProblem(f"Risorius is running already from {var}: stop that one first (Ctrl-C).") from None
    key = var / "secret_key"
    if not key.exists():
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(50))
    return lock


def is_running(var: Path) -> bool:
    """Whether a demo runs from this folder at the moment."""
    try:
        with (var / "running").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def environment(var: Path) -> dict[str, str]:
    """What every process of the demo is started with."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.demo",
        "RISORIUS_VAR_DIR": str(var),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }


def serve(var: Path, port: int) -> int:
    """Run until Ctrl-C (0) or until a process dies (1)."""
    env = environment(var)
    python = sys.executable
    migrate = subprocess.run(
        [python, str(ROOT / "manage.py"), "migrate", "--noinput", "--verbosity", "0"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if migrate.returncode != 0:
        raise StartProblem(
            "The database could not be prepared:\n" + "\n".join(migrate.stderr.splitlines()[-LAST_LINES:])
        )
    try:
        with Supervisor() as supervisor:
            for name, command in services(var, port).items():
                log = var / "log" / f"{name}.log"
                log.unlink(missing_ok=True)
                supervisor.start(name, [python, "-m", *command], env=env, log=log)
            if not supervisor.until(lambda: answers(port), timeout=60):
                raise StartProblem(f"The web server does not answer; see {var / 'log' / 'web.log'}.")
            address = f"http://{HOST}:{port}/"
            print(f"Risorius is running at {address}", flush=True)
            loaded = supervisor.call("demo", [python, str(ROOT / "manage.py"), "load_demo"], env=env)
            if loaded != 0:
                raise StartProblem("The demo clinic could not be loaded; the reason stands above.")
            print(f"\n{address}  (Ctrl-C stops everything)", flush=True)
            supervisor.wait()
    except Stopped:
        print("\nStopped.", flush=True)
        return 0
    except Died as death:
        print(f"\n{death}. Its last words, from {death.child.log}:", file=sys.stderr)
        if death.child.log:
            print(
                "\n".join(death.child.log.read_text(errors="replace").splitlines()[-LAST_LINES:]),
                file=sys.stderr,
            )
        return 1
    return 0


def services(var: Path, port: int) -> dict[str, list[str]]:
    """The modules that run side by side."""
    return {
        "web": [
            *("gunicorn", "clinic.config.wsgi", "--bind", f"{HOST}:{port}", "--worker-class", "gthread"),
            *("--workers", "1", "--threads", "8", "--keep-alive", "75"),
            *("--graceful-timeout", "3", "--no-control-socket"),
        ],
        "worker": [
            *("celery", "-A", "clinic.config", "worker", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "beat": [
            *("celery", "-A", "clinic.config", "beat", "--loglevel", "INFO", "--pidfile", ""),
            *("--schedule", str(var / "beat-schedule")),
        ],
    }


def answers(port: int) -> bool:
    """Whether the web server answers at all."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        time.sleep(0.1)
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())

"""A private PostgreSQL and a private Redis for one command, gone when it ends.

Usage: python -m tests.servers [--check] COMMAND...
The command finds them in RISORIUS_DATABASE_URL and RISORIUS_BROKER_URL; files go to RISORIUS_VAR_DIR.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from clinic.start.install import StartProblem, apt_install
from clinic.start.supervisor import Died, Stopped, Supervisor, die_with_parent

POSTGRES_USER = "postgres"
# What the suite needs from the distribution: how to see that it is there, and who brings it.
PACKAGES: dict[str, Callable[[], bool]] = {
    "postgresql": lambda: postgres_folder() is not None,
    "redis-server": lambda: shutil.which("redis-server") is not None,
    "chromium": lambda: chromium() is not None,
    "nginx": lambda: nginx() is not None,
    "curl": lambda: shutil.which("curl") is not None,
    "poppler-utils": lambda: shutil.which("pdftotext") is not None,
    "gettext": lambda: shutil.which("xgettext") is not None,
    "libpango-1.0-0": lambda: library("libpango-1.0.so.0"),
    "libpangoft2-1.0-0": lambda: library("libpangoft2-1.0.so.0"),
    "libharfbuzz-subset0": lambda: library("libharfbuzz-subset.so.0"),
    "fonts-dejavu-core": lambda: any(Path("/usr/share/fonts").glob("**/DejaVuSans.ttf")),
    "libegl1": lambda: library("libEGL.so.1"),
    "libgl1": lambda: library("libGL.so.1"),
    "libgl1-mesa-dri": lambda: any(Path("/usr/lib").glob("*/dri/swrast_dri.so")),
}
PORTS = range(15_000, 32_000)
"""Below those that Linux and macOS give to connections, so that none takes a port between its choice and its use."""
# Lost on a crash, which no test minds, and a good deal faster. Nothing is analysed behind a test's back: by which index
# a query is answered would depend on when.
POSTGRES_OPTIONS = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
    *("max_connections=120", "autovacuum=off"),
)


def main() -> int:
    """Run the command beside its servers and answer with its exit status."""
    command = sys.argv[1:]
    try:
        ensure_packages()
        if command == ["--check"]:
            return 0
        return with_servers(command)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def ensure_packages() -> None:
    """Install what is missing, or say the one command that does."""
    missing = [name for name, present in PACKAGES.items() if not present()]
    if missing and not apt_install(missing):
        command = f"sudo apt-get install {' '.join(missing)}"
        raise StartProblem(f"The tests need more from the distribution. Type: {command}")


def with_servers(command: list[str]) -> int:
    """The command's exit status; its servers stop after success, failure and Ctrl-C alike."""
    folder = Path(tempfile.mkdtemp(prefix="risorius-servers-"))
    folder.chmod(0o711)
    try:
        with Supervisor(grace=20) as supervisor:
            database, broker = free_port(), free_port()
            env = {**os.environ}
            start_postgres(supervisor, folder, database)
            start_redis(supervisor, folder, broker)
            env["RISORIUS_DATABASE_URL"] = f"postgres://risorius@127.0.0.1:{database}/risorius"
            env["RISORIUS_BROKER_URL"] = f"redis://127.0.0.1:{broker}/0"
            env["RISORIUS_VAR_DIR"] = str(folder / "var")
            return run(supervisor, command, env)
    except Stopped:
        return 130
    except Died as death:
        print(death, file=sys.stderr)
        if death.child.log:
            print(death.child.log.read_text(errors="replace")[-3000:], file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(supervisor: Supervisor, command: list[str], env: dict[str, str]) -> int:
    """Run on this terminal; a request to stop is passed on, so that the command can say where it was."""
    process = subprocess.Popen(command, env=env, preexec_fn=die_with_parent)
    try:
        while process.poll() is None:
            supervisor.check()
            time.sleep(0.1)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    return process.returncode


def start_postgres(
    supervisor: Supervisor, folder: Path, port: int, options: tuple[str, ...] = POSTGRES_OPTIONS
) -> None:
    """The folder's cluster, or a fresh one, that trusts whoever reaches 127.0.0.1; as its own user under root."""
    known = (folder / "postgres").exists()
    become = as_owner() if known else make_cluster(folder)
    command = postgres_command(folder, port, options)
    programs = Path(command[0]).parent
    supervisor.start("PostgreSQL", [*become, *command], env=os.environ, log=folder / "postgres.log")
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    # A large one that was killed reads its journal first.
    patience = 600 if known else 60
    if not supervisor.until(lambda: subprocess.run(ready, check=False).returncode == 0, timeout=patience):
        raise StartProblem(f"PostgreSQL did not start within {patience} s.")
    if known:
        return
    create = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "risorius", "risorius"]
    subprocess.run(create, check=True)


def make_cluster(folder: Path) -> list[str]:
    """A fresh cluster in that folder; the command's beginning that turns root into the cluster's user."""
    programs = postgres_folder()
    if programs is None:
        raise StartProblem("PostgreSQL is not installed.")
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    become = as_owner()
    if become:
        owner = pwd.getpwnam(POSTGRES_USER)
        os.chown(data, owner.pw_uid, owner.pw_gid)
    initdb = [str(programs / "initdb"), "--pgdata", str(data), "--username", "risorius", "--auth", "trust"]
    how = ["--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"]
    made = subprocess.run([*become, *initdb, *how], capture_output=True, text=True, check=False, cwd="/")
    if made.returncode != 0:
        raise StartProblem(f"PostgreSQL could not make a database: {made.stderr.strip()}")
    return become


def as_owner() -> list[str]:
    """The beginning of a command that turns root into the cluster's user, which PostgreSQL asks for."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam(POSTGRES_USER)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups", "--"]


def postgres_command(folder: Path, port: int, options: tuple[str, ...]) -> list[str]:
    """How the server of that folder's cluster is started."""
    programs = postgres_folder()
    assert programs is not None
    given = [part for option in options for part in ("-c", option)]
    return [
        *(str(programs / "postgres"), "-D", str(folder / "postgres")),
        *("-p", str(port), "-h", "127.0.0.1", "-k", "", *given),
    ]


def start_redis(supervisor: Supervisor, folder: Path, port: int) -> None:
    """A Redis that keeps nothing."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    supervisor.start("Redis", [*command, "--dir", str(folder)], env=os.environ, log=folder / "redis.log")
    if not supervisor.until(lambda: listens(port), timeout=30):
        raise StartProblem("Redis did not start within half a minute.")


def postgres_folder() -> Path | None:
    """Where the newest installed PostgreSQL keeps its programs."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


def nginx() -> str | None:
    """Where the web server is, whose folder is not in everybody's path."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def library(name: str) -> bool:
    """Whether the distribution's libraries include this one."""
    return any(Path(root).glob(f"*/{name}") for root in ("/usr/lib", "/lib") if Path(root).is_dir())


def chromium() -> str | None:
    """Where the browser is, under whichever name."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody uses at this moment, nor is given by the system to whoever asks for any."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


if __name__ == "__main__":
    sys.exit(main())

"""Run the demo for whoever works on it: all starts anew when the code changes, and speaks on one terminal.

Usage: python -m clinic.start.dev [PORT]
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinic.start.install import ROOT, StartProblem, sentence
from clinic.start.serve import HOST, answers, checked_port, environment, prepare, services
from clinic.start.supervisor import Died, Stopped, Supervisor

COLOURS = {"web": 36, "worker": 33, "beat": 35}
CODE = ("clinic", "inference")
"""Where a change means that worker and beat start anew; the web process sees its own."""
_writing = threading.Lock()


def main() -> int:
    """Start, watch, stop; one sentence and 1 for whatever can be settled at the keyboard."""
    var = Path(os.environ.get("RISORIUS_VAR_DIR", ROOT / "var")).absolute()
    try:
        port = checked_port(sys.argv[1] if len(sys.argv) > 1 else "8000")
        with prepare(var):
            return serve(var, port)
    except StartProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(sentence(error, var), file=sys.stderr)
        return 1


def dev_environment(var: Path) -> dict[str, str]:
    """What every process is started with: the demo's, and the word without which the settings refuse."""
    return environment(var) | {
        "DJANGO_SETTINGS_MODULE": "clinic.config.settings.dev",
        "RISORIUS_DEVELOPMENT": "yes",
    }


def serve(var: Path, port: int) -> int:
    """Run until Ctrl-C (0) or until a process dies (1); one that only fails to start waits for the next change."""
    env, manage = dev_environment(var), [sys.executable, str(ROOT / "manage.py")]
    if subprocess.run([*manage, "migrate", "--noinput", "--verbosity", "0"], env=env, check=False).returncode:
        raise StartProblem("The database could not be prepared; the reason stands above.")
    try:
        with Supervisor() as supervisor:
            for name, command in watched(var, port).items():
                with prefixed(name) as stream:
                    supervisor.start(name, command, env=env, into=stream)
            if not supervisor.until(lambda: answers(port), timeout=60):
                raise StartProblem("The web server does not answer; the reason stands above.")
            if supervisor.call("demo", [*manage, "load_demo", "--no-wait"], env=env):
                raise StartProblem("The demo clinic could not be loaded; the reason stands above.")
            print(f"http://{HOST}:{port}/  (Ctrl-C stops everything)", flush=True)
            supervisor.wait()
    except Stopped:
        print("\nStopped.", flush=True)
        return 0
    except Died as death:
        print(f"\n{death}.", file=sys.stderr)
        return 1
    return 0


def watched(var: Path, port: int) -> dict[str, list[str]]:
    """The demo's processes, each with what starts it anew: Django's own server, and watchfiles around Celery's."""
    # Without the page that each would say about itself at every start.
    celery = {
        name: ["celery", "--quiet", *command[1:]]
        for name, command in services(var, port).items()
        if name != "web"
    }
    python = sys.executable
    return {
        "web": [python, str(ROOT / "manage.py"), "runserver", f"{HOST}:{port}"],
        **{
            name: [
                *(python, "-m", "watchfiles", "--filter", "python", "--sigint-timeout", "8"),
                *(shlex.join([python, "-m", *command]), *(str(ROOT / folder) for folder in CODE)),
            ]
            for name, command in celery.items()
        },
    }


@contextmanager
def prefixed(name: str) -> Iterator[int]:
    """The end of a pipe to write to, whose lines come out on this terminal with the process' name before each."""
    out, into = os.pipe()
    threading.Thread(target=_print_lines, args=(name, out), daemon=True).start()
    try:
        yield into
    finally:
        os.close(into)


def _print_lines(name: str, out: int) -> None:
    colour = COLOURS.get(name) if sys.stdout.isatty() and "NO_COLOR" not in os.environ else None
    label = f"{name:6} |" if colour is None else f"\033[{colour}m{name:6} |\033[0m"
    with open(out, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with _writing:
                print(label, line.rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())

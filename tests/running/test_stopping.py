"""gunicorn with the shipped configuration loses no request when it is told to stop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.servers import free_port, listens
from tests.story.processes import running, until

from . import shipped

APPLICATION = """
import time
def application(environ, start):
    time.sleep(float(environ["QUERY_STRING"]))
    start("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""


def asked(port: int, seconds: float) -> str:
    """What comes of one request that is answered after some seconds: done, refused, or lost."""
    try:
        line = socket.create_connection(("127.0.0.1", port), 10)
    except ConnectionRefusedError:
        return "refused"
    try:
        with line:
            line.sendall(
                f"POST /?{seconds} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            answer = b"".join(iter(lambda: line.recv(4096), b""))
    except OSError:
        return "lost"
    return "done" if answer.endswith(b"done") else "lost"


@pytest.mark.parametrize("processes", [1, 2])
def test_who_comes_while_it_stops_is_answered_or_refused(processes: int, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(APPLICATION)
    port, came, stopped = free_port(), Counter[str](), threading.Event()
    env = {**os.environ, "RISORIUS_BIND": f"127.0.0.1:{port}", "RISORIUS_WEB_WORKERS": str(processes)}
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "docker/gunicorn.conf.py",
        "--pythonpath",
        str(tmp_path),
    ]

    def keep_asking() -> None:
        while not stopped.is_set():
            came[asked(port, 0.01)] += 1

    with running([*command, "slow:application"], env=env, log=tmp_path / "log") as server:
        until(lambda: listens(port) and asked(port, 0) == "done", 30, "gunicorn")
        # These hold it for a second after it is told to stop.
        held = [threading.Thread(target=lambda: came.update([asked(port, 1.5)])) for _ in range(3)]
        others = [threading.Thread(target=keep_asking) for _ in range(4)]
        for thread in (*held, *others):
            thread.start()
        time.sleep(0.5)
        server.terminate()
        for thread in held:
            thread.join()
        stopped.set()
        for thread in others:
            thread.join()
        assert server.wait(20) == 0
    assert came["lost"] == 0 and came["done"] > 20 and came["refused"] > 0, came


def test_the_configuration_names_it() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            "docker/gunicorn.conf.py",
            "--print-config",
            "clinic.config.wsgi",
        ],
        cwd=shipped.ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "clinic.common.stopping_gunicorn" in said

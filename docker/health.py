"""Is this container's process well? Exit status 0 or 1, for compose's and Kubernetes' checks.

Usage: python docker/health.py web [PATH] | worker | beat

The web process is asked over HTTP, as the proxy asks it. Worker and beat touch a file while they do their rounds
(clinic/operations/heartbeat.py): asking a worker through the broker would take a second of processor time each time.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from pathlib import Path

# Seconds. The worker says something every two, beat at least once a minute.
OLDEST = {"worker": 90.0, "beat": 180.0}


def web(path: str = "/livez") -> str:
    """What is wrong with the web process, or nothing."""
    host, _, port = os.environ.get("RISORIUS_BIND", "127.0.0.1:8000").rpartition(":")
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, int(port), timeout=5)
    site = os.environ.get("RISORIUS_ALLOWED_HOSTS", "localhost").split(",")[0]
    try:
        connection.request("GET", path, headers={"Host": site, "X-Forwarded-Proto": "https"})
        status = connection.getresponse().status
    except OSError as error:
        return f"no answer: {type(error).__name__}"
    finally:
        connection.close()
    return "" if status == 200 else f"{path} answers {status}"


def heartbeat(role: str) -> str:
    """What is wrong with worker or beat, or nothing."""
    file = Path(os.environ.get("RISORIUS_HEARTBEAT", "/tmp/heartbeat"))
    try:
        age = time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return f"{role} never said that it lives"
    return "" if age < OLDEST[role] else f"{role} was last seen {age:.0f} s ago"


def main(role: str, *rest: str) -> int:
    """Say what is wrong on stderr."""
    problem = web(*rest) if role == "web" else heartbeat(role)
    if problem:
        sys.stderr.write(f"{problem}\n")
    return bool(problem)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

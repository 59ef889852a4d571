"""Start processes, watch them, stop them all: no process outlives the supervisor."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

_PR_SET_PDEATHSIG = 1
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Someone asked to stop: Ctrl-C, a closed terminal, or a polite kill."""


class Died(Exception):
    """A process ended that should have stayed."""

    def __init__(self, child: ServiceProcess) -> None:
        self.child = child
        super().__init__(f"{child.name} stopped by itself (exit status {child.process.returncode})")


@dataclass
class ServiceProcess:
    """One process with a name, and the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None


class Supervisor:
    """Use as a context manager: on leaving, for whatever reason, every child is gone."""

    def __init__(self, *, grace: float = 10.0, poll: float = 0.1) -> None:
        self.children: list[ServiceProcess] = []
        self._grace = grace
        self._poll = poll
        self._asked = 0
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Supervisor:
        for number in _STOPPING:
            self._handlers[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self.stop()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path | None = None,
        into: int | None = None,
    ) -> ServiceProcess:
        """Start a process that is meant to stay until the end; what it says goes to a file, a descriptor, or here."""
        child = self._spawn(name, command, env, log, into)
        self.children.append(child)
        return child

    def call(self, name: str, command: Sequence[str], *, env: Mapping[str, str]) -> int:
        """Run a process to its end, on this terminal, while the others are watched."""
        child = self._spawn(name, command, env, None)
        try:
            while child.process.poll() is None:
                self.check()
                time.sleep(self._poll)
        finally:
            _end([child], self._grace, lambda: False)
        return child.process.returncode

    def until(self, ready: Callable[[], bool], *, timeout: float) -> bool:
        """Wait until it is ready, watching the children; False after the timeout."""
        end = time.monotonic() + timeout
        while not ready():
            self.check()
            if time.monotonic() > end:
                return False
            time.sleep(self._poll)
        return True

    def check(self) -> None:
        """Raise Stopped when asked to stop, Died when a child has ended."""
        if self._asked:
            raise Stopped
        for child in self.children:
            if child.process.poll() is not None:
                raise Died(child)

    def wait(self) -> None:
        """Watch until someone asks to stop or a child dies; always raises."""
        while True:
            self.check()
            time.sleep(self._poll)

    def stop(self) -> None:
        """Ask every child to finish, wait a little, then end what is left. A second Ctrl-C skips the wait."""
        asked = self._asked
        _end(self.children, self._grace, lambda: self._asked > asked)

    def _spawn(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        log: Path | None,
        into: int | None = None,
    ) -> ServiceProcess:
        with _output(log) as file:
            stream = into if file is None else file
            process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=None if stream is None else subprocess.STDOUT,
                # A session of its own: Ctrl-C reaches the supervisor alone, which stops them in good order.
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        return ServiceProcess(name, process, log)


def die_with_parent() -> None:
    """In a new child: ask the kernel to end it if the supervisor is killed outright (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def _output(log: Path | None) -> Iterator[int | None]:
    if log is None:
        yield None
        return
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _end(children: Sequence[ServiceProcess], grace: float, hurry: Callable[[], bool]) -> None:
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    end = time.monotonic() + grace
    while any(child.process.poll() is None for child in children) and time.monotonic() < end and not hurry():
        time.sleep(0.05)
    for child in children:
        # The group, whether its leader lives or not: a worker's own children go too.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()

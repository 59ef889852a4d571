"""Photos are decoded in children with limits: no upload can take the web process's memory, processor or time.

A child (`clinic.visits.decoding_child`) is one process that decodes one photo after another. Its memory and its
processor time are limited by the kernel, its time on the wall by the parent, which ends it and starts another. What it
sends back is a header in JSON and two JPEGs, never anything that could run.

Few photos are decoded at once; whoever would wait too long is told when to try again.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import zoneinfo
from datetime import datetime
from typing import Any, BinaryIO, Final

from django.conf import settings

from . import intake
from .intake import Prepared, Upload
from .refusals import IntakeError, refuse

logger = logging.getLogger(__name__)

LENGTH: Final = struct.Struct(">Q")
MOST_ANSWERED: Final = 128 * 1024 * 1024
"""Bytes of one answer; a photo of 4096 pixels and its thumbnail are far less."""
SLOWEST: Final = 3
"""So many seconds may pass for one of processor time, on a machine that has other work."""


class ChildDied(Exception):
    """The child ended, or was ended, while it worked on a photo."""


class Starved(Exception):
    """The child was ended after its time on the wall, most of which the machine gave to others."""


def prepare(*, upload: Upload | BinaryIO, zone: zoneinfo.ZoneInfo | None = None) -> Prepared:
    """As `intake.prepare`, within one photo's budget; IntakeError `too_costly` beyond it, `busy` under pressure."""
    data = intake.read(upload)
    kind = intake.kind_of(data)
    intake.check_cost(data, kind)
    return _decoders.prepare(data, zone)


class DecodingProcess:
    """One decoding process. Not safe to share between threads."""

    def __init__(self) -> None:
        limits = {
            "PHOTO_MAX_BYTES": settings.PHOTO_MAX_BYTES,
            "PHOTO_MAX_PIXELS": settings.PHOTO_MAX_PIXELS,
            "memory": settings.DECODING_MEMORY,
            "seconds": settings.DECODING_SECONDS,
        }
        # Nothing of this process's secrets: neither its environment nor its open files.
        env = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "clinic.visits.decoding_child", json.dumps(limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
            env={**env, "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"},
        )
        self.photos = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def prepare(self, data: bytes, zone: zoneinfo.ZoneInfo | None) -> Prepared:
        """The photo as it is to be stored. IntakeError; ChildDied where it took more than it may."""
        deadline = time.monotonic() + SLOWEST * settings.DECODING_SECONDS
        before = self.processor_time()
        self.photos += 1
        try:
            self._write(json.dumps({"zone": zone.key if zone else None}).encode(), deadline)
            self._write(data, deadline)
            header = json.loads(self._read(deadline))
            if "code" in header:
                raise refuse(header["code"])
            image, thumbnail = self._read(deadline), self._read(deadline)
        except TimeoutError as error:
            used = self.processor_time() - before
            self.end()
            raise (Starved if used < settings.DECODING_SECONDS / 4 else ChildDied) from error
        except (OSError, EOFError, ValueError) as error:
            self.end()
            raise ChildDied from error
        moment = header.pop("taken_at")
        return Prepared(
            image=image,
            thumbnail=thumbnail,
            taken_at=datetime.fromisoformat(moment) if moment else None,
            **header,
        )

    def processor_time(self) -> float:
        """Seconds that the process has had until now, where the system tells."""
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as stat:
                words = stat.read().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def _write(self, data: bytes, deadline: float) -> None:
        assert self._process.stdin
        target = self._process.stdin.fileno()
        os.set_blocking(target, False)
        # One after the other: put together they would be one more copy of the photo.
        for view in (memoryview(LENGTH.pack(len(data))), memoryview(data)):
            while view:
                if not select.select([], [target], [], max(0.0, deadline - time.monotonic()))[1]:
                    raise TimeoutError
                view = view[os.write(target, view[: 1024 * 1024]) :]

    def _read(self, deadline: float) -> bytes:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size, deadline))
        if length > MOST_ANSWERED:
            raise ValueError("more than a photo")
        return self._exactly(length, deadline)

    def _exactly(self, length: int, deadline: float) -> bytes:
        assert self._process.stdout
        source, parts = self._process.stdout.fileno(), []
        while length:
            if not select.select([source], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError
            part = os.read(source, min(length, 1024 * 1024))
            if not part:
                raise EOFError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def end(self) -> None:
        """Stop the process, whatever it is doing."""
        with contextlib.suppress(OSError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


class Decoders:
    """The children of this process, made when they are first needed and replaced after a while."""

    def __init__(self) -> None:
        self._lock, self._idle = threading.Condition(), list[DecodingProcess]()
        self._busy = 0
        self._pid = os.getpid()

    def prepare(self, data: bytes, zone: zoneinfo.ZoneInfo | None) -> Prepared:
        """As `DecodingProcess.prepare`, by whichever child is free; IntakeError `busy` if none is in time."""
        self._forget_after_fork()
        child = self._take()
        try:
            return child.prepare(data, zone)
        except ChildDied as error:
            logger.warning("A photo took more than its budget: %s bytes", len(data))
            raise refuse("too_costly") from error
        except Starved as error:
            logger.warning("The machine had no time for a photo: %s bytes", len(data))
            raise refuse("busy") from error
        finally:
            self._give_back(child)

    def _take(self) -> DecodingProcess:
        with self._lock:
            if not self._lock.wait_for(
                lambda: self._busy < settings.DECODERS, timeout=settings.DECODING_WAIT
            ):
                raise refuse("busy")
            self._busy += 1
            child = self._idle.pop() if self._idle else None
        if child is not None and child.alive:
            return child
        try:
            return DecodingProcess()
        except BaseException:
            with self._lock:
                self._busy -= 1
                self._lock.notify()
            raise

    def _give_back(self, child: DecodingProcess) -> None:
        keep = child.alive and child.photos < settings.DECODING_PHOTOS_PER_CHILD
        if not keep:
            child.end()
        with self._lock:
            self._busy -= 1
            if keep:
                self._idle.append(child)
            self._lock.notify()

    def _forget_after_fork(self) -> None:
        if self._pid != os.getpid():
            self.__init__()  # the parent's children are not ours

    def end(self) -> None:
        """Stop the children that wait for work."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.end()


_decoders: Any = Decoders()
atexit.register(lambda: _decoders.end() if _decoders._pid == os.getpid() else None)

__all__ = ["ChildDied", "Decoders", "DecodingProcess", "IntakeError", "prepare"]

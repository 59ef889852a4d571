"""What the kernel says of a container: its limits, its memory, its processes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .site import STAYING, Site

ROOT = Path("/sys/fs/cgroup")
OLD = (ROOT / "memory" / "memory.limit_in_bytes").exists()
"""Whether the machine has the kernel's first kind of control groups."""
EVERY = 0.2


@dataclass(frozen=True)
class Group:
    """The control groups of one container."""

    path: str

    def file(self, kind: str, name: str) -> Path:
        return (ROOT / kind if OLD else ROOT) / self.path.lstrip("/") / name

    def facts(self, kind: str, name: str) -> dict[str, int]:
        lines = (line.split() for line in self.file(kind, name).read_text().splitlines())
        return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}

    @property
    def limits(self) -> tuple[int, int]:
        """Bytes of memory, and processes."""
        memory = self.file("memory", "memory.limit_in_bytes" if OLD else "memory.max")
        return int(memory.read_text()), int(self.file("pids", "pids.max").read_text())

    @property
    def memory(self) -> int:
        """Bytes that can't be given back: processes, tmpfs, and files in use."""
        used = self.file("memory", "memory.usage_in_bytes" if OLD else "memory.current").read_text()
        return (
            int(used) - self.facts("memory", "memory.stat")["total_inactive_file" if OLD else "inactive_file"]
        )

    @property
    def killed(self) -> int:
        """Processes that the kernel ended over the limit of memory."""
        return self.facts("memory", "memory.oom_control" if OLD else "memory.events")["oom_kill"]

    @property
    def processes(self) -> list[int]:
        return [int(word) for word in self.file("memory", "cgroup.procs").read_text().split()]


def group(site: Site, container: str) -> Group:
    return Group(site.engine.inspect(container)["State"]["CgroupPath"])


def groups(site: Site) -> dict[str, Group]:
    """Of each service's first container."""
    return {service: group(site, site.container(service)) for service in STAYING}


@contextlib.contextmanager
def watched(found: dict[str, Group]) -> Iterator[dict[str, int]]:
    """The most memory that each service had meanwhile, in bytes."""
    most, done = dict.fromkeys(found, 0), threading.Event()

    def look() -> None:
        while not done.wait(EVERY):
            for name, one in found.items():
                with contextlib.suppress(OSError, KeyError, ValueError):
                    most[name] = max(most[name], one.memory)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield most
    finally:
        done.set()
        looking.join()

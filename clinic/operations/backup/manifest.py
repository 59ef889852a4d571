"""What an archive says of itself, and whether that is true: a checksum of each member, in a list with its own."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import PurePosixPath
from tarfile import TarFile, TarInfo
from typing import IO, Any, Final

from . import envelope
from .envelope import Archive
from .problems import damaged

FORM: Final = 1
LIST: Final = "members.jsonl"
MANIFEST: Final = "manifest.json"
BLOCK: Final = 1 << 20
IN_MEMORY: Final = 4 << 20
MOST: Final = 64 << 20
"""More than any manifest has."""


class Members:
    """Adds members to an archive and keeps the list of their checksums, which is written last."""

    def __init__(self, content: TarFile) -> None:
        self._content = content
        # Random names and checksums: it may wait on the disk.
        self._list = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed by `close`
        self.count = self.bytes = 0

    def add(self, name: str, data: bytes) -> str:
        """Add one; its SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        envelope.add(self._content, name, data)
        self._list.write(_line(name, len(data), digest))
        self.count, self.bytes = self.count + 1, self.bytes + len(data)
        return digest

    def close(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Write the list and the manifest, and answer the latter."""
        self._list.seek(0)
        digest = hashlib.file_digest(self._list, "sha256").hexdigest()
        size = self._list.tell()
        self._list.seek(0)
        info = TarInfo(LIST)
        info.size, info.mode = size, 0o600
        self._content.addfile(info, self._list)
        self._list.close()
        members = {"count": self.count, "bytes": self.bytes, "list_sha256": digest}
        manifest = {"form": FORM, **facts, "members": members}
        envelope.add(self._content, MANIFEST, json.dumps(manifest, indent=1).encode())
        return manifest


def _line(name: str, size: int, digest: str) -> bytes:
    return json.dumps({"name": name, "size": size, "sha256": digest}).encode() + b"\n"


def safe(name: str) -> bool:
    """Whether a member's name stays below the folder that it is unpacked to."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and str(path) == name and "\\" not in name


def verified(archive: Archive) -> dict[str, Any]:
    """Read the archive to its end, check every member against the list and the list against the manifest; the latter.

    Nothing is written, and no more is kept in memory than one block. Raises BackupProblem.
    """
    seen, listed = hashlib.sha256(), hashlib.sha256()
    state: dict[str, Any] = {"count": 0, "bytes": 0, "manifest": None, "names": True}

    def take(info: TarInfo, stream: IO[bytes]) -> None:
        if info.name == MANIFEST:
            state["manifest"] = stream.read(MOST)
            return
        digest, own = hashlib.sha256(), info.name == LIST
        while block := stream.read(BLOCK):
            (listed if own else digest).update(block)
        if own:
            return
        state["names"] = state["names"] and safe(info.name)
        seen.update(_line(info.name, info.size, digest.hexdigest()))
        state["count"], state["bytes"] = state["count"] + 1, state["bytes"] + info.size

    archive.members(take)
    try:
        manifest: dict[str, Any] = json.loads(state["manifest"] or b"")
        told = manifest["members"]
        right = told["list_sha256"] == listed.hexdigest() == seen.hexdigest()
        right = right and (told["count"], told["bytes"]) == (state["count"], state["bytes"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged("The archive has no manifest that can be read.") from error
    if not right or not state["names"]:
        raise damaged("What the archive holds is not what its manifest lists.")
    return manifest

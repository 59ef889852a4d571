"""The photos' files in folders of this machine's disk."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from . import places
from .places import ASIDE, INCOMING, StoredFile


class PhotoFolders(FileSystemStorage):
    """A file is found at its place or at that of before, at any moment of a move from one to the other."""

    @property
    def folder(self) -> Path:
        return Path(self.location)

    def path(self, name: str) -> str:
        wanted, *before = [self._at(place) for place in places.of(str(name))]
        # Moved in between, it lies at the first one again.
        return next((path for path in before if not os.path.exists(wanted) and os.path.exists(path)), wanted)

    def _at(self, place: str) -> str:
        return super().path(place)

    def fetch(self, name: str, first: int = -1) -> bytes:
        try:
            return self._fetch(name, first)
        except FileNotFoundError:
            return self._fetch(name, first)  # moved between the look and the opening

    def _fetch(self, name: str, first: int) -> bytes:
        with Path(self.path(name)).open("rb") as stream:
            return stream.read(first)

    def put(self, name: str, content: bytes) -> None:
        """The bytes go to a temporary name first, so that no file under a final name was ever cut short; what a
        crash leaves lies in `incoming/` and can be deleted."""
        wanted, *before = [Path(self._at(place)) for place in places.of(name)]
        part = f"{INCOMING}/{secrets.token_hex(16)}.part"
        source = Path(self._at(part))
        try:
            self.save(part, ContentFile(content))
            with source.open("rb") as stream:
                os.fsync(stream.fileno())  # the row that will name it is durable too
            self._make(wanted.parent)
            source.replace(wanted)
        except BaseException:
            source.unlink(missing_ok=True)  # on a full disk the half of it would take the last room
            raise
        for path in before:
            path.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        """`mkdir` gives its mode to the last folder alone."""
        if not folder.is_dir():
            if folder != self.folder:
                self._make(folder.parent)
            folder.mkdir(mode=self.directory_permissions_mode or 0o700, parents=True, exist_ok=True)

    def discard(self, name: str) -> None:
        # The place of before first: what is moved away from there meanwhile is found at the other.
        for place in reversed(places.of(name)):
            Path(self._at(place)).unlink(missing_ok=True)

    def for_proxy(self, name: str) -> str:
        return Path(self.path(name)).relative_to(self.folder).as_posix()

    def tops(self) -> tuple[list[str], list[str]]:
        try:
            folders, loose = self.listdir("")
        except FileNotFoundError:
            return [], []
        return sorted(folders), sorted(loose)

    def lying(self, top: str, *, after: str = "", since: dt.datetime | None = None) -> Iterator[StoredFile]:
        yield from self._walk(top, after, since.timestamp() if since else None)

    def _walk(self, folder: str, after: str, since: float | None) -> Iterator[StoredFile]:
        path = self._at(folder)
        try:
            # A folder's own time is that of the last file that came or went.
            files_too = since is None or os.stat(path).st_mtime >= since
            with os.scandir(path) as found:
                entries = sorted((f"{entry.name}/" if entry.is_dir() else entry.name) for entry in found)
        except FileNotFoundError:
            return
        for entry in entries:
            place = f"{folder}/{entry}"
            if entry.endswith("/"):
                if place > after or after.startswith(place):
                    yield from self._walk(place.rstrip("/"), after, since)
            elif files_too and place > after:
                with contextlib.suppress(FileNotFoundError):
                    written = os.stat(self._at(place)).st_mtime
                    if since is None or written > since:
                        yield StoredFile(place, dt.datetime.fromtimestamp(written, dt.UTC))

    def set_aside(self, place: str) -> bool:
        aside = Path(self._at(ASIDE))
        self._make(aside)
        try:
            Path(self._at(place)).rename(aside / Path(place).name).touch()  # the week begins now
        except FileNotFoundError:
            return False
        return True

    def purge(self, top: str, before: dt.datetime) -> int:
        old = [lying.place for lying in self.lying(top) if lying.written < before]
        for place in old:
            Path(self._at(place)).unlink(missing_ok=True)
        return len(old)

    def is_empty(self) -> bool:
        return not (self.folder.exists() and any(self.folder.iterdir()))

    def clear(self) -> None:
        for path in self.folder.iterdir() if self.folder.exists() else ():
            with contextlib.suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def check(self) -> None:
        """A folder that is not there yet is made by the first photo."""

    def move_up(self, place: str) -> bool:
        """Let a file at the place of before lie at its right place too; False if it is gone.

        Until `leave` it lies at both, so that whoever was told of the first one finds it there.
        """
        wanted, before = Path(self._at(places.of(place)[0])), Path(self._at(place))
        self._make(wanted.parent)
        try:
            os.link(before, wanted)
        except FileExistsError:
            pass  # linked by a run that was stopped, or stored anew meanwhile
        except FileNotFoundError:
            return False
        except OSError:
            before.rename(wanted)  # a file system without links
        return True

    def leave(self, place: str) -> None:
        """Take a file away from the place of before, once it lies at the right one.

        What differs from the file there is an older version, which was stored anew: it is put aside.
        """
        wanted, before = Path(self._at(places.of(place)[0])), Path(self._at(place))
        with contextlib.suppress(FileNotFoundError):
            if before.samefile(wanted) or before.read_bytes() == wanted.read_bytes():
                before.unlink()
            else:
                self.set_aside(place)

"""What the photos' code asks of a store, and how a store says that it can't: folders on a disk, or an S3 bucket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol, cast

from django.core.files.storage import storages

from .places import StoredFile

Reason = Literal[
    "unreachable", "certificate", "credentials", "denied", "no_bucket", "other_region", "clock", "answer"
]


class StoreAway(OSError):
    """The store of photos does not answer, or refuses. What lies in it is safe; the same call may work later."""

    code = "store_away"

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(None, sentence)
        self.reason = reason
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


class PhotoStore(Protocol):
    """Files by the name that a row knows; `place` is where a file lies in the store.

    All raise FileNotFoundError where a file is not there, StoreAway where the store is not, and OSError with the
    number of a full disk where there is no room.
    """

    @property
    def folder(self) -> Path | None:
        """The folder on this machine's disk, if the store is one."""

    def fetch(self, name: str, first: int = -1) -> bytes:
        """The file's bytes, or its first ones."""

    def put(self, name: str, content: bytes) -> None:
        """Store the bytes whole, in place of what lay there, or leave that as it is."""

    def discard(self, name: str) -> None:
        """Delete the file, wherever it lies; one that is not there is no error."""

    def for_proxy(self, name: str) -> str:
        """The place below the folder that a proxy may read, or nothing where it can't."""

    def tops(self) -> tuple[list[str], list[str]]:
        """The folders of the first level, and files beside them."""

    def lying(self, top: str, *, after: str = "", since: dt.datetime | None = None) -> Iterator[StoredFile]:
        """The files in a folder of the first level, by place; those behind `after`, written since then.

        Without a row being asked: what comes in meanwhile may be left out.
        """

    def set_aside(self, place: str) -> bool:
        """Move a file into the folder of what belongs to nobody, as of now; False if it is gone."""

    def purge(self, top: str, before: dt.datetime) -> int:
        """Delete what has lain in that folder since before then; how many files."""

    def is_empty(self) -> bool:
        """Whether nothing lies in the store."""

    def clear(self) -> None:
        """Delete all: of a store that was empty a moment ago."""

    def check(self) -> None:
        """Ask whether the store answers, quickly."""


def photo_store() -> PhotoStore:
    """The store of this installation's photos."""
    return cast("PhotoStore", storages["photos"])

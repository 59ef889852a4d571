"""Where a photo's file lies: in folders of two levels, named by the first four digits of its random name.

A row names its file as it was called when it was stored. In installations of before, that was `ab/<name>.jpg`; the
file lies under `ab/cd/<name>.jpg` all the same, once it was moved there. So nothing but the file moves: rows, seals
(which are bound to the name) and archives stay as they are.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from dataclasses import dataclass
from typing import Final

INCOMING: Final = "incoming"
"""The folder of what is on its way."""
ASIDE: Final = "orphans"
"""The folder of files that no row names; the sweep deletes them after a week."""
_PHOTO: Final = re.compile(r"(?P<first>[0-9a-f]{2})/(?:[0-9a-f]{2}/)?(?P<stem>(?P=first)[0-9a-f]{30})\.jpg")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store: its place, and when it was written."""

    place: str
    written: dt.datetime


def new_name() -> str:
    """A random name that no other file ever had."""
    return _place(secrets.token_hex(16))


def is_photo(name: str) -> bool:
    """Whether a photo's file could be called so, or lie there."""
    return _PHOTO.fullmatch(name) is not None


def of(name: str) -> tuple[str, ...]:
    """The places where the file of that name may lie, the right one first; other files lie under their name."""
    found = _PHOTO.fullmatch(name)
    if found is None:
        return (name,)
    return _place(found["stem"]), f"{found['first']}/{found['stem']}.jpg"


def is_right(place: str) -> bool:
    """Whether a file lies where it belongs."""
    return of(place)[0] == place


def _place(stem: str) -> str:
    return f"{stem[:2]}/{stem[2:4]}/{stem}.jpg"

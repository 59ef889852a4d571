"""The photos' files: written whole under a random name, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from django.core.files.base import ContentFile

from .models import photo_storage

INCOMING = "incoming"


def write(content: bytes) -> str:
    """Store the bytes under a new random name and return it.

    The bytes go to a temporary name first, so that no file under a final name was ever cut short; what a
    crash leaves lies in `incoming/` and can be deleted. An object store has no such halves: it puts a whole
    object or none.
    """
    storage = photo_storage()
    name = secrets.token_hex(16)
    final = f"{name[:2]}/{name}.jpg"
    try:
        target = Path(storage.path(final))
    except NotImplementedError:
        return storage.save(final, ContentFile(content))
    waiting = storage.save(f"{INCOMING}/{name}.part", ContentFile(content))
    source = Path(storage.path(waiting))
    try:
        with source.open("rb") as stream:
            os.fsync(stream.fileno())  # the row that will name it is durable too
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.replace(target)
    except BaseException:
        source.unlink(missing_ok=True)
        raise
    return final


def remove(*names: str) -> None:
    """Delete files that no row names; one that is not there is no error."""
    storage = photo_storage()
    for name in names:
        with contextlib.suppress(OSError):
            storage.delete(name)

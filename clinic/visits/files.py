"""The photos' files: written whole under a random name, or not at all, and sealed where the installation says so.

Whoever opens a photo's file comes here. A row's SHA-256 is of the bytes that `read` gives, sealed or not.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.base import ContentFile

from . import keyring, sealing
from .keyring import FileAltered, KeyMissing, SealError
from .models import photo_storage

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic

    from .models import Photo

__all__ = [
    "INCOMING",
    "FileAltered",
    "KeyMissing",
    "SealError",
    "left_to_the_proxy",
    "read",
    "read_named",
    "remove",
    "write",
]

INCOMING = "incoming"


def write(content: bytes, *, clinic: Clinic) -> str:
    """Store the bytes, sealed if this installation does so, under a new random name and return it.

    KeyMissing where the clinic has no key: a photo is refused rather than stored without its seal.
    """
    name = secrets.token_hex(16)
    final = f"{name[:2]}/{name}.jpg"
    if keyring.is_on():
        content = sealing.seal(content, clinic_id=clinic.pk, name=final)
    return put(final, content)


def put(name: str, content: bytes) -> str:
    """Store bytes as they are under that name, in place of what lay there; returns the name.

    The bytes go to a temporary name first, so that no file under a final name was ever cut short; what a
    crash leaves lies in `incoming/` and can be deleted. An object store has no such halves: it puts a whole
    object or none.
    """
    storage = photo_storage()
    try:
        target = Path(storage.path(name))
    except NotImplementedError:
        storage.delete(name)
        return storage.save(name, ContentFile(content))
    part = f"{INCOMING}/{secrets.token_hex(16)}.part"
    source = Path(storage.path(part))
    try:
        storage.save(part, ContentFile(content))
        with source.open("rb") as stream:
            os.fsync(stream.fileno())  # the row that will name it is durable too
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.replace(target)
    except BaseException:
        source.unlink(missing_ok=True)  # on a full disk the half of it would take the last room
        raise
    return name


def read(photo: Photo, thumbnail: bool = False) -> bytes:
    """The photo's JPEG, or its small picture's.

    FileNotFoundError where the file is lost, KeyMissing without the clinic's key, FileAltered where it is not what
    was stored.
    """
    field = photo.thumbnail if thumbnail else photo.image
    return read_named(field.name or "", clinic_id=photo.visit.patient.clinic_id if keyring.is_on() else None)


def left_to_the_proxy(photo: Photo, thumbnail: bool = False) -> str:
    """The name under which the proxy finds the file and may send it, or nothing where Django has to.

    FileNotFoundError where the file is lost. A file that was sealed before the keys were taken away is Django's to
    refuse.
    """
    if not settings.PHOTOS_BY_PROXY or keyring.is_on():
        return ""
    name = (photo.thumbnail if thumbnail else photo.image).name or ""
    if not name:
        raise FileNotFoundError("The row names no file.")
    with photo_storage().open(name) as stream:
        return "" if sealing.is_sealed(stream.read(64)) else name


def read_named(name: str, *, clinic_id: uuid.UUID | None = None) -> bytes:
    """The bytes stored under that name; clinic_id: whose file it must be, asked only where files are sealed."""
    content = raw(name)
    if sealing.is_sealed(content):
        if clinic_id is not None and sealing.header_of(content).clinic_id != clinic_id:
            raise FileAltered(f"The file {name} belongs to another clinic.")
        return sealing.unseal(content, name=name)
    if clinic_id is not None and keyring.is_on() and not keyring.state_of(clinic_id).plain_allowed:
        raise FileAltered(f"The file {name} has lost its seal.")
    return content


def raw(name: str) -> bytes:
    """The bytes as they lie in the store."""
    if not name:
        raise FileNotFoundError("The row names no file.")
    with photo_storage().open(name) as stream:
        found: bytes = stream.read()
    return found


def remove(*names: str) -> None:
    """Delete files that no row names; one that is not there is no error."""
    storage = photo_storage()
    for name in names:
        with contextlib.suppress(OSError):
            storage.delete(name)

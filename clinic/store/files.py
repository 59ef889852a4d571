"""The photos' files: written whole under a random name, or not at all, and sealed where the installation says so.

Whoever opens a photo's file comes here. A row's SHA-256 is of the bytes that `read` gives, sealed or not.
"""

from __future__ import annotations

import contextlib
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from django.conf import settings

from . import encryption, keyring, places
from .keyring import DecryptionError, FileAltered, KeyMissing
from .places import INCOMING
from .stores import StoreAway, photo_store

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic
    from clinic.visits.models import Photo

Wanted = TypeVar("Wanted")
AHEAD: Final = 8
"""Requests to a bucket that are on their way at once."""
__all__ = [
    "INCOMING",
    "DecryptionError",
    "FileAltered",
    "KeyMissing",
    "StoreAway",
    "ahead",
    "destroy",
    "left_to_the_proxy",
    "read",
    "read_named",
    "remove",
    "write",
]


def write(content: bytes, *, clinic: Clinic) -> str:
    """Store the bytes, sealed if this installation does so, under a new random name and return it.

    KeyMissing where the clinic has no key: a photo is refused rather than stored without its seal.
    """
    final = places.new_name()
    if keyring.is_on():
        content = encryption.encrypt(content, clinic_id=clinic.pk, name=final)
    return put(final, content)


def put(name: str, content: bytes) -> str:
    """Store bytes as they are under that name, whole or not at all, in place of what lay there; returns the name."""
    photo_store().put(name, content)
    return name


def read(photo: Photo, thumbnail: bool = False) -> bytes:
    """The photo's JPEG, or its small picture's.

    FileNotFoundError where the file is lost, KeyMissing without the clinic's key, FileAltered where it is not what
    was stored, StoreAway where the store does not answer.
    """
    field = photo.thumbnail if thumbnail else photo.image
    return read_named(field.name or "", clinic_id=photo.visit.patient.clinic_id if keyring.is_on() else None)


def left_to_the_proxy(photo: Photo, thumbnail: bool = False) -> str:
    """The place at which the proxy finds the file and may send it, or nothing where Django has to.

    FileNotFoundError where the file is lost. A file that was sealed before the keys were taken away is Django's to
    refuse.
    """
    if not settings.PHOTOS_BY_PROXY or keyring.is_on():
        return ""
    name = (photo.thumbnail if thumbnail else photo.image).name or ""
    if not name:
        raise FileNotFoundError("The row names no file.")
    store = photo_store()
    place = store.for_proxy(name)
    return place if place and not encryption.is_encrypted(store.fetch(name, first=64)) else ""


def read_named(name: str, *, clinic_id: uuid.UUID | None = None) -> bytes:
    """The bytes stored under that name; clinic_id: whose file it must be, asked only where files are sealed."""
    content = raw(name)
    if encryption.is_encrypted(content):
        if clinic_id is not None and encryption.header_of(content).clinic_id != clinic_id:
            raise FileAltered(f"The file {name} belongs to another clinic.")
        return encryption.decrypt(content, name=name)
    if clinic_id is not None and keyring.is_on() and not keyring.state_of(clinic_id).plain_allowed:
        raise FileAltered(f"The file {name} has lost its seal.")
    return content


def raw(name: str, first: int = -1) -> bytes:
    """The bytes as they lie in the store, or the first ones of them."""
    if not name:
        raise FileNotFoundError("The row names no file.")
    return photo_store().fetch(name, first)


def ahead(
    wanted: Iterable[Wanted], name_of: Callable[[Wanted], str], *, first: int = -1
) -> Iterator[tuple[Wanted, bytes | None]]:
    """Each of these with its bytes as they lie in the store, in order; None where the file is not there.

    A bucket takes a while for each, so that the next few are asked for meanwhile, and held in memory.
    """
    if photo_store().folder is not None:
        for one in wanted:
            yield one, _or_none(name_of(one), first)
        return
    under_way: deque[tuple[Wanted, Future[bytes | None]]] = deque()
    with ThreadPoolExecutor(AHEAD) as pool:
        for one in wanted:
            under_way.append((one, pool.submit(_or_none, name_of(one), first)))
            if len(under_way) > AHEAD:
                early, content = under_way.popleft()
                yield early, content.result()
        while under_way:
            early, content = under_way.popleft()
            yield early, content.result()


def _or_none(name: str, first: int) -> bytes | None:
    try:
        return raw(name) if first < 0 else raw(name, first)
    except FileNotFoundError:
        return None


def remove(*names: str) -> None:
    """Delete files that no row names; one that is not there is no error, and what can't be deleted is the sweep's."""
    for name in names:
        with contextlib.suppress(OSError):
            photo_store().discard(name)


def destroy(*names: str) -> None:
    """Delete files that must be gone before their rows are. OSError where one can't be deleted now."""
    for name in names:
        photo_store().discard(name)

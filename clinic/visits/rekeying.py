"""Sealing what lies plain, and sealing anew by another key: file by file, each replaced whole.

A run that was stopped is done by running it again: what is sealed by the key in use already is recognised by its
header. Meanwhile every file opens, since the older keys stay until no file names them.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet

from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.store import encryption, files, keyring
from clinic.store.keyring import FileAltered, KeyMissing, KeyState
from clinic.store.stores import photo_store

from .models import Photo

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User

SETTLED: Final = 60.0
"""Seconds within which an upload that began under the older key has written its file."""
Report = Callable[[int, int], None]


@dataclass(slots=True)
class RekeyingResult:
    """What one run did. `left`: files that could not be sealed, by the reason; they stay as they were."""

    sealed: int = 0
    already: int = 0
    retired: int = 0
    kept: int = 0
    left: Counter[str] | None = None

    @property
    def complete(self) -> bool:
        return not self.left


def create(*, clinic: Clinic, user: User | None = None) -> uuid.UUID:
    """The clinic's first key. Files that lie plain are believed until `seal_all` has sealed them."""
    try:
        keyring.state_of(clinic.pk)
    except KeyMissing:
        known = list(keyring.keys_of(clinic.pk))
        if known:  # a run was stopped between the key and the note that it is in use, or the note was lost
            keyring.set_state(clinic.pk, KeyState(known[-1], plain_allowed=True))
            return known[-1]
        found = keyring.add_key(clinic.pk, plain_allowed=True)
        _log(clinic, user, "created", 0)
        return found
    raise ValueError("The clinic has a key.")


def rotate(*, clinic: Clinic, user: User | None = None, report: Report = lambda *_: None) -> RekeyingResult:
    """A new key for the clinic, and all its files sealed by it; goes on with a rotation that was stopped."""
    state = keyring.state_of(clinic.pk)
    if not _is_under_way(clinic, state):
        keyring.add_key(clinic.pk, plain_allowed=state.plain_allowed)
        _log(clinic, user, "rotation_begun", 0)
    return seal_all(clinic=clinic, user=user, report=report)


def seal_all(
    *,
    clinic: Clinic,
    user: User | None = None,
    report: Report = lambda *_: None,
    wait: Callable[[float], None] = time.sleep,
) -> RekeyingResult:
    """Seal by the key in use whatever is not; destroy the older keys once no file names them."""
    state = keyring.state_of(clinic.pk)
    keyring.key(clinic.pk, state.key_id)  # a wrong master key is told before the first file, not after it
    began = time.monotonic()
    done = RekeyingResult(left=Counter())
    photos = _photos(clinic)
    total = photos.count()
    for number, photo in enumerate(photos.iterator(chunk_size=200), start=1):
        for name, digest in ((photo.image.name, photo.sha256), (photo.thumbnail.name, "")):
            if name:
                _one(done, clinic, state, name, digest)
        report(number, total)
    if done.complete:
        keyring.set_state(clinic.pk, KeyState(state.key_id, plain_allowed=False))
        older = [key for key in keyring.keys_of(clinic.pk) if key != state.key_id]
        if older:
            wait(max(0.0, SETTLED - (time.monotonic() - began)))
            _retire(done, clinic, older)
    _log(clinic, user, "sealed", done.sealed)
    return done


def _is_under_way(clinic: Clinic, state: KeyState) -> bool:
    """Whether the last rotation left files that its key does not seal yet."""
    for photo in _photos(clinic).iterator(chunk_size=200):
        for name in (photo.image.name, photo.thumbnail.name):
            with contextlib.suppress(FileNotFoundError, FileAltered):
                if name and _header(name) not in (None, state.key_id):
                    return True
    return False


def _photos(clinic: Clinic) -> QuerySet[Photo]:
    photos = Photo.objects.filter(visit__patient__clinic=clinic).order_by("pk")
    return photos.only("image", "thumbnail", "sha256", "width", "height")


def _one(done: RekeyingResult, clinic: Clinic, state: KeyState, name: str, digest: str) -> None:
    assert done.left is not None
    try:
        if _header(name) == state.key_id:
            done.already += 1
            return
        content = files.raw(name)
        if encryption.is_encrypted(content):
            content = encryption.decrypt(content, name=name)
        # What lay plain could have been exchanged: only what the row remembers gets a seal.
        if digest and hashlib.sha256(content).hexdigest() != digest:
            raise FileAltered(name)
        files.put(name, encryption.encrypt(content, clinic_id=clinic.pk, name=name))
        done.sealed += 1
    except FileNotFoundError:
        done.left["not in the store"] += 1
    except FileAltered:
        done.left["not the one that was stored"] += 1
    except KeyMissing:
        done.left["its key is not there"] += 1


def _header(name: str) -> uuid.UUID | None:
    """The key that a stored file names, read from its first bytes; None where it lies plain."""
    return _named(files.raw(name, encryption.HEADER_BYTES))


def _named(start: bytes) -> uuid.UUID | None:
    return encryption.header_of(start).key_id if encryption.is_encrypted(start) else None


def _retire(done: RekeyingResult, clinic: Clinic, older: list[uuid.UUID]) -> None:
    """Every file of the store is asked, those too that no row names: an upload may be about to name one."""
    needed = uses()
    for key_id in older:
        if needed[key_id]:
            done.kept += 1
        else:
            keyring.retire(clinic.pk, key_id)
            done.retired += 1


def uses() -> Counter[uuid.UUID | None]:
    """How many files of the store name each key; None counts those that lie plain.

    OSError where a file can't be read now: a key that it may name is not to be destroyed.
    """
    found: Counter[uuid.UUID | None] = Counter()
    store = photo_store()
    lying = (one.place for top in store.tops()[0] for one in store.lying(top))
    for _place, start in files.ahead(lying, str, first=encryption.HEADER_BYTES):
        with contextlib.suppress(FileAltered):
            if start is not None:
                found[_named(start)] += 1
    return found


def destroy(*, clinic: Clinic, user: User | None = None) -> int:
    """Destroy the clinic's keys: its photos can never be opened again, in this store or in any backup of it."""
    gone = keyring.destroy(clinic.pk)
    _log(clinic, user, "destroyed", gone)
    return gone


def _log(clinic: Clinic, user: User | None, what: str, count: int) -> None:
    log_event(
        kind=Event.KEY_ROTATED, user=user, clinic=clinic, page="keys", detail={"what": what, "count": count}
    )

"""One photo looked at without a patient, of which nothing is kept: no row, no file, no result.

The photo and the answer pass between the web process and a worker as two sealed files that each dies with its reading:
the worker deletes the photo before it looks at it, the web process deletes both whatever happens. What two killed
processes leave is sealed, and the hourly sweep deletes it. The message holds the name alone; the key is made of it and
of the installation's secret key, so that neither the store nor the queue can open it.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.crypto import salted_hmac

from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.common import broker
from clinic.store import files

from . import decoding

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User

TASK: Final = "clinic.visits.tasks.quick_check"
NONCE_BYTES: Final = 12
EVERY: Final = 0.1
AT_ONCE: Final = 2
"""Checks that one web process waits for: its other threads are for everybody else."""
_places = threading.BoundedSemaphore(AT_ONCE)


class NoAnswer(Exception):
    """The check was not done: `busy`, `unpublished` or `late`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check(*, upload: Any, user: User, clinic: Clinic, address: str | None = None) -> dict[str, Any]:
    """What the release in use finds in the photo, as `Findings` names it; {"error": code} where it failed.

    Waits for it. Raises IntakeError for what is no photo, NoAnswer where no worker answered in time. One line in the
    log counts the check, and says nothing of the photo.
    """
    prepared = decoding.prepare(upload=upload)
    if not _places.acquire(blocking=False):
        raise NoAnswer("busy")
    try:
        found = _ask(prepared.image)
    finally:
        _places.release()
    state = str(found.get("state") or "failed")
    log_event(
        kind=Event.QUICK_CHECK,
        user=user,
        clinic=clinic,
        address=address,
        page="visits:quick_check",
        detail={"state": state},
    )
    return found


def _ask(content: bytes) -> dict[str, Any]:
    name = secrets.token_hex(16)
    try:
        files.put(_photo(name), _seal(content, name))
        if not _send(name):
            raise NoAnswer("unpublished")
        end = time.monotonic() + settings.QUICK_CHECK_WAIT
        while time.monotonic() < end:
            try:
                answer: dict[str, Any] = json.loads(_open(files.raw(_answer(name)), name))
            except FileNotFoundError:
                time.sleep(EVERY)
            else:
                return answer
        raise NoAnswer("late")
    finally:
        files.remove(_photo(name), _answer(name))


def _send(name: str) -> bool:
    return broker.send(TASK, name, queue=settings.ANALYSIS_QUEUE, expires=settings.QUICK_CHECK_WAIT)


def take(*, name: str) -> bytes | None:
    """The photo of a check, deleted with its reading; None where nobody waits for it any more."""
    try:
        content = files.raw(_photo(name))
    except FileNotFoundError:
        return None
    files.remove(_photo(name))
    return _open(content, name)


def answer(*, name: str, found: dict[str, Any]) -> None:
    """Leave what was found for the process that waits."""
    files.put(_answer(name), _seal(json.dumps(found).encode(), name))


def _photo(name: str) -> str:
    return f"{files.INCOMING}/{name}.check"


def _answer(name: str) -> str:
    return f"{files.INCOMING}/{name}.answer"


def _cipher(name: str) -> AESGCM:
    return AESGCM(salted_hmac("clinic.visits.quick", name, algorithm="sha256").digest())


def _seal(content: bytes, name: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(name).encrypt(nonce, content, name.encode())


def _open(content: bytes, name: str) -> bytes:
    try:
        return _cipher(name).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], name.encode())
    except InvalidTag as error:
        raise FileNotFoundError("It is not the one that was left.") from error

"""Whether this web process can do its work: one line for each thing that it needs, each with a time limit.

Three answers. *Ready*: all is well. *Degraded* (200 all the same): records can be read and photos stored, though
something else is missing. *Unready* (503): nothing useful would come of a request, so send it elsewhere.

The broker, the models and room on the disk degrade. Were a web process taken out of service because its broker is
down, every clinic would lose its records for want of a queue that stores nothing: photos are kept, the watchdog
publishes them later, and all web processes share the one broker, so there is no better one to turn to. The same goes
for the models, which this process never loads. Without the database, or with tables that this version does not know,
there is nothing to show and nothing may be written: those two are vital.
"""

from __future__ import annotations

import functools
import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from celery import current_app
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from clinic.store.stores import photo_store
from inference.releases import registry

from . import thresholds

logger = logging.getLogger(__name__)

State = Literal["ok", "degraded", "failed"]
KEPT: Final = 2.0
"""Seconds for which an answer is given again, so that asking often costs nothing."""


class NotReady(Exception):
    """What is missing; the sentence holds no address, no name and no secret, for anybody may read it."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that the process needs. vital: without it the process is of no use."""

    name: str
    check: Callable[[], None]
    limit: float
    vital: bool


@dataclass(frozen=True, slots=True)
class NeedState:
    """What was found of one need."""

    name: str
    state: State
    seconds: float
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """All lines, and what they come to."""

    lines: tuple[NeedState, ...]

    @property
    def state(self) -> str:
        states = {line.state for line in self.lines}
        return "unready" if "failed" in states else "degraded" if "degraded" in states else "ready"


def database() -> None:
    """The database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        raise NotReady("The database does not answer.") from error


def migrations() -> None:
    """Every change that this version wants was applied; a newer version's changes do no harm."""
    try:
        missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    except DatabaseError as error:
        raise NotReady("The database does not answer.") from error
    if missing:
        raise NotReady(f"{len(missing)} changes of the database are not applied: run manage.py migrate.")


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """On disk, which does not change while the process runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def broker() -> None:
    """The broker takes connections."""
    try:
        with current_app.connection_for_write(connect_timeout=1) as found:
            found.ensure_connection(max_retries=0, timeout=1)
    except Exception as error:
        raise NotReady(
            "The broker does not answer: photos are stored, and analysed when it is back."
        ) from error


def models() -> None:
    """The release in use is complete and every file has its checksum."""
    if registry.active().problems:
        raise NotReady("The analysis models are missing or altered: photos are stored, not analysed.")


def files() -> None:
    """The photos' folder is there and has room, or the bucket answers."""
    store = photo_store()
    try:
        store.check()
    except OSError as error:
        raise NotReady(
            "The store of photos does not answer: records can be read, photos neither stored nor shown."
        ) from error
    wanted = store.folder
    if wanted is None:
        return
    folder = next((path for path in (wanted, *wanted.parents) if path.exists()), wanted)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise NotReady("The photos' folder can't be read.") from error
    if free < thresholds.DISK_FREE_BYTES / 10:
        raise NotReady("The disk of the photos is nearly full: uploads may be refused.")


NEEDS: tuple[Need, ...] = (
    Need("database", database, limit=2.0, vital=True),
    Need("migrations", migrations, limit=5.0, vital=True),
    Need("broker", broker, limit=2.0, vital=False),
    Need("models", models, limit=3.0, vital=False),
    Need("files", files, limit=3.0, vital=False),
)
_lock = threading.Lock()
_known: tuple[float, Readiness] | None = None
_busy: set[str] = set()
"""Needs whose last look has not come back yet: no second thread is sent after it."""


def check_needs() -> Readiness:
    """How things are, at most some seconds ago. All needs are looked at side by side."""
    global _known
    with _lock:
        if _known and time.monotonic() - _known[0] < KEPT:
            return _known[1]
        started = [(need, _start(need)) for need in NEEDS]
        found = Readiness(tuple(_line(need, answer) for need, answer in started))
        _known = (time.monotonic(), found)
        return found


def forget() -> None:
    """Look anew on the next call."""
    global _known
    with _lock:
        _known = None


class _Answer:
    """What a look in a thread of its own came to."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.over = threading.Event()
        self.seconds = 0.0
        self.sentence = ""


def _start(need: Need) -> _Answer | None:
    if need.name in _busy:
        return None
    answer = _Answer()
    _busy.add(need.name)
    threading.Thread(target=_work, args=(need, answer), name=f"readyz-{need.name}", daemon=True).start()
    return answer


def _work(need: Need, answer: _Answer) -> None:
    try:
        need.check()
    except NotReady as problem:
        answer.sentence = str(problem)
    except Exception:
        logger.exception("The look at %s ended in an error", need.name)
        answer.sentence = "The look at it ended in an error; the log says which."
    finally:
        connections.close_all()  # this thread's own
        answer.seconds = time.monotonic() - answer.started
        _busy.discard(need.name)
        answer.over.set()


def _line(need: Need, answer: _Answer | None) -> NeedState:
    bad: State = "failed" if need.vital else "degraded"
    if answer is None:
        return NeedState(need.name, bad, need.limit, "No answer since the last look.")
    left = need.limit - (time.monotonic() - answer.started)
    if not answer.over.wait(max(0.0, left)):
        return NeedState(need.name, bad, need.limit, f"No answer within {need.limit:g} seconds.")
    return NeedState(need.name, bad if answer.sentence else "ok", answer.seconds, answer.sentence)

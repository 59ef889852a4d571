"""What only a worker does: refuse to start on a wrong configuration, load the models, notice a lost process.

Imported by `tasks`, never by the web process.
"""

from __future__ import annotations

import logging
import resource
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import signals
from celery.worker import state
from celery.worker.request import Request
from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    connections,
)

from clinic.common import garbage
from clinic.store.stores import StoreAway
from inference import services
from inference.pipeline import Analyser
from inference.pipeline.errors import PipelineError
from inference.releases import registry

from . import background, leases
from .publish import ANALYSE, BACKGROUND

logger = logging.getLogger(__name__)
INSIST = 20.0
"""Seconds that a worker waits for a database, or a store of photos, that is away."""
KEPT = 3
"""Releases that a process holds: the one in use, its shadow, and one that is sent over old photos."""
_analysers: OrderedDict[str, Analyser] = OrderedDict()


def analyser(name: str) -> Analyser:
    """The models of that release, loaded on first use, the longest unused given up for them; raises PipelineError."""
    found = _analysers.get(name)
    if found is None:
        registry.check(name)
        while len(_analysers) >= KEPT:
            _analysers.popitem(last=False)
        # One thread each: the processes share out the cores between them.
        found = _analysers[name] = Analyser(settings.MODEL_ARTIFACTS_DIR, threads=1, name=name)
    _analysers.move_to_end(name)
    return found


@signals.worker_init.connect
def refuse_without_models(**_: Any) -> None:
    """End at once, with the reason, rather than fail every photo of the queue."""
    registry.forget()
    problems = registry.active().problems
    connections.close_all()  # no child may inherit it
    if problems:
        sentences = " ".join(problem.detail for problem in problems)
        raise SystemExit(
            f"The worker does not start: {sentences} Restore {settings.MODEL_ARTIFACTS_DIR} from the release "
            "that you installed, then start the worker again. Waiting photos are safe."
        )


@signals.worker_process_init.connect
def load_models(**_: Any) -> None:
    """Load in the child: what native libraries start before a fork does not live after it."""
    try:
        analyser(registry.active().name)
    except PipelineError as error:
        # The next analysis tries again and ends with this code.
        logger.error("The models could not be loaded (%s): %s", error.code, error)
    garbage.settle(signals.task_prerun)
    limit_memory()


def limit_memory() -> None:
    """Let a photo that takes all memory fail by itself rather than take the machine's other processes with it.

    Counted is what this process may write to on its own: the libraries' address space, most of which is never
    touched, is no measure.
    """
    unit = 1024**2
    now = next(
        (
            int(line.split()[1]) * 1024
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("VmData:")
        ),
        0,
    )
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = now + settings.ANALYSIS_MEMORY * unit
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


@signals.task_prerun.connect
def check_connection(**_: Any) -> None:
    """Keep the database's connection from photo to photo, unless it is broken or as old as CONN_MAX_AGE."""
    close_old_connections()


@signals.worker_ready.connect
def keep_leases(sender: Any, **_: Any) -> None:
    """Let the main process speak for its children as long as it lives: their leases are short."""
    sender.timer.call_repeatedly(leases.every(), renew_leases)


def renew_leases() -> None:
    """Prolong the leases of what this worker's children are busy with."""
    held = {
        uuid.UUID(request.args[0]): leases.holder(pid=request.worker_pid)
        for request in list(state.active_requests)
        if request.name in (ANALYSE, BACKGROUND)
    }
    if not held:
        return
    close_old_connections()
    try:
        leases.renew(held=held)
    except DatabaseError as error:
        logger.error("The leases of %s analyses were not renewed: %s", len(held), type(error).__name__)
    finally:
        close_old_connections()


def retry_while_away(write: Callable[..., Any], **arguments: Any) -> Any:
    """Call a service, again for a while where the database or the store is away: a restart of it costs no result.

    A write that was done although its answer got lost finds nothing to do the second time.
    """
    end = time.monotonic() + INSIST
    while True:
        try:
            return write(**arguments)
        except (OperationalError, InterfaceError, StoreAway) as error:
            if not isinstance(error, StoreAway):
                connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


class JobRequest(Request):
    """A message whose process died or ran out of time: its analysis goes back to the queue at once.

    Runs in the worker's main process. Without it the analysis would wait for its lease to expire.
    """

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        from billiard.exceptions import WorkerLostError

        error = getattr(exc_info.exception, "exc", exc_info.exception)
        if isinstance(error, WorkerLostError):
            # `reject_on_worker_lost` brings the message back.
            self._lose("worker_lost", republish=False)
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)

    def on_timeout(self, soft: bool, timeout: float) -> None:
        super().on_timeout(soft, timeout)
        if not soft:
            self._lose("timed_out", republish=True)

    def _lose(self, code: str, *, republish: bool) -> None:
        if self.name not in (ANALYSE, BACKGROUND):
            return
        close_old_connections()
        lose = services.abandon if self.name == ANALYSE else background.abandon
        holder = leases.holder(pid=self.worker_pid)
        try:
            lose(analysis_id=uuid.UUID(self.args[0]), holder=holder, code=code, republish=republish)
        except Exception:
            logger.exception("The lost analysis waits for its lease to expire")
        finally:
            close_old_connections()

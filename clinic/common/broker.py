"""The one place that puts messages on a queue, and the one decorator of tasks. Arguments are identifiers only."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from celery import current_app, shared_task
from django.conf import settings
from kombu import pools

logger = logging.getLogger(__name__)

PATIENCE: Final = 1.0
"""Seconds that a request waits for the broker at most."""
PAUSE: Final = 10.0
"""Seconds without another try after a broker kept a request waiting; the watchdog publishes what was left out."""
SLOW: Final = 0.3
LOWEST: Final = 9
"""Redis' last priority of ten; a broker without priorities takes turns."""

_pause_until = 0.0
_suspect = False
_probe = threading.Lock()


def task(*, name: str) -> Callable[[Callable[..., Any]], Any]:
    """The decorator of every task: acknowledged late, redelivered when its process dies, limited in time."""
    return shared_task(
        name=name,
        acks_late=True,
        reject_on_worker_lost=True,
        ignore_result=True,
        time_limit=settings.ANALYSIS_HARD_LIMIT,
        Request="inference.jobs.worker:JobRequest",
    )


def send(name: str, *arguments: str, queue: str, **options: Any) -> bool:
    """One message. A broker that keeps us waiting is left alone for a while, then asked by one thread at a time."""
    global _pause_until, _suspect
    if time.monotonic() < _pause_until:
        return False
    probing = _suspect
    if probing and not _probe.acquire(blocking=False):
        return False
    started = time.monotonic()
    try:
        _hand_over(name, arguments, queue=queue, **options)
        _suspect = False
    except Exception as error:  # noqa: BLE001  # whatever ails the broker, the photo is stored
        if time.monotonic() - started > SLOW:
            _suspect, _pause_until = True, time.monotonic() + PAUSE
        logger.error("%s was not published: %s", " ".join((name, *arguments)), type(error).__name__)
        return False
    finally:
        if probing:
            _probe.release()
    return True


def _hand_over(name: str, arguments: tuple[str, ...], **options: Any) -> None:
    for last in (False, True):
        started = time.monotonic()
        try:
            with _producers(os.getpid()).acquire(block=True, timeout=PATIENCE) as producer:
                # By name, so that the web process never imports the tasks, and without a limit in the message:
                # the worker's own holds, whatever the sender knows of the task.
                current_app.send_task(
                    name,
                    args=arguments,
                    retry=False,
                    ignore_result=True,
                    time_limit=None,
                    producer=producer,
                    **options,
                )
            return
        except Exception:
            # A broker that was started anew drops the old connection at once, and takes a new one.
            if last or time.monotonic() - started > SLOW:
                raise


@functools.cache
def _producers(_process: int) -> Any:
    """Connections for publishing, of this process alone. They give up sooner than a worker's: somebody waits."""
    options: dict[str, Any] = {}
    if settings.CELERY_BROKER_URL.startswith("redis"):
        options = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    return pools.producers[current_app.connection_for_write(transport_options=options)]

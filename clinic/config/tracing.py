"""Joins a task's log lines to the request that asked for it, and writes them in the same form.

The request's number travels in the message's headers: arguments hold the record's identifier and nothing else.
"""

from __future__ import annotations

import logging
import logging.config
import time
from typing import Any, Final

from celery import signals

from clinic.common import logs, logs_python

logger = logging.getLogger("clinic.tasks")
HEADER: Final = "risorius_request_id"
# Tasks whose one argument names an analysis.
OF_AN_ANALYSIS: Final = frozenset({"inference.tasks.analyse", "inference.tasks.background"})
STATES: Final = {"SUCCESS": "success", "FAILURE": "failure", "RETRY": "retry", "REVOKED": "revoked"}
_started: dict[str, float] = {}


@signals.setup_logging.connect
def configure(**_: Any) -> None:
    """Worker and beat log as the settings say; without this Celery would bring handlers of its own."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
    if settings.LOG_JSON:
        logs_python.hook()


@signals.before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Put the number of the request, or of the task, that publishes a message into its headers."""
    number = logs.bound().get("request_id")
    if headers is not None and number:
        headers[HEADER] = number


@signals.task_prerun.connect
def begin(task_id: str = "", task: Any = None, args: Any = (), **_: Any) -> None:
    """From here on each line carries the task's number, the request's and the analysis'."""
    logs.clear()
    logs.bind(task_id=str(task_id))
    if number := getattr(task.request, HEADER, None):
        logs.bind(request_id=str(number))
    if task.name in OF_AN_ANALYSIS and args:
        logs.bind(analysis_id=str(args[0]))
    _started[task_id] = time.monotonic()


@signals.task_postrun.connect
def end(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    """One line for each task that ran to its end."""
    taken = time.monotonic() - _started.pop(task_id, time.monotonic())
    ended = STATES.get(state or "", "other")
    logger.info("Task done", extra={"task": task.name, "state": ended, "ms": round(taken * 1000)})
    logs.clear()


@signals.task_failure.connect
@signals.task_internal_error.connect
def failed(sender: Any = None, exception: BaseException | None = None, **_: Any) -> None:
    """An error that no task foresaw, by type and place."""
    error = exception and (type(exception), exception, exception.__traceback__)
    logger.error("Task failed", extra={"task": getattr(sender, "name", None)}, exc_info=error or None)

"""The one way of every log line: ours, Django's, Celery's, gunicorn's and Python's warnings.

One event a line: when, how grave, which logger, what; then the identifiers of the request, the task, the analysis,
the user and the clinic. What a line may say is decided in `scrub`.
"""

from __future__ import annotations

import contextvars
import datetime as dt
import json
import logging
import re
from typing import Any, Final

from . import scrub

# What a line may carry beside its message, under which names.
FIELDS: Final = ("status_code", "method", "route", "ms", "task", "state", "scope", "wait")
IDENTIFIER: Final = re.compile(rf"{scrub.UUID.pattern}|\d{{1,12}}")
_context: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("log", default=None)


def bind(**identifiers: str) -> None:
    """Let each line from here on carry these identifiers; what is no identifier is left out."""
    fit = {name: text for name, text in identifiers.items() if IDENTIFIER.fullmatch(text)}
    _context.set({**(_context.get() or {}), **fit})


def bound() -> dict[str, str]:
    """The identifiers that lines carry at the moment."""
    return dict(_context.get() or {})


def clear() -> None:
    """Forget the identifiers: another request or task begins."""
    _context.set(None)


class Formatter(logging.Formatter):
    """What both shapes share: the event as a dictionary."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            return self.line(_event(record))
        except Exception as error:  # noqa: BLE001  # logging's own report of an error would print the arguments
            return self.line(
                {**_head(record), "event": f"A line could not be written: {type(error).__name__}"}
            )

    def line(self, event: dict[str, Any]) -> str:
        """The event in this shape."""
        raise NotImplementedError


class Json(Formatter):
    """For machines: one object a line."""

    def line(self, event: dict[str, Any]) -> str:
        return json.dumps(event, ensure_ascii=False, default=scrub.value)


class Readable(Formatter):
    """For people: one line an event, and an error's places below it."""

    def line(self, event: dict[str, Any]) -> str:
        rest = dict(event)
        head = f"{rest.pop('time')} {rest.pop('level'):7} {rest.pop('logger')}: {rest.pop('event')}"
        error = rest.pop("error", None)
        text = " ".join([head, *(f"{name}={value}" for name, value in rest.items())])
        while error:
            said = ", ".join(f"{name}={error[name]}" for name in error if name not in ("type", "at", "after"))
            text += f"\n    {error['type']}{f' ({said})' if said else ''}"
            text += "".join(f"\n      {place}" for place in error.get("at", ()))
            error = error.get("after")
        return text


def _head(record: logging.LogRecord) -> dict[str, Any]:
    moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
    }


def _event(record: logging.LogRecord) -> dict[str, Any]:
    text = scrub.message(record.msg, record.args)
    event = {**_head(record), "event": scrub.WITHHELD if text is None else text}
    if text is None or record.levelno >= logging.WARNING:
        event["at"] = scrub.place(record.pathname, record.lineno)
    event |= bound() | _of_request(getattr(record, "request", None))
    event |= {name: scrub.value(getattr(record, name)) for name in FIELDS if hasattr(record, name)}
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        event["error"] = scrub.error(error)
    return event


def _of_request(request: Any) -> dict[str, str]:
    """Which page it was by its pattern: the address itself may hold whatever somebody typed."""
    match = getattr(request, "resolver_match", None)
    return {"route": match.route} if match is not None else {}

"""What Python would print by itself goes through the same pipe: warnings, and errors that nobody caught."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from typing import Any, TextIO

logger = logging.getLogger("python")


def hook() -> None:
    """From here on; for production alone, where nobody reads a traceback on a screen."""
    # Logging's own complaint of a line that can't be written quotes its arguments.
    logging.raiseExceptions = False
    warnings.showwarning = _warn
    sys.excepthook = _uncaught
    threading.excepthook = _passing
    sys.unraisablehook = _passing


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    record = logger.makeRecord(
        logger.name, logging.WARNING, filename, lineno, "%s", (category.__name__,), None
    )
    logger.handle(record)


def _uncaught(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logger.critical("An error that nobody caught", exc_info=(kind, error, traceback))


def _passing(found: Any) -> None:
    """In a thread, or where nobody could have caught it."""
    _uncaught(found.exc_type, found.exc_value or found.exc_type(), found.exc_traceback)

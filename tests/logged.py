"""What would stand in the log: each line as production writes it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

from clinic.common.logs import Formatter, Json


class Lines(io.StringIO):
    """The text that was logged, and its events."""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@contextlib.contextmanager
def lines(formatter: Formatter | None = None, *, level: int = logging.DEBUG) -> Iterator[Lines]:
    """Collects whatever any logger writes, however grave, through production's formatter."""
    found = Lines()
    handler = logging.StreamHandler(found)
    handler.setFormatter(formatter or Json())
    # Those that keep their lines to themselves, too.
    loggers = [logging.getLogger(), *(log for log in all_loggers() if not log.propagate)]
    before = [(log, log.level, log.handlers) for log in loggers]
    for log in loggers:
        # Alone: pytest's own would stumble over a line whose arguments do not fit.
        log.handlers = [handler]
        log.setLevel(level)
    try:
        yield found
    finally:
        for log, old, handlers in before:
            log.handlers = handlers
            log.setLevel(old)


def all_loggers() -> list[logging.Logger]:
    """Every logger that anything has asked for."""
    known = logging.Logger.manager.loggerDict.values()
    return [log for log in known if isinstance(log, logging.Logger)]

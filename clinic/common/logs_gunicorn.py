"""Gunicorn's lines through the same pipe as all others: `logger_class` of its configuration."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from .logs import Json


class Pipe(Logger):
    """Starts and stops of processes, as JSON. Requests are logged by the application, by their patterns."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Json())

    def access(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: gunicorn's line holds the query, and what a visitor says of himself."""

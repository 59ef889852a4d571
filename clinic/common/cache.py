"""Redis as a cache that may be away: what counts requests then counts in each process, and no page fails.

Nothing that must outlive Redis is kept in a cache: sessions, lock-outs and all records are rows of the database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
PAUSE = 10.0
"""Seconds without another try after Redis did not answer: a page asks it several times, and would wait each time."""
OPERATIONS = (
    *("add", "get", "set", "touch", "delete", "incr", "has_key", "clear"),
    *("get_many", "set_many", "delete_many"),
)

# For all threads of this process, since each has a cache object of its own.
_away: dict[str, float] = {}


class Cache(RedisCache):
    """Django's, with this process's own memory in place of a Redis that does not answer."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._address = str(server)
        self._memory = LocMemCache("while-redis-is-away", params)

    def _or_memory(self, name: str, ask: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if time.monotonic() >= _away.get(self._address, 0.0):
            try:
                return ask(*args, **options)
            except (RedisError, OSError) as error:
                _away[self._address] = time.monotonic() + PAUSE
                logger.warning(
                    "The cache does not answer (%s): this process counts by itself", type(error).__name__
                )
        if name == "incr":
            # The count so far is Redis'; it begins anew here rather than fail.
            self._memory.add(args[0], 0, version=options.get("version"))
        return getattr(self._memory, name)(*args, **options)


def _guarded(name: str) -> Callable[..., Any]:
    plain = getattr(RedisCache, name)

    def operation(self: Cache, *args: Any, **options: Any) -> Any:
        return self._or_memory(name, lambda *given, **more: plain(self, *given, **more), *args, **options)

    operation.__name__ = name
    return operation


for _name in OPERATIONS:
    setattr(Cache, _name, _guarded(_name))

"""Celery's Redis transport for a Redis that goes away while messages are in work.

Kombu gives the unacknowledged messages back when it closes a connection. Where Redis is gone it fails at that, asks
a connection that is closed already, and the worker ends with an AttributeError instead of waiting for Redis. Here a
closed connection says that it is one, and messages that can't be given back are left: Redis delivers them again after
its visibility timeout, and the watchdog publishes them long before.

What lies in the queue and is no message, put there by whoever else has the broker's password, would end the worker,
each of its successors with the next one: it is thrown away, and the line in the log says so.
"""

from __future__ import annotations

import logging
from queue import Empty
from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError, RedisError

logger = logging.getLogger(__name__)


class QoS(redis.QoS):
    def restore_unacked(self, client: Any = None) -> None:
        try:
            super().restore_unacked(client)
        except (RedisError, OSError) as error:
            logger.warning(
                "%s messages could not be given back: %s", len(self._delivered), type(error).__name__
            )
            self._delivered.clear()


class RedisChannel(redis.Channel):
    QoS = QoS

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("The connection is closed.")
        return super()._connparams(asynchronous)

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            logger.error("What lay in the queue was no message: %s", type(error).__name__)
            raise Empty from error


class RedisTransport(redis.Transport):
    Channel = RedisChannel

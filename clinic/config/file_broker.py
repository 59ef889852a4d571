"""Celery's filesystem transport, with messages that appear whole.

Kombu's own writes into the queue's folder directly, so that a reader can take a message of which half is
written, and Celery's consumer stops at it.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class FileChannel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # named as in kombu's file transport
        folder = Path(self.data_folder_out)
        # A wall clock that sorts, since messages outlive a reboot, which resets the monotonic one.
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        part = folder.parent / f"{name}.part"
        part.write_bytes(str_to_bytes(dumps(payload)))
        os.replace(part, folder / name)


class FileTransport(filesystem.Transport):
    Channel = FileChannel

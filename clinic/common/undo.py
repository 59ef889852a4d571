"""A message that offers to take back what has just been done: a button that posts to the address that undoes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages

if TYPE_CHECKING:
    from django.contrib.messages.storage.base import Message
    from django.http import HttpRequest

TAG = "undo "


def offer(request: HttpRequest, said: str, address: str, **fields: str) -> None:
    """Say what was done, with a button that posts these fields to the address. Neither may name a patient."""
    messages.success(request, said, extra_tags=TAG + json.dumps({"address": address, "fields": fields}))


def offered(message: Message) -> dict[str, Any] | None:
    """The address and the fields of a message's button; None for a message without one."""
    tags = message.extra_tags or ""
    if not tags.startswith(TAG):
        return None
    found: dict[str, Any] = json.loads(tags.removeprefix(TAG))
    return found

"""The button of a message that offers to take back what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from clinic.common import undo

if TYPE_CHECKING:
    from django.contrib.messages.storage.base import Message

register = template.Library()


@register.simple_tag
def undo_of(message: Message) -> dict[str, Any] | None:
    """The address and the fields of the message's button; None for a message without one."""
    return undo.offered(message)

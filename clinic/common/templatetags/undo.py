"""The button of a message that offers to take back what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django import template

from clinic.common import undo

if TYPE_CHECKING:
    from django.contrib.messages.storage.base import Message

register = template.Library()


class AlertLook(NamedTuple):
    """How a message is drawn: a class of alerts and an icon."""

    css: str
    icon: str


LOOKS = {
    "error": AlertLook("alert-danger", "exclamation-octagon"),
    "warning": AlertLook("alert-warning", "exclamation-triangle"),
    "success": AlertLook("alert-success", "check2-circle"),
}


@register.filter
def alert_look(level: str) -> AlertLook:
    """How a message of this level is drawn."""
    return LOOKS.get(level, AlertLook("alert-info", "info-circle"))


@register.simple_tag
def undo_of(message: Message) -> dict[str, Any] | None:
    """The address and the fields of the message's button; None for a message without one."""
    return undo.offered(message)

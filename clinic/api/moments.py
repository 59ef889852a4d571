"""Moments as the API reads them: ISO 8601 with an offset, since a time without one is another time elsewhere."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

SENTENCE = _(
    "Give a moment with its offset from UTC, for example 2026-01-14T10:00:00+07:00 or 2026-01-14T03:00:00Z."
)
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,6})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)


def read(text: object) -> dt.datetime:
    """The moment in UTC; ValueError for anything else, and for one without an offset."""
    if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
        raise ValueError("no moment with an offset")
    try:
        # PostgreSQL refuses offsets of more than sixteen hours, which ISO 8601 allows.
        return dt.datetime.fromisoformat(text.upper()).astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error


class MomentSerializerField(serializers.DateTimeField):
    """A moment in a body."""

    default_error_messages = {
        "invalid": SENTENCE,
        "make_aware": SENTENCE,
        "overflow": SENTENCE,
        "date": SENTENCE,
    }

    def to_internal_value(self, value: Any) -> dt.datetime:
        """In UTC."""
        try:
            return read(value)
        except ValueError:
            self.fail("invalid")

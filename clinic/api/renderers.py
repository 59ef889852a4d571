"""Representations beside JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer


class CsvRenderer(JSONRenderer):
    """A file that is already written as CSV; a problem on the way to it stays JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The text as UTF-8."""
        if isinstance(data, str):
            return data.encode()
        return bytes(super().render(data, "application/json", renderer_context))

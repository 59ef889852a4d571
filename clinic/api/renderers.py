"""Representations beside JSON."""

from __future__ import annotations

from collections.abc import Mapping

from rest_framework.renderers import BaseRenderer


class CsvRenderer(BaseRenderer):
    """A file that is already written as CSV."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: str,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, object] | None = None,
    ) -> bytes:
        """The text as UTF-8."""
        return data.encode()

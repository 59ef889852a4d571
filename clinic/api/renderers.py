"""Representations beside JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class JpegRenderer(BaseRenderer):
    """A picture, which is never rendered but sent as it lies; the renderer says what can be had."""

    media_type = "image/jpeg"
    format = "jpg"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, object] | None = None,
    ) -> bytes:
        """Nothing: an error is written as a problem by itself."""
        return b""


class PdfRenderer(JpegRenderer):
    """A document, sent as it was set."""

    media_type = "application/pdf"
    format = "pdf"


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

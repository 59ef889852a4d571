"""Bodies in JSON, refused where Python would read them and nothing further in could use them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """JSON of a sensible depth, whose texts can be stored and sent back."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """What the body says, or 400."""
        try:
            data = super().parse(stream, media_type=media_type, parser_context=parser_context)
            # Half a character, written as an escape, is read as text and can't be written as UTF-8.
            json.dumps(data, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError) as error:
            raise ParseError(_("The request can't be read.")) from error
        return data

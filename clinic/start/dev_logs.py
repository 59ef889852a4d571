"""Log lines of `make dev`, where nobody is a patient: all that they were given, and errors as Python prints them."""

from __future__ import annotations

import logging

from clinic.common.logs import FIELDS


class Whole(logging.Formatter):
    """How grave, which logger, what; then the fields that a line of production has too."""

    def format(self, record: logging.LogRecord) -> str:
        fields = [f"{name}={getattr(record, name)}" for name in FIELDS if hasattr(record, name)]
        if (request := getattr(record, "request", None)) is not None and hasattr(request, "get_full_path"):
            fields.append(request.get_full_path())
        text = " ".join([f"{record.levelname.lower():7} {record.name}: {record.getMessage()}", *fields])
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text

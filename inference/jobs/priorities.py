"""Priorities of messages in the analysis queue. Read while Celery is configured, before any model can be imported."""

from __future__ import annotations

from typing import Final

FIRST: Final = 0
SECOND: Final = 3
LAST: Final = 6
PRIORITIES: Final = (FIRST, SECOND, LAST)
"""As Redis knows them, in steps of three, 0 before all; background jobs come after these. A broker without priorities
keeps to the order of arrival."""

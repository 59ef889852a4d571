"""From when on something is wrong: one set of numbers for the operations page and for the alert rules."""

from __future__ import annotations

from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

QUEUE_AGE: Final = 2 * MINUTE
"""The oldest waiting photo; the same patience as the page's “Analysis is delayed” (ANALYSIS_STALE_AFTER)."""
QUEUE_LENGTH: Final = 500
CANARY_AGE: Final = 2 * MINUTE
BEAT_AGE: Final = 3 * MINUTE
OVERDUE_LEASE: Final = 5 * MINUTE
"""A lease that ended so long ago should have been taken back by the watchdog."""
BACKUP_AGE: Final = 26 * HOUR
"""A nightly backup, with two hours to spare."""
SAMPLE_AGE: Final = 26 * HOUR
WHOLE_AGE: Final = 8 * DAY
DISK_FREE_BYTES: Final = 5 * 1024**3
DISK_FREE_SHARE: Final = 0.10
FAILED_SHARE: Final = 0.05
FAILED_AT_LEAST: Final = 5
"""Below so many failures a share says nothing."""
LOGINS_FAILED: Final = 30
"""In a quarter of an hour, over all people and addresses."""
LOGINS_WINDOW: Final = 15 * MINUTE
UNSEALED: Final = 10 * MINUTE
"""The log is sealed each minute."""

NIGHTLY_SHARE: Final = 5
"""Percent of the photos that the nightly check reads: three weeks read most of them once, the weekly one all."""
NIGHT: Final = 2
"""The hour, in UTC, from which on a night's check may begin; Saturday's is the whole one."""

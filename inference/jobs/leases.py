"""Who runs an analysis, and for how long he is believed.

A lease is short, so that a killed worker's photos are taken up soon, and the worker's main process renews those of
its children while they live: an analysis may take as long as the time limit allows, a dead worker's does not.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import uuid
from collections.abc import Mapping

from django.conf import settings
from django.utils import timezone

from inference.models import Analysis, BackgroundAnalysis

from .states import Status

# Made when the main process imports this, and the same in the children that it forks.
_WORKER = secrets.token_hex(8)


def holder(*, pid: int | None = None) -> str:
    """The name under which a process of this worker holds an analysis; without a pid, this very process."""
    return f"{_WORKER}:{pid or os.getpid()}"


def until() -> dt.datetime:
    """When a lease ends that is given now."""
    return timezone.now() + dt.timedelta(seconds=settings.ANALYSIS_LEASE)


def every() -> float:
    """Seconds between two renewals: two may be missed."""
    return float(settings.ANALYSIS_LEASE) / 3


def renew(*, held: Mapping[uuid.UUID, str]) -> int:
    """Prolong the leases of the analyses that these holders are busy with; how many there were."""
    renewed = 0
    for table in (Analysis, BackgroundAnalysis):
        running = table._base_manager.filter(
            status=Status.RUNNING, pk__in=list(held), holder__in=set(held.values())
        )
        renewed += running.update(lease_until=until())
    return renewed

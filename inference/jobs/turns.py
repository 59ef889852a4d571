"""Whose photo comes first: what somebody waits for goes before what is sent in bulk.

A photo's priority in the queue follows from how many of the same uploader's photos wait already, so one clinic's import
of thousands doesn't hold up another's single visit, nor a colleague's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.conf import settings
from django.db.models import Q

from inference.models import Analysis, Canary
from inference.photos import photos

from .priorities import FIRST, LAST, PRIORITIES, SECOND
from .states import Status

__all__ = ["FIRST", "LAST", "PRIORITIES", "SECOND", "line", "overtaken", "priority_of"]

A_VISIT: Final = 12
"""Photos: one of each view."""
A_DAY: Final = 60
"""Photos: of a handful of visits. Who has more of them waiting is importing."""


def priority_of(*, photo_id: uuid.UUID) -> int:
    """The priority of a photo that is about to be queued."""
    uploader = photos().filter(pk=photo_id).values("uploaded_by")[:1]
    newest = photos().filter(uploaded_by=uploader).order_by("-created_at").values("pk")[:A_DAY]
    waiting = Analysis.everything.filter(photo__in=newest, status=Status.QUEUED).count()
    return FIRST if waiting <= A_VISIT else SECOND if waiting < A_DAY else LAST


def line(queue: str, priority: int) -> str:
    """The name under which signs of life of that priority are noted; the first has the queue's own."""
    return queue if priority == FIRST else f"{queue}:{priority}"


def overtaken(slack: dt.timedelta) -> Q:
    """Analyses that were published before a sign of life of the same priority that has come out since."""
    lines = {line(settings.ANALYSIS_QUEUE, priority): priority for priority in PRIORITIES}
    found = Q(pk__in=())
    for name, at in Canary.objects.filter(queue__in=lines).values_list("queue", "passed_at"):
        if at is not None:
            found |= Q(priority=lines[name], published_at__lt=at - slack)
    return found

"""What is read about the installation itself."""

from __future__ import annotations

import datetime as dt

from .models import CheckKind, CheckState, IntegrityCheck


def interrupted_check(
    *, idle: dt.timedelta | None, now: dt.datetime, repairs: bool = False
) -> IntegrityCheck | None:
    """The newest check that was begun and not ended; idle: only one that nobody moved for so long."""
    found = IntegrityCheck.objects.filter(state=CheckState.RUNNING, repairs=repairs)
    if idle is not None:
        found = found.filter(updated_at__lt=now - idle)
    return found.order_by("-created_at").first()


def checked_since(*, moment: dt.datetime) -> bool:
    """Whether a check of files and records was begun since then."""
    kinds = [CheckKind.SAMPLE, CheckKind.WHOLE]
    return IntegrityCheck.objects.filter(kind__in=kinds, created_at__gte=moment).exists()


def last_whole_check_at() -> dt.datetime | None:
    """When a check that read everything was last begun."""
    found = IntegrityCheck.objects.filter(kind__in=[CheckKind.WHOLE, CheckKind.RESTORE])
    return found.exclude(state=CheckState.STOPPED).values_list("created_at", flat=True).first()

"""Dates as the clinic counts them: in its own time zone, and in weeks since onset."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from django.utils import timezone


def local_day(moment: dt.date | dt.datetime) -> dt.date:
    """The calendar day in the active time zone; a plain date stays as it is."""
    if isinstance(moment, dt.datetime):
        return timezone.localtime(moment).date() if timezone.is_aware(moment) else moment.date()
    return moment


def today() -> dt.date:
    """Today in the active clinic's time zone."""
    return timezone.localdate()


def week_since(onset: dt.date, day: dt.date | dt.datetime) -> int:
    """Whole weeks from onset to that day: the first seven days are week 0; negative before onset."""
    return (local_day(day) - onset).days // 7


def today_in(time_zone: str) -> dt.date:
    """Today in that time zone, whatever zone is active: a request by token has none."""
    return timezone.localdate(timezone=zoneinfo.ZoneInfo(time_zone))


def day_in(moment: dt.datetime, time_zone: str) -> dt.date:
    """The calendar day of that moment in that time zone."""
    return timezone.localtime(moment, zoneinfo.ZoneInfo(time_zone)).date()

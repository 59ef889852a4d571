"""How many photos came in, and how many analyses ended well, hour by hour: a large clinic's day has tens of thousands.

An hour that is over changes no more. A round of beat's counts it once, for each clinic, and whoever asks adds hours up.
What no round has counted yet, the hour that runs before all, is counted from the records.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from clinic.visits.models import Photo, Visit
from inference.jobs.states import Status
from inference.models import Analysis

from .models import Heartbeat, HourTally

HOUR: Final = dt.timedelta(hours=1)
KEPT: Final = dt.timedelta(days=8)
"""Hours that are older are forgotten: nobody asks for more than a week."""
LATE: Final = dt.timedelta(minutes=2)
"""A row may be seen this much later than the time that it holds."""
AT_ONCE: Final = 24
"""Hours that one round counts."""
_VISIT: Final = {Photo: "visit_id", Analysis: "photo__visit_id"}


class HourSums(NamedTuple):
    """Of some hours: photos that came in, and analyses that ended well."""

    stored: int
    succeeded: int


def hour_of(moment: dt.datetime) -> dt.datetime:
    """When the hour of that moment began."""
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def since(*, moment: dt.datetime, clinic_id: uuid.UUID | None = None) -> HourSums:
    """What came in and ended well since the hour of that moment began, in a clinic or in all."""
    begin = hour_of(moment)
    counted_to = _counted_to()
    kept: dict[str, int | None] = {"stored": 0, "succeeded": 0}
    if counted_to is not None and counted_to > begin:
        rows = HourTally.objects.filter(hour__gte=begin, hour__lt=counted_to)
        if clinic_id is not None:
            rows = rows.filter(clinic_id=clinic_id)
        kept = rows.aggregate(stored=Sum("stored"), succeeded=Sum("succeeded"))
        begin = counted_to
    live = [_number(rows, clinic_id) for rows in (_stored(begin), _succeeded(begin))]
    return HourSums((kept["stored"] or 0) + live[0], (kept["succeeded"] or 0) + live[1])


def count() -> int:
    """Count the next hours that are over, oldest first; how many that were."""
    now = timezone.now()
    oldest, end = hour_of(now - KEPT), hour_of(now - LATE)
    with transaction.atomic():
        mark, _ = Heartbeat.objects.select_for_update().get_or_create(
            name=Heartbeat.HOURS, defaults={"at": oldest}
        )
        begin = max(mark.at, oldest)
        until = min(end, begin + AT_ONCE * HOUR)
        if begin >= until:
            return 0
        _keep(begin, until)
        Heartbeat.objects.filter(pk=mark.pk).update(at=until)
        HourTally.objects.filter(hour__lt=oldest).delete()
    return int((until - begin) / HOUR)


def _counted_to() -> dt.datetime | None:
    """The end of the last hour that was counted."""
    return Heartbeat.objects.filter(name=Heartbeat.HOURS).values_list("at", flat=True).first()


def _keep(begin: dt.datetime, until: dt.datetime) -> None:
    """Keep what each clinic had in the hours between, which nothing was kept of."""
    found: dict[tuple[uuid.UUID, dt.datetime], Counter[str]] = defaultdict(Counter)
    hour = begin
    while hour < until:
        for name, rows in (
            ("stored", _stored(hour, hour + HOUR)),
            ("succeeded", _succeeded(hour, hour + HOUR)),
        ):
            for clinic_id, number in _by_clinic(rows).items():
                found[clinic_id, hour][name] = number
        hour += HOUR
    HourTally.objects.bulk_create(
        [HourTally(clinic_id=clinic_id, hour=hour, **numbers) for (clinic_id, hour), numbers in found.items()]
    )


def _stored(begin: dt.datetime, until: dt.datetime | None = None) -> QuerySet[Any]:
    rows = Photo.objects.filter(created_at__gte=begin)
    return rows if until is None else rows.filter(created_at__lt=until)


def _succeeded(begin: dt.datetime, until: dt.datetime | None = None) -> QuerySet[Any]:
    rows = Analysis.objects.filter(status=Status.SUCCEEDED, finished_at__gte=begin)
    return rows if until is None else rows.filter(finished_at__lt=until)


def _number(rows: QuerySet[Any], clinic_id: uuid.UUID | None) -> int:
    return rows.count() if clinic_id is None else _by_clinic(rows)[clinic_id]


def _by_clinic(rows: QuerySet[Any]) -> Counter[uuid.UUID]:
    """How many of the rows each clinic has. By their visits, of which an hour has some hundred: beside so many rows a
    database would rather read all patients than look those few up."""
    visits = dict(rows.order_by().values_list(_VISIT[rows.model]).annotate(Count("pk")))
    found: Counter[uuid.UUID] = Counter()
    for pk, clinic_id in Visit.objects.filter(pk__in=visits).values_list("pk", "patient__clinic_id"):
        found[clinic_id] += visits[pk]
    return found

"""How many photos came in, and how many analyses ended well, hour by hour: a large clinic's day has tens of thousands.

An hour that is over changes no more. A round of beat's counts it once, for each clinic, and whoever asks adds hours up.
What no round has counted yet, the hour that runs before all, is counted from the records.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
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
    return HourSums(**_since(moment, clinic_id, HourSums._fields))


def succeeded_since(*, moment: dt.datetime, clinic_id: uuid.UUID | None = None) -> int:
    """Of the same, the analyses alone."""
    return _since(moment, clinic_id, ["succeeded"])["succeeded"]


def _since(moment: dt.datetime, clinic_id: uuid.UUID | None, names: Iterable[str]) -> Counter[str]:
    begin = hour_of(moment)
    counted_to = _counted_to()
    found: Counter[str] = Counter()
    if counted_to is not None and counted_to > begin:
        rows = HourTally.objects.filter(hour__gte=begin, hour__lt=counted_to)
        if clinic_id is not None:
            rows = rows.filter(clinic_id=clinic_id)
        found.update(
            {name: n or 0 for name, n in rows.aggregate(**{name: Sum(name) for name in names}).items()}
        )
        begin = counted_to
    live = {name: _ROWS[name](begin) for name in names}
    if clinic_id is None:
        found.update({name: rows.count() for name, rows in live.items()})
    else:
        found.update({name: each[clinic_id] for name, each in _by_clinic(live).items()})
    return found


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
        for name, each in _by_clinic({name: of(hour, hour + HOUR) for name, of in _ROWS.items()}).items():
            for clinic_id, number in each.items():
                found[clinic_id, hour][name] = number
        hour += HOUR
    HourTally.objects.bulk_create(
        [HourTally(clinic_id=clinic_id, hour=hour, **numbers) for (clinic_id, hour), numbers in found.items()]
    )


def _stored(begin: dt.datetime, until: dt.datetime | None = None) -> QuerySet[Any]:
    rows = Photo.objects.filter(created_at__gte=begin)
    return rows if until is None else rows.filter(created_at__lt=until)


def _succeeded(begin: dt.datetime, until: dt.datetime | None = None) -> QuerySet[Any]:
    rows = Analysis.everything.filter(status=Status.SUCCEEDED, finished_at__gte=begin)
    return rows if until is None else rows.filter(finished_at__lt=until)


_ROWS: Final[dict[str, Callable[..., QuerySet[Any]]]] = {"stored": _stored, "succeeded": _succeeded}


def _by_clinic(wanted: Mapping[str, QuerySet[Any]]) -> dict[str, Counter[uuid.UUID]]:
    """How many of the rows of each name every clinic has. By their visits, of which an hour has some hundred: beside so
    many rows a database would rather read all patients than look those few up."""
    visits = {
        name: dict(rows.order_by().values_list(_VISIT[rows.model]).annotate(Count("pk")))
        for name, rows in wanted.items()
    }
    asked = set().union(*visits.values())
    clinics = (
        dict(Visit.objects.filter(pk__in=asked).values_list("pk", "patient__clinic_id")) if asked else {}
    )
    found: dict[str, Counter[uuid.UUID]] = {name: Counter() for name in wanted}
    for name, each in visits.items():
        for visit, number in each.items():
            if visit in clinics:  # else destroyed in between
                found[name][clinics[visit]] += number
    return found

"""What the dates in photos' files say of the visit that they lie in: offered, never taken in silence."""

from __future__ import annotations

import copy
import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.core.exceptions import ValidationError

from clinic.common.dates import day_in

from . import rules
from .models import Dismissal, Photo, Suggestion, TakenFrom, Visit

if TYPE_CHECKING:
    from .selectors import PhotoCard

IMPOSSIBLE: Final = "impossible"
"""What is kept where a person leaves photos whose file tells a date that can't be."""
SAID_BY: Final = frozenset({TakenFrom.FILE, TakenFrom.GIVEN})


@dataclass(frozen=True, slots=True)
class DateOffer:
    """A day on which photos of a visit were taken that is not the visit's.

    moment: of the first of them. problem: why the visit can't be dated so; empty where it can. other: a visit of the
    patient on that day, to which they may belong.
    """

    moment: dt.datetime
    photos: tuple[Photo, ...]
    of: int
    problem: str = ""
    other: Visit | None = None
    value: str = ""
    """What is kept where a person turns it down."""

    @property
    def all_of_them(self) -> bool:
        return len(self.photos) == self.of


@dataclass(frozen=True, slots=True)
class PhotoDates:
    """offers: the days that photos tell, the most photos first. refused: photos whose file's date can't be true."""

    offers: tuple[DateOffer, ...] = ()
    refused: tuple[Photo, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.offers or self.refused)


def photo_dates(*, visit: Visit, cards: Iterable[PhotoCard]) -> PhotoDates:
    """What the photos' dates say of the visit's, but for what a person turned down."""
    photos = [card.photo for card in cards]
    zone = visit.patient.clinic.time_zone
    own = day_in(visit.at, zone)
    days: dict[dt.date, list[Photo]] = defaultdict(list)
    for photo in photos:
        if photo.taken_from in SAID_BY and day_in(photo.taken_at, zone) != own:
            days[day_in(photo.taken_at, zone)].append(photo)
    refused = tuple(photo for photo in photos if photo.taken_from == TakenFrom.REFUSED)
    if not days and not refused:
        return PhotoDates()
    kept = set(
        Dismissal.objects.filter(visit=visit, suggestion=Suggestion.DATE).values_list("value", flat=True)
    )
    offers = [
        _offer(visit, day, of_day, len(photos)) for day, of_day in days.items() if day.isoformat() not in kept
    ]
    offers.sort(key=lambda offer: (-len(offer.photos), offer.moment))
    return PhotoDates(tuple(offers), () if IMPOSSIBLE in kept else refused)


def _offer(visit: Visit, day: dt.date, photos: Sequence[Photo], of: int) -> DateOffer:
    moment = min(photo.taken_at for photo in photos)
    redated = copy.copy(visit)
    redated.at = moment
    problem = ""
    try:
        rules.check_visit(redated)
    except ValidationError as error:
        problem = " ".join(error.messages)
    return DateOffer(moment, tuple(photos), of, problem, _visit_on(visit, day), day.isoformat())


def _visit_on(visit: Visit, day: dt.date) -> Visit | None:
    """Another visit of the patient on that day."""
    zone = zoneinfo.ZoneInfo(visit.patient.clinic.time_zone)
    begin = dt.datetime.combine(day, dt.time.min, zone)
    same = Visit.objects.current().filter(patient=visit.patient_id, at__gte=begin)
    same = same.filter(at__lt=dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, zone))
    return same.exclude(pk=visit.pk).order_by("at").first()

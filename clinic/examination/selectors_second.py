"""What is read about second readings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from clinic.visits.models import Photo

from .models_second import BlindReading, SecondReading, SecondReadingQuerySet

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User
    from clinic.visits.models import Visit

_ABOUT = ("visit__patient__clinic", "visit__episode", "asked_by", "reader__user")


def waiting_readings(*, user: User, clinic: Clinic) -> SecondReadingQuerySet:
    """Those of the clinic that nobody has taken, the longest waiting first, with how many photos each has."""
    found = SecondReading.objects.visible_to(user).waiting().filter(visit__patient__clinic=clinic)
    current = Q(visit__photos__archived_at__isnull=True)
    return (
        found.filter(visit__archived_at__isnull=True)
        .select_related(*_ABOUT)
        .annotate(photos=Count("visit__photos", filter=current))
    )


def own_readings(*, user: User, clinic: Clinic) -> SecondReadingQuerySet:
    """Those of the clinic that the user reads at the moment."""
    return SecondReading.objects.of_reader(user).filter(visit__patient__clinic=clinic).select_related(*_ABOUT)


def newest_of(*, visit: Visit) -> SecondReading | None:
    """The visit's newest second reading, if it has one."""
    found = SecondReading.objects.filter(visit=visit).select_related(*_ABOUT, "reading__by")
    return found.order_by("-created_at").first()


def photos_of(*, second: SecondReading) -> list[Photo]:
    """What the second reader sees, in the order of the protocol."""
    found = Photo.objects.filter(visit=second.visit_id, archived_at__isnull=True)
    return list(found.select_related("visit__patient__clinic").order_by("taken_at", "created_at"))


def readings_of(*, clinic_id: uuid.UUID) -> list[BlindReading]:
    """All of a clinic's, of visits that count, the newest of each visit."""
    found = BlindReading.objects.filter(
        second__visit__patient__clinic_id=clinic_id,
        second__visit__archived_at__isnull=True,
        second__visit__patient__restricted_at__isnull=True,
    ).select_related("second")
    newest = {one.second.visit_id: one for one in found.order_by("created_at")}
    return list(newest.values())

"""What is read about clinical scales in visits."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from clinic.visits.models import Visit

from .models import Assessment, AssessmentQuerySet
from .scales import Scale

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User
    from clinic.patients.models import Episode


def visible_assessments(*, user: User | AnonymousUser) -> AssessmentQuerySet:
    """Assessments that the user may see, with what every page of theirs needs."""
    return Assessment.objects.visible_to(user).select_related(  # type: ignore[arg-type]  # nobody sees nothing
        "visit__patient__clinic", "visit__episode", "episode__patient__clinic", "by", "wording"
    )


def assessments_of(*, visit: Visit) -> list[Assessment]:
    """The visit's assessments, in the order in which they were begun."""
    return list(Assessment.objects.filter(visit=visit).select_related("by"))


def assessments_by_visit(*, visits: Iterable[Visit]) -> dict[uuid.UUID, list[Assessment]]:
    """The same of several visits, by the visit."""
    found: dict[uuid.UUID, list[Assessment]] = {}
    rows = Assessment.objects.filter(visit__in=[one.pk for one in visits])
    for row in rows.select_related("visit__patient__clinic", "visit__episode", "by", "wording"):
        if row.visit_id is not None:
            found.setdefault(row.visit_id, []).append(row)
    return found


def assessment_of(*, visit: Visit, scale: Scale) -> Assessment | None:
    """How this version of the scale was answered in the visit, if it was."""
    found = Assessment.objects.filter(visit=visit, scale=scale.code, scale_version=scale.version)
    return found.select_related("by", "visit__patient__clinic").first()


def finished_assessments(*, episode: Episode) -> list[Assessment]:
    """The episode's finished assessments, oldest first."""
    found = Assessment.objects.of_episode(episode).filter(finished_at__isnull=False)
    rows = found.select_related("visit", "by", "wording")
    return sorted(rows, key=lambda one: (one.at, one.created_at))

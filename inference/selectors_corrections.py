"""What clinicians put right about the points of an analysis, and which measures hold for it.

A query that asks for the corrections of analyses begins at `Analysis.objects`: what is withheld is left out there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import JSONField, OuterRef, QuerySet, Subquery

from inference.pipeline.measure.moving import can_move, with_moved

from .finding import figures_of
from .jobs.states import Status
from .models import Analysis, LandmarkCorrection


def corrected_symmetry() -> Subquery:
    """For a query of analyses: the measures of the newest correction of each; null or empty where the model's hold."""
    return Subquery(_newest().values("symmetry")[:1], output_field=JSONField())


def moved_points() -> Subquery:
    """The same of the points that it moved."""
    return Subquery(_newest().values("points")[:1], output_field=JSONField())


def newest_correction() -> Subquery:
    """The same of its key."""
    return Subquery(_newest().values("pk")[:1])


def _newest() -> QuerySet[LandmarkCorrection]:
    return LandmarkCorrection.everything.filter(analysis=OuterRef("pk")).order_by("-number")


def correction_of(*, analysis: Analysis) -> LandmarkCorrection | None:
    """The newest correction, also one that went back to the model's points."""
    return LandmarkCorrection.objects.filter(analysis=analysis).select_related("by").first()


def corrections_of(*, analysis: Analysis) -> list[LandmarkCorrection]:
    """All corrections of an analysis, newest first."""
    return list(LandmarkCorrection.objects.filter(analysis=analysis).select_related("by"))


def add_corrections(*, analyses: Iterable[Analysis], keys: Mapping[uuid.UUID, uuid.UUID | None]) -> None:
    """Put at each analysis the correction that holds for it. keys: `newest_correction` of each; without any nothing is
    asked of the database."""
    wanted = [key for key in keys.values() if key is not None]
    found: dict[uuid.UUID, LandmarkCorrection] = {}
    if wanted:
        rows = LandmarkCorrection.objects.select_related("by").filter(pk__in=wanted)
        found = {row.analysis_id: row for row in rows if row.points}
    for analysis in analyses:
        analysis.correction = found.get(analysis.pk)


def symmetries_of(*, keys: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, dict[str, Any]]:
    """The measures of these corrections, of those that moved points; without any nothing is asked of the database."""
    wanted = [key for key in keys if key is not None]
    if not wanted:
        return {}
    rows = LandmarkCorrection.everything.filter(pk__in=wanted).values_list("pk", "symmetry")
    return {pk: symmetry for pk, symmetry in rows if symmetry}


def landmarks_of(*, analysis: Analysis) -> list[list[float]]:
    """All points of the face as they hold, shares; empty without any. See `Analysis.correction`."""
    landmarks: list[list[float]] = analysis.landmarks or []
    if analysis.correction is None or not landmarks:
        return landmarks
    return with_moved(landmarks, analysis.correction.moved)


def can_be_corrected(*, analysis: Analysis | None) -> bool:
    """Whether its points can be moved: it succeeded, and its release measured in millimetres."""
    if analysis is None or analysis.status != Status.SUCCEEDED:
        return False
    return can_move(figures_of(analysis.findings).symmetry, analysis.landmarks)


def earlier_corrections(*, analysis: Analysis) -> list[LandmarkCorrection]:
    """What was put right in other results of the same photo, or of the photo that it was mirrored from or to, newest
    first: of each result the correction that holds."""
    photo = analysis.photo
    versions = {photo.pk, photo.turned_from_id} - {None}
    rows: QuerySet[LandmarkCorrection] = LandmarkCorrection.objects.select_related("by", "analysis").exclude(
        analysis=analysis
    )
    found = rows.filter(analysis__photo__in=versions) | rows.filter(analysis__photo__turned_from=photo)
    newest: dict[uuid.UUID, LandmarkCorrection] = {}
    for row in found.order_by("-created_at"):
        newest.setdefault(row.analysis_id, row)
    return [row for row in newest.values() if row.points]

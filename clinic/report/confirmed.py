"""A course as far as a clinician stands behind it: what a letter may say of a model's figures.

Where no clinician has had a word on a visit, nor on the photos behind a figure, the model's figures are left out. The
visits stay, with whatever a clinician wrote.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from clinic.recovery.history import EpisodeHistory, VisitPoint

REVIEWED: Final = 4
"""Its place in a reading as it is kept."""


@dataclass(frozen=True, slots=True)
class ConfirmedCourse:
    """history: with confirmed figures alone. left_out: visits with figures that nobody has confirmed."""

    history: EpisodeHistory
    left_out: int


def confirmed_course(history: EpisodeHistory, *, until: uuid.UUID | None = None) -> ConfirmedCourse:
    """The course until that visit, or all of it. until: one of its visits."""
    visits = list(history.visits)
    treatments, changes = history.treatments, history.model_changes
    if until is not None:
        place = next(at for at, one in enumerate(visits) if one.visit_id == until)
        visits = visits[: place + 1]
        day = visits[-1].date
        treatments = tuple(one for one in treatments if one.date <= day)
        changes = tuple(one for one in changes if one.date <= day)
    kept = [_all_reviewed(one) if one.said else _reviewed_alone(one) for one in visits]
    left_out = sum(_figures(before) > _figures(after) for before, after in zip(visits, kept, strict=True))
    known = {one.visit_id for one in kept if one.releases}
    return ConfirmedCourse(
        replace(
            history,
            visits=tuple(kept),
            treatments=treatments,
            model_changes=tuple(one for one in changes if one.visit_id in known),
        ),
        left_out,
    )


def _figures(visit: VisitPoint) -> int:
    shown = [*visit.readings.values(), visit.model_grade, *visit.resting]
    return sum(one is not None for one in shown)


def _all_reviewed(visit: VisitPoint) -> VisitPoint:
    """The visit with its figures as reviewed: a word on a visit is one on all its photos."""
    found: Mapping[str, Any] = visit.figures
    readings = {
        region: None if one is None else [*one[:REVIEWED], True, *one[REVIEWED + 1 :]]
        for region, one in found["readings"].items()
    }
    resting = [[*one[:-1], True] for one in found["resting"]]
    return replace(visit, figures={**found, "readings": readings, "resting": resting})


def _reviewed_alone(visit: VisitPoint) -> VisitPoint:
    """The visit with the figures of those photos alone that a clinician has had a word on."""
    found: Mapping[str, Any] = visit.figures
    readings = {
        region: one if one is not None and one[REVIEWED] else None
        for region, one in found["readings"].items()
    }
    resting = [one for one in found["resting"] if one[-1]]
    releases = {one[2] for one in readings.values() if one is not None} | {one[2] for one in resting}
    figures = {
        **found,
        "readings": readings,
        "counted": [one for one in found["counted"] if one[3]],
        "resting": resting,
        "composite": None,
        "basis": [],
        "releases": [one for one in found["releases"] if one in releases],
        "model_grade": None,
        "grade": found["clinician_grade"],
        "grade_source": "clinician" if found["clinician_grade"] else "",
    }
    return replace(visit, figures=figures, kept_compared=_rows_alone(visit.kept_compared))


def _rows_alone(plain: Sequence[Any]) -> list[Any]:
    """Of each release, region and kind the photos that were confirmed; see `recovery.compared.Compared`."""
    kept = []
    for release, regions in plain:
        some = {region: _kinds_alone(kinds) for region, kinds in regions.items()}
        if any(some.values()):
            kept.append([release, some])
    return kept


def _kinds_alone(kinds: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    found = {kind: [row for row in rows if row[2]] for kind, rows in kinds.items()}
    return {kind: rows for kind, rows in found.items() if rows}

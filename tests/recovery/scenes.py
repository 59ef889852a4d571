"""Visits with analysed photos, in one line each."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from clinic.patients.models import Episode
from clinic.visits.models import Photo, Visit
from inference.models import Analysis
from tests import factories

ZONE = zoneinfo.ZoneInfo("Asia/Jakarta")
ONSET = dt.date(2026, 9, 1)


def on(day: int, hour: int = 10) -> dt.datetime:
    """That day since onset, in the clinic's time."""
    return dt.datetime.combine(ONSET + dt.timedelta(days=day), dt.time(hour), ZONE)


def visit(episode: Episode, day: int, **fields: object) -> Visit:
    return factories.VisitFactory(episode=episode, at=on(day), **fields)


def photo(visit: Visit, exercise: str = "smile", **fields: object) -> Photo:
    return factories.PhotoFactory(visit=visit, exercise=exercise, **fields)


def analysed(
    visit: Visit, exercise: str = "smile", *, release: str = "2026.11.1", side: str = "", **found: object
) -> Analysis:
    """A photo of that exercise, with a succeeded analysis."""
    data = factories.findings(exercise=exercise, **found)
    return factories.AnalysisFactory(photo=photo(visit, exercise, side=side), release=release, data=data)


def measured(
    episode: Episode,
    day: int,
    *,
    brow: float = 0.9,
    eye: float = 0.9,
    mouth: float = 0.6,
    grade: int = 3,
    release: str = "2026.11.1",
    **fields: object,
) -> Visit:
    """A visit with rest and smile: all that brow, eye and mouth need."""
    one = visit(episode, day, **fields)
    analysed(one, "rest", brow=brow, eye=eye, mouth=0.5, grade=grade, release=release)
    analysed(one, "smile", brow=0.1, eye=0.1, mouth=mouth, grade=grade, release=release)
    return one

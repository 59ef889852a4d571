"""Thins a series to what can be seen: of a long course most points fall onto each other's place.

Nothing that a reader looks for goes: the first and the last point stay, of each stretch of the axis the highest and the
lowest, and whatever is pointed at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from .history import EpisodeHistory

MOST_POINTS: Final = 120
"""More than that a panel can't show apart: longer series are thinned."""
STRETCHES: Final = 40
"""Of the axis, each with its highest and its lowest point: a stretch is as wide as a mark."""


def thinned(
    points: Sequence[tuple[float, float]], *, noted: Collection[int] = (), stretches: int = STRETCHES
) -> set[int]:
    """The places of the points to draw. points: (x, y) from left to right; noted: places that stay."""
    if len(points) <= MOST_POINTS:
        return set(range(len(points)))
    first, last = points[0][0], points[-1][0]
    width = (last - first) / stretches or 1.0
    lowest: dict[int, int] = {}
    highest: dict[int, int] = {}
    for place, (x, y) in enumerate(points):
        stretch = int((x - first) / width)
        if stretch not in lowest or y < points[lowest[stretch]][1]:
            lowest[stretch] = place
        # Of equals the last: a level stretch keeps both its ends.
        if stretch not in highest or y >= points[highest[stretch]][1]:
            highest[stretch] = place
    return {0, len(points) - 1, *lowest.values(), *highest.values(), *noted}


def noted_days(history: EpisodeHistory) -> frozenset[dt.date]:
    """The days of visits that page and file point at: those that the last visit is compared with, the last, and those
    from which on another model gave the figures."""
    changes = history.course.changes
    compared = [one.since for one in (*changes.before, *changes.first, *changes.best) if one.since]
    measured = next((visit.date for visit in reversed(history.visits) if visit.is_measured), None)
    days = {*compared, *(one.date for one in history.model_changes)}
    return frozenset(days if measured is None else {*days, measured})

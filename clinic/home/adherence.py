"""How much of a home programme was done, week by week: plain arithmetic.

A week begins with the day on which the programme does. Of a day no more counts than was asked for, and of a week no
more than of the days that were asked for. The week that is not over is held against the days that are.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class PracticeWeek:
    """One week of a programme. begins: its first day; days: those of it that are over or today; done, asked: how often
    exercises were done and how often they should have been."""

    begins: dt.date
    days: int
    done: int
    asked: int

    @property
    def share(self) -> float:
        """From 0, nothing done, to 1, all of it."""
        return self.done / self.asked if self.asked else 0.0


def weeks(
    done: Mapping[dt.date, int], *, starts_on: dt.date, until: dt.date, times_a_day: int, per_week: int
) -> list[PracticeWeek]:
    """The weeks from the first day to `until`, which counts too, oldest first. done: how often exercises were done on a
    day; days before and after are left out."""
    found = []
    begins = starts_on
    while begins <= until:
        days = min(WEEK, (until - begins).days + 1)
        # Part of a week asks for its part of the days, and never for none.
        asked_days = per_week if days == WEEK else max(1, math.floor(per_week * days / WEEK))
        each = sorted(
            (min(done.get(begins + dt.timedelta(day), 0), times_a_day) for day in range(days)), reverse=True
        )
        found.append(PracticeWeek(begins, days, sum(each[:asked_days]), asked_days * times_a_day))
        begins += dt.timedelta(WEEK)
    return found

"""The numbers and choices on which the recovery history rests, each in one place with its reason.

None of them is validated on patients. They are defaults, said to be so on the page, until this
clinic's own repeated photos give better ones.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

REGIONS: Final[tuple[str, ...]] = ("brow", "eye", "mouth")

REGION_EXERCISES: Final[dict[str, tuple[str, ...]]] = {
    # A weak brow is the lower one when both are raised; at rest only its droop shows.
    "brow": ("brow_raise", "rest"),
    # A weak lid falls short first when the eyes close without effort; at rest only its droop shows.
    "eye": ("gentle_eye_closure", "tight_eye_closure", "rest"),
    # The corners of the mouth travel farthest in a wide smile. "smile" is from before the two were told apart;
    # bared teeth stand in where no smile was taken.
    "mouth": ("smile_with_teeth", "closed_smile", "smile", "show_teeth"),
}
"""Which exercise gives a region's symmetry for a visit; the first that the visit has counts."""

FALSE_ALARMS: Final = 25
"""Of a thousand courses in which nothing changes, how many may be called worse at any of their visits."""

COURSE_VISITS: Final = 12
"""Over how many visits of a course that holds: a year's, at a visit a month. Longer courses are called worse a
little more often, each visit as often as before."""

MEASUREMENT_ERROR: Final[float | None] = None
"""Smallest change of one region's symmetry that is more than noise (95 %), from this clinic's own repeated photos of
the same face on the same day; None while it has none. Until then `noise.error_of` gives that of the release which
made the figures, from repeated photographs of simulated faces."""

TOO_WIDE: Final = 1.0
"""An error from which no share can be told from another: a side that doesn't move and one that moves as far as the
other are 1 apart."""

HEALTHY_SHARE: Final[dict[str, float]] = {"brow": 0.79, "eye": 0.88, "mouth": 0.45}
"""From which share of the larger movement on the smaller is healthy: nine in ten of 15 simulated healthy people
(grade I,
validation and test, each the median of three visits) reach it, by release 2026.11.5 in all the region's exercises
(`ml_training/measurement/movement.json`)."""

WEEK: Final = dt.timedelta(days=7)
MONTH: Final = dt.timedelta(days=30)
"""As the lists tell patients seen lately from others."""

LAPSED_AFTER: Final = dt.timedelta(weeks=6)
"""A patient whose last visit is longer ago asks for attention."""

RECOVERED_GRADE: Final = 1
"""A clinician's House-Brackmann grade from which a patient without a recent visit is not missed."""

SUMMARY_VISITS: Final = 20
"""How many visits' symmetry the summary keeps for the lists' sparklines."""

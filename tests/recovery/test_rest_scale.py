"""Lengths of closed eyes are in the scale of the visit's photo at rest: shut lids hide the irises."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from clinic.recovery.measures import MeasuredVisit, PhotoPoint, Result, lengths_of


def symmetry(*, mm_per_px: float, eyes_px: float, opening: float, brow: float) -> dict[str, Any]:
    """What `measure` stores of one photo; lengths in its own irises' scale, mm."""
    return {
        "unit": "mm",
        "mm_per_px": mm_per_px,
        "eyes_px": eyes_px,
        "eyes_mm": round(mm_per_px * eyes_px, 2),
        "scale_from": "iris",
        "eye": {"left": opening, "right": opening, "ratio": 1.0},
        "brow": {"left": brow, "right": brow, "ratio": 1.0},
    }


REST = symmetry(mm_per_px=0.5, eyes_px=120, opening=10, brow=22)
# Twice as near, with made-up irises a quarter too wide: 0.2 mm a pixel where it is 0.25.
CLOSED = symmetry(mm_per_px=0.2, eyes_px=240, opening=2, brow=17.6)


def photo(exercise: str, found: dict[str, Any], release: str = "r1") -> PhotoPoint:
    result = Result(
        uuid.uuid4(), release, 1.0, 1.0, 1.0, 3, 0.9, "left", exercise, lengths_of(found), symmetry=found
    )
    return PhotoPoint(uuid.uuid4(), exercise, "", dt.datetime(2026, 11, 1, tzinfo=dt.UTC), results=(result,))


def test_lengths_of_closed_eyes_take_the_scale_of_the_photo_at_rest():
    measured = MeasuredVisit((photo("rest", REST), photo("gentle_eye_closure", CLOSED)))
    closed = measured.photos[1].results[0]
    assert closed.lengths == {"eye": (2.5, 2.5), "brow": (22.0, 22.0)}
    assert closed.symmetry["scale_from"] == "rest_photo", "every length that is shown has one scale"
    assert CLOSED["scale_from"] == "iris", "what was stored stays as it was"
    assert measured.photos[0].results[0].lengths["brow"] == (22.0, 22.0)


def test_another_releases_photo_at_rest_lends_no_scale():
    measured = MeasuredVisit((photo("rest", REST, "r0"), photo("gentle_eye_closure", CLOSED)))
    assert measured.photos[1].results[0].lengths["brow"] == (17.6, 17.6)
    assert measured.photos[1].results[0].eye is None


def test_photos_with_open_eyes_keep_their_own_scale():
    measured = MeasuredVisit((photo("rest", REST), photo("closed_smile", CLOSED)))
    assert measured.photos[1].results[0].lengths["brow"] == (17.6, 17.6)

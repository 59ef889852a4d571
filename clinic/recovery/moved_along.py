"""What moved along with the exercises of a visit (`examination.along`), as its course keeps and tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinic.examination.along import Along
from inference.pipeline.measure.synkinesis import MovedAlong, moved_along

from .measures import MeasuredVisit


def along_in(measured: MeasuredVisit) -> tuple[Along, ...]:
    """Of the photos that count, against the visit's own photo at rest; nothing where that is another visit's: an eye's
    opening differs more from day to day than what is looked for."""
    rest = measured.rest
    if rest is None or rest.borrowed:
        return ()
    found = []
    for photo in measured.counted:
        result = photo.results[0]
        before = rest.photo.result_of(result.release)
        found += [
            Along(moved, result.release, str(photo.photo_id), photo.is_reviewed)
            for moved in moved_along(photo.exercise, result.face, before.face if before is not None else None)
        ]
    return tuple(found)


def to_plain(one: Along) -> list[Any]:
    """As values that JSON can hold."""
    moved = one.moved
    return [
        moved.exercise, moved.part, moved.left, moved.right, moved.left_at_rest, moved.right_at_rest, one.release,
        one.photo, one.reviewed,
    ]  # fmt: skip


def from_plain(kept: Sequence[Any]) -> Along:
    """What `to_plain` made of it."""
    return Along(MovedAlong(*kept[:6]), *kept[6:])

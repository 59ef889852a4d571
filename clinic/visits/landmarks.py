"""The points of a photo's face as a page shows them to be put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference.models import LandmarkCorrection
from inference.pipeline.measure.moving import Moved, mirrored
from inference.pipeline.measure.places import PLACES
from inference.selectors_corrections import correction_of, corrections_of, earlier_corrections

from .landmark_names import group_of, groups, name_of
from .selectors import PhotoCard

Places = dict[int, list[float]]


@dataclass(frozen=True, slots=True)
class EarlierPoints:
    """What was put right in another result of the same face. mirrored: in the photo before it was turned over."""

    correction: LandmarkCorrection
    points: Places
    mirrored: bool


@dataclass(frozen=True, slots=True)
class PlacingPage:
    """What the page needs. newest: the last correction, whether it moved points or went back to the model's."""

    data: dict[str, Any]
    groups: list[tuple[str, str]]
    newest: LandmarkCorrection | None
    history: list[LandmarkCorrection]
    earlier: list[EarlierPoints]
    number: int


def placing_page(*, card: PhotoCard, moved: Moved | None = None) -> PlacingPage:
    """The points of the card's newest analysis. moved: where they lie on a page that is shown once more, else as they
    are on record."""
    analysis = card.analysis
    assert analysis is not None
    newest = correction_of(analysis=analysis)
    kept = newest.moved if newest is not None else {}
    earlier = [
        EarlierPoints(row, *_of_this_photo(row, card)) for row in earlier_corrections(analysis=analysis)
    ]
    landmarks: Sequence[Sequence[float]] = analysis.landmarks or []
    data = {
        "width": card.photo.width,
        "height": card.photo.height,
        "points": [
            {
                "index": index,
                "name": name_of(place),
                "group": group_of(place),
                "model": landmarks[index],
                "along": _along(index),
            }
            for index, place in PLACES.items()
        ],
        "kept": _plain(kept),
        "moved": _plain(kept if moved is None else moved),
        "earlier": [_plain(one.points) for one in earlier],
    }
    return PlacingPage(
        data, groups(), newest, corrections_of(analysis=analysis), earlier, newest.number if newest else 0
    )


def merged(*, mine: Moved, before: Moved, theirs: Moved) -> Places:
    """Two corrections that began at the same points: theirs, and what I moved since on top. What I put back to the
    model's place is the model's."""
    found = {index: list(place) for index, place in theirs.items()}
    for index in {*mine, *before}:
        if list(mine.get(index, ())) == list(before.get(index, ())):
            continue
        if index in mine:
            found[index] = list(mine[index])
        else:
            found.pop(index, None)
    return found


def points_of(*, history: Sequence[LandmarkCorrection], number: int) -> Places:
    """Where that correction had the points; the model's places, none, for 0."""
    return next((row.moved for row in history if row.number == number), {})


def _of_this_photo(row: LandmarkCorrection, card: PhotoCard) -> tuple[Places, bool]:
    if row.analysis.photo_id == card.photo.pk:
        return row.moved, False
    return mirrored(row.moved), True


def _along(index: int) -> list[int]:
    """What moves with it: an iris with its pupil."""
    place = PLACES[index]
    if place.name != "pupil":
        return []
    return [other for other, one in PLACES.items() if one.side == place.side and one.name.startswith("iris_")]


def _plain(points: Mapping[int, Any]) -> dict[str, Any]:
    return {str(index): list(place) for index, place in points.items()}

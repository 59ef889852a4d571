"""Two photos of one exercise, side by side, and what changed between them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from clinic.visits.exercises import CLOSURES
from clinic.visits.models import Photo
from inference.jobs.states import Status
from inference.models import Analysis
from inference.pipeline.measure.movement import WAYS

from . import rules
from .change import Verdict, judged, limit_of
from .compared import Kind
from .course import verdict_words
from .data import exercise_name
from .history import EpisodeHistory, VisitPoint
from .measures import PhotoPoint, Result, difference
from .noise import exercise_error

SHOTS_AT_ONCE: Final = 48
"""Photos to choose from."""
Whole = Callable[[Sequence[VisitPoint]], Sequence[VisitPoint]]
"""Reads the photos of some visits of a course."""


@dataclass(frozen=True, slots=True)
class StripPhoto:
    """One photo of the strip, at its visit. key: the exercise and side that it is filed under. can_align: whether
    landmarks were found, by which the photo can be laid on the other."""

    photo_id: uuid.UUID
    key: tuple[str, str]
    visit: VisitPoint
    can_align: bool

    @property
    def date(self) -> dt.date:
        return self.visit.date


@dataclass(frozen=True, slots=True)
class ComparedMeasure:
    """One figure in both photos; sides are the patient's left and right, mm.

    what: "movement" since rest, as a share of the other side's; or "distance", the ratio of both sides' distances.
    `difference` is None unless both were measured by the same release; `error` is the smallest one that is more than
    noise, None where it isn't known.
    """

    region: str
    what: Kind
    a: float | None
    b: float | None
    sides_a: tuple[float, float] | None
    sides_b: tuple[float, float] | None
    difference: float | None
    error: float | None = None

    @property
    def verdict(self) -> Verdict | None:
        """What the difference means; None without one."""
        return None if self.difference is None else judged(self.difference, self.limit)

    @property
    def limit(self) -> float | None:
        """What it must exceed to be a change, as on the recovery page: one of all the looks at a course."""
        return limit_of(self.error, 1)

    @property
    def words(self) -> str:
        """The verdict in words, with the error behind it; empty without a difference."""
        return "" if self.verdict is None else verdict_words(self.verdict, self.limit)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The photos of one exercise, the two chosen from them, and their measures.

    strip: those to choose from, oldest first: the newest ones, or the newest before the photo `until`. earlier: whether
    others were before them.
    """

    exercise: str
    side: str
    choices: tuple[tuple[str, str], ...]
    strip: tuple[StripPhoto, ...]
    earlier: bool = False
    until: StripPhoto | None = None
    a: StripPhoto | None = None
    b: StripPhoto | None = None
    measures: tuple[ComparedMeasure, ...] = ()
    release_a: str = ""
    release_b: str = ""

    @property
    def key(self) -> str:
        """The exercise as the form and the address name it."""
        return key_of(self.exercise, self.side)

    @property
    def options(self) -> list[StripPhoto]:
        """The strip with the two that are chosen, which may lie elsewhere."""
        chosen = [shot for shot in (self.a, self.b) if shot is not None]
        by_id = {shot.photo_id: shot for shot in (*self.strip, *chosen)}
        return sorted(by_id.values(), key=lambda shot: shot.visit.at)

    @property
    def closes_eyes(self) -> bool:
        """Whether the exercise shuts the eyes, so that their opening is not what is compared."""
        return self.exercise in CLOSURES

    @property
    def name(self) -> str:
        """The exercise in the reader's language."""
        return exercise_name(self.exercise, self.side) if self.exercise else ""

    @property
    def same_release(self) -> bool:
        """Whether the two may be set against each other."""
        return bool(self.release_a) and self.release_a == self.release_b

    @property
    def other_releases(self) -> bool:
        """Both were analysed, but by no release in common."""
        return bool(self.release_a and self.release_b) and not self.same_release


def key_of(exercise: str, side: str) -> str:
    """The exercise with its side, in one word."""
    return f"{exercise}-{side}" if side else exercise


def compare(
    *,
    history: EpisodeHistory,
    exercise: str = "",
    a: str = "",
    b: str = "",
    before: str = "",
    whole: Whole = list,
) -> Comparison:
    """The two photos of that exercise; without a wish, the first and the last analysed one.

    Of all others no more is read than the strip shows. before: the photo of that exercise before which the strip ends.
    whole: where the course came without its photos.
    """
    photos = Photo.objects.filter(
        visit__episode_id=history.episode_id, visit__archived_at__isnull=True, archived_at__isnull=True
    )
    keys = [*history.exercises]
    keys += sorted(set(photos.order_by().values_list("exercise", "side").distinct()) - set(keys))
    if not keys:
        return Comparison("", "", (), ())
    choices = tuple((key_of(*key), exercise_name(*key)) for key in keys)
    code, side = _chosen(exercise, keys)
    shots = _shots(history, photos.filter(exercise=code, side=side))
    if not shots:
        return Comparison(code, side, choices, ())
    ready = [shot for shot in shots if shot.can_align] or shots
    first = _find(shots, a) or ready[0]
    second = _find(shots, b) or ready[-1]
    last = _find(shots, before)
    end = next(place for place, one in enumerate([*shots, None]) if one is last)
    begin = max(0, end - SHOTS_AT_ONCE)
    strip = tuple(shots[begin:end])
    found = Comparison(code, side, choices, strip, begin > 0, last, first, second)
    return _measured(found, whole)


def _shots(history: EpisodeHistory, photos: QuerySet[Photo]) -> list[StripPhoto]:
    """These photos of the course's visits, in their order."""
    found: dict[uuid.UUID, list[StripPhoto]] = {visit.visit_id: [] for visit in history.visits}
    visits = {visit.visit_id: visit for visit in history.visits}
    seen = Analysis.objects.filter(photo=OuterRef("pk"), status=Status.SUCCEEDED)
    rows = photos.order_by("taken_at", "created_at").values_list(
        "pk", "visit_id", "exercise", "side", Exists(seen)
    )
    for pk, visit_id, exercise, side, analysed in rows:
        if visit_id in visits:
            found[visit_id].append(StripPhoto(pk, (exercise, side), visits[visit_id], analysed))
    return [shot for shots in found.values() for shot in shots]


def _chosen(wanted: str, keys: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The key that was asked for, or the nearest: a smile says most, the first exercise will do."""
    for test in (
        lambda key: key_of(*key) == wanted,
        lambda key: key[0] == wanted,
        lambda key: key[0] in rules.REGION_EXERCISES["mouth"],
    ):
        found = next((key for key in keys if test(key)), None)
        if found is not None:
            return found
    return keys[0]


def _find(strip: Sequence[StripPhoto], photo_id: str) -> StripPhoto | None:
    return next((shot for shot in strip if str(shot.photo_id) == photo_id), None)


def _measured(comparison: Comparison, whole: Whole) -> Comparison:
    """With the measures of the newest release that both photos have, else of the newest of each."""
    a, b = comparison.a, comparison.b
    assert a is not None and b is not None
    points = {photo.photo_id: photo for visit in whole([a.visit, b.visit]) for photo in visit.photos}
    result_a, result_b = _alike(points[a.photo_id], points[b.photo_id])
    same = result_a is not None and result_b is not None and result_a.release == result_b.release
    measures = tuple(_measures(comparison.exercise, result_a, result_b, same=same))
    return replace(
        comparison,
        measures=measures if result_a or result_b else (),
        release_a=result_a.release if result_a else "",
        release_b=result_b.release if result_b else "",
    )


def _alike(a: PhotoPoint, b: PhotoPoint) -> tuple[Result | None, Result | None]:
    for result in b.results:
        if (match := a.result_of(result.release)) is not None:
            return match, result
    return a.result, b.result


def _measures(exercise: str, a: Result | None, b: Result | None, *, same: bool) -> Iterator[ComparedMeasure]:
    """Movement since rest where the exercise has it, then the distances of every region."""
    release = a.release if same and a is not None else ""
    way = WAYS.get(exercise)
    shares = a.share if a is not None else None, b.share if b is not None else None
    if way is not None and any(one is not None for one in shares):
        yield ComparedMeasure(
            way.zone, "movement", *shares, _moved(a), _moved(b), _difference(*shares, same=same),
            exercise_error(exercise=exercise, region=way.zone, release=release, kind="movement") if same else None,
        )  # fmt: skip
    for region in ("mouth", "eye", "brow"):
        values = (
            a.ratio(region) if a is not None else None,
            b.ratio(region) if b is not None else None,
        )
        lengths = (
            a.lengths.get(region) if a is not None else None,
            b.lengths.get(region) if b is not None else None,
        )
        error = (
            exercise_error(exercise=exercise, region=region, release=release, kind="distance")
            if same
            else None
        )
        yield ComparedMeasure(region, "distance", *values, *lengths, _difference(*values, same=same), error)


def _moved(result: Result | None) -> tuple[float, float] | None:
    moved = result.moved if result is not None else None
    return (moved.left, moved.right) if moved else None


def _difference(a: float | None, b: float | None, *, same: bool) -> float | None:
    return difference(a, b) if same and a is not None and b is not None else None

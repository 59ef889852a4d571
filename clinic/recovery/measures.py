"""The arithmetic of one visit: what its photos' results say together.

Plain values in, plain values out: no database. A missing photo leaves a gap; nothing is filled in. What changed between
two visits is `change`'s to say.
"""

from __future__ import annotations

import datetime as dt
import statistics
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from clinic.visits.exercises import CLOSURES
from inference.pipeline.measure.closure import Lengths, closure, lengths_of
from inference.pipeline.measure.movement import MeasuredFace, Moved, moved, share
from inference.pipeline.measure.scale import with_rest_scale

from . import rules
from .compared import Compared, Distance, Kind, Movement, Reading


@dataclass(frozen=True, slots=True)
class Result:
    """What one model release found in one photo. Ratios of distances run from 0 to 1 (alike).

    moved, share: movement since the photo at rest that the visit is measured from; None without one.
    correction: key of the correction that the measures follow from, where a clinician moved points.
    """

    analysis_id: uuid.UUID
    release: str
    brow: float | None
    eye: float | None
    mouth: float | None
    grade: int | None
    palsy_probability: float | None
    weak_side: str
    exercise: str = ""
    lengths: Lengths = field(default_factory=dict)

    verdict: str = ""
    symmetry: dict[str, Any] = field(default_factory=dict, compare=False)
    pitch: float = 0.0
    moved: Moved | None = None
    share: float | None = None
    correction: str = ""

    @property
    def corrected(self) -> bool:
        """Whether the measures follow from points that a clinician put right."""
        return bool(self.correction)

    @property
    def face(self) -> MeasuredFace:
        """What movement is read from."""
        return MeasuredFace(self.symmetry, self.pitch)

    def ratio(self, region: str) -> float | None:
        """The ratio of that region's distances."""
        return getattr(self, region)


@dataclass(frozen=True, slots=True)
class PhotoConfirmation:
    """A clinician's newest word on a photo. by, by_id: the person's name and key."""

    exercise: str
    palsy: bool
    weak_side: str
    grade: int | None
    by: str
    at: dt.datetime
    by_id: int


@dataclass(frozen=True, slots=True)
class PhotoPoint:
    """One photo of a visit, with the results of each release that succeeded, newest first.

    `exercise` is the one on record: asked for, until somebody says otherwise.
    `status` and `error_code` are those of the newest release's analysis, whether it succeeded or not.
    """

    photo_id: uuid.UUID
    exercise: str
    side: str
    taken_at: dt.datetime
    status: str = ""
    error_code: str = ""
    results: tuple[Result, ...] = ()
    confirmed: PhotoConfirmation | None = None
    stored_at: dt.datetime | None = None

    @property
    def is_reviewed(self) -> bool:
        """Whether a clinician confirmed or corrected what was found."""
        return self.confirmed is not None

    @property
    def key(self) -> tuple[str, str]:
        """What the photo is a photo of; a retake has the same key."""
        return (self.exercise, self.side)

    @property
    def result(self) -> Result | None:
        """The newest release's result."""
        return self.results[0] if self.results else None

    def result_of(self, release: str) -> Result | None:
        """The result of that release."""
        return next((result for result in self.results if result.release == release), None)


@dataclass(frozen=True, slots=True)
class Rest:
    """The photo at rest that a visit's movements are measured from: its own, else another visit's of the episode."""

    photo: PhotoPoint
    date: dt.date | None = None
    borrowed: bool = False


@dataclass(frozen=True, slots=True)
class GradeReading:
    """The model's House-Brackmann grade of a visit, from so many photos together, with its 95 % interval.

    `reviewed`: a clinician has had a word on the visit; until then the grade is preliminary.
    """

    grade: int
    lowest: int
    highest: int
    photos: int
    release: str
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredVisit:
    """The photos of one visit and the figures that they give.

    weak_side: of the episode, as clinicians say it. rest: the episode's photo at rest, for a visit that has none.
    """

    photos: tuple[PhotoPoint, ...] = ()
    weak_side: str = ""
    rest: Rest | None = None
    counted: tuple[PhotoPoint, ...] = field(init=False)
    readings: dict[str, Reading | None] = field(init=False)
    # A course holds its last visit against each earlier one: what both give is worked out once.
    _known: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        own = next((photo for photo in counted(self.photos) if photo.exercise == "rest"), None)
        rest = Rest(own) if own is not None else self.rest
        object.__setattr__(self, "rest", rest)
        object.__setattr__(self, "photos", _since_rest(self.photos, rest, self.weak_side))
        object.__setattr__(self, "counted", counted(self.photos))
        object.__setattr__(self, "readings", {one: self._reading(one) for one in rules.REGIONS})

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that gave the visit's figures: the newest of each photo."""
        return tuple(dict.fromkeys(photo.results[0].release for photo in self.counted))

    @property
    def known_releases(self) -> tuple[str, ...]:
        """Every release that measured a photo of the visit, newest first."""
        return tuple(dict.fromkeys(result.release for photo in self.counted for result in photo.results))

    def reading(self, region: str) -> Reading | None:
        """The region's figure, by the newest release: movement since rest, else the ratio of distances."""
        return self.readings[region]

    def _reading(self, region: str) -> Reading | None:
        moving = self._moving(region)
        if moving:
            release = newest_release([photo for photo in self.counted if photo.exercise in moving])
            return self.compared.reading(region, "movement", release)
        return next(self._ratios(region), None)

    def _moving(self, region: str) -> set[str]:
        """The exercises of the region whose movement is known, by the newest release of each photo."""
        return {
            photo.exercise
            for photo in self.counted
            if photo.exercise in rules.REGION_EXERCISES[region] and photo.results[0].moved
        }

    @property
    def compared(self) -> Compared:
        """What other visits are held against."""
        if "compared" not in self._known:
            lent = self.rest.date if self.rest is not None and self.rest.borrowed else None
            plain = [[release, self._compared_by(release)] for release in self.known_releases]
            self._known["compared"] = Compared(plain, self.weak_side, lent)
        found: Compared = self._known["compared"]
        return found

    def _compared_by(self, release: str) -> dict[str, dict[Kind, list[Any]]]:
        results = [(photo, result) for photo in self.counted if (result := photo.result_of(release))]
        found: dict[str, dict[Kind, list[Any]]] = {}
        for region, exercises in rules.REGION_EXERCISES.items():
            kinds: dict[Kind, list[Any]] = {"movement": [], "distance": []}
            for exercise in exercises:
                for photo, one in results:
                    if photo.exercise != exercise:
                        continue
                    whose = exercise, photo.photo_id.hex, photo.is_reviewed
                    if one.moved is not None:
                        kinds["movement"].append(Movement(*whose, one.moved.left, one.moved.right))
                    if (value := one.ratio(region)) is not None:
                        kinds["distance"].append(Distance(*whose, value))
            found[region] = {kind: rows for kind, rows in kinds.items() if rows}
        return found

    def _ratios(self, region: str) -> Iterator[Reading]:
        for exercise in rules.REGION_EXERCISES[region]:
            for photo in self.counted:
                result = photo.results[0]
                if photo.exercise == exercise and (value := result.ratio(region)) is not None:
                    yield Reading(value, exercise, result.release, photo.photo_id, photo.is_reviewed)

    @property
    def basis(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What is behind the composite, in the order of the regions: kind and exercises; empty without one."""
        if self.composite is None:
            return ()
        return tuple((one.kind, one.exercises) for one in self.readings.values() if one is not None)

    @property
    def composite(self) -> float | None:
        """The mean of brow, eye and mouth; none where one is missing, of another release, or of another kind."""
        found = [reading for reading in self.readings.values() if reading is not None]
        alike = {(reading.release, reading.kind) for reading in found}
        if len(found) < len(rules.REGIONS) or len(alike) > 1:
            return None
        return round(statistics.fmean(reading.value for reading in found), 4)

    @property
    def to_retake(self) -> tuple[tuple[str, str], ...]:
        """Exercises, with their side, that have a rejected photo and no analysed one."""
        done = {photo.key for photo in self.photos if photo.results}
        rejected = dict.fromkeys(photo.key for photo in self.photos if photo.status == "rejected")
        return tuple(key for key in rejected if key not in done)


def rounded(value: float) -> Decimal:
    """A figure with the two decimals that it can bear; halves go away from zero, as a reader would do it."""
    # Adding nothing takes the sign from what rounds to zero.
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP) + 0


def difference(before: float, after: float) -> float:
    """How much the rounded figures differ."""
    return float(rounded(after) - rounded(before))


def counted(photos: Iterable[PhotoPoint]) -> tuple[PhotoPoint, ...]:
    """The photo that counts for each exercise and side: the last one stored that was analysed.

    A retake is stored later, whatever its camera's clock says, and many photos tell no time at all.
    """
    latest: dict[tuple[str, str], PhotoPoint] = {}
    for photo in sorted(photos, key=lambda one: one.stored_at or one.taken_at):
        if photo.results:
            latest[photo.key] = photo
    return tuple(latest.values())


def _since_rest(photos: Iterable[PhotoPoint], rest: Rest | None, weak_side: str) -> tuple[PhotoPoint, ...]:
    """The photos with what moved since rest; those of closed eyes in the scale of the photo at rest, and with the
    likeness
    of both closures in place of the ratio of what stays open. Each release measures from its own result at rest."""

    def told(photo: PhotoPoint, result: Result) -> Result:
        before = rest.photo.result_of(result.release) if rest is not None else None
        at_rest = before.symmetry if before is not None else None
        way = moved(photo.exercise, result.face, before.face if before is not None else None)
        known = replace(result, moved=way, share=share([way], weak_side) if way else None)
        if photo.exercise not in CLOSURES:
            return known
        if at_rest is None:
            return replace(known, eye=None)
        found, scaled = closure(result.symmetry, at_rest), with_rest_scale(result.symmetry, at_rest)
        alike = found.ratio if found is not None else None
        return replace(known, eye=alike, symmetry=scaled, lengths=lengths_of(scaled))

    return tuple(
        replace(photo, results=tuple(told(photo, result) for result in photo.results)) for photo in photos
    )


def newest_release(photos: Sequence[PhotoPoint]) -> str:
    """The newest release among the photos' newest ones: one that none of them knows a newer one than."""
    newest = [photo.results[0].release for photo in photos]
    outdated = {result.release for photo in photos for result in photo.results[1:]}
    return next((release for release in newest if release not in outdated), newest[0])

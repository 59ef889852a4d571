"""The arithmetic of recovery: what several photos' results say of a visit, and what changed between two.

Plain values in, plain values out: no database. A missing photo leaves a gap; nothing is filled in, and
figures of two model releases or two exercises are never set against each other.
"""

from __future__ import annotations

import datetime as dt
import statistics
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from clinic.visits.exercises import CLOSURES
from inference.pipeline.measure.scale import with_rest_scale

from . import rules

Lengths = dict[str, tuple[float, float]]
"""By region: the patient's left and right, mm."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one model release found in one photo. Ratios run from 0 (one side doesn't move) to 1 (alike)."""

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

    def ratio(self, region: str) -> float | None:
        """The symmetry of that region."""
        return getattr(self, region)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A clinician's newest word on a photo."""

    exercise: str
    palsy: bool
    weak_side: str
    grade: int | None
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class PhotoPoint:
    """One photo of a visit, with the results of each release that succeeded, newest first.

    `exercise` is the clinician's word where there is one, else the exercise that was asked for.
    `status` and `error_code` are those of the newest release's analysis, whether it succeeded or not.
    """

    photo_id: uuid.UUID
    exercise: str
    side: str
    taken_at: dt.datetime
    status: str = ""
    error_code: str = ""
    results: tuple[Result, ...] = ()
    confirmed: Confirmed | None = None

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
class Reading:
    """A region's symmetry at a visit, and where it comes from."""

    value: float
    exercise: str
    release: str
    photo_id: uuid.UUID
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class GradeReading:
    """The model's House-Brackmann grade of a visit: the median of its photos, and their range.

    `reviewed`: a clinician confirmed or corrected each of them; until then the grade is preliminary.
    """

    grade: int
    lowest: int
    highest: int
    photos: int
    release: str
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A region's change between two visits, measured by the same release in the same exercise."""

    region: str
    before: Reading
    after: Reading

    @property
    def by(self) -> float:
        """How much the symmetry rose; negative where it fell."""
        return round(self.after.value - self.before.value, 4)

    @property
    def shown(self) -> float:
        """The difference of the two figures as pages write them, so that a reader who subtracts agrees."""
        return difference(self.before.value, self.after.value)


@dataclass(frozen=True, slots=True)
class Measured:
    """The photos of one visit and the figures that they give."""

    photos: tuple[PhotoPoint, ...] = ()
    counted: tuple[PhotoPoint, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "photos", with_closure(self.photos))
        object.__setattr__(self, "counted", counted(self.photos))

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases that gave the visit's figures: the newest of each photo."""
        return tuple(dict.fromkeys(photo.results[0].release for photo in self.counted))

    def reading(self, region: str) -> Reading | None:
        """The region's symmetry, by the newest release."""
        for exercise in rules.REGION_EXERCISES[region]:
            for photo in self.counted:
                result = photo.result
                if photo.exercise == exercise and result and (value := result.ratio(region)) is not None:
                    return Reading(value, exercise, result.release, photo.photo_id, photo.is_reviewed)
        return None

    @property
    def basis(self) -> tuple[str, ...]:
        """The exercises behind the composite, in the order of the regions; empty without one."""
        readings = [self.reading(region) for region in rules.REGIONS]
        return () if self.composite is None else tuple(one.exercise for one in readings if one is not None)

    @property
    def composite(self) -> float | None:
        """The mean of brow, eye and mouth; none where one of them is missing, or of another release."""
        readings = [self.reading(region) for region in rules.REGIONS]
        found = [reading for reading in readings if reading is not None]
        if len(found) < len(rules.REGIONS) or len({reading.release for reading in found}) > 1:
            return None
        return round(statistics.fmean(reading.value for reading in found), 4)

    @property
    def model_grade(self) -> GradeReading | None:
        """The median grade of the photos of the visit's newest release; of two middle ones the severer."""
        if not self.releases:
            return None
        release = newest_release(self.counted)
        graded = [
            photo
            for photo in self.counted
            if photo.results[0].release == release and photo.results[0].grade is not None
        ]
        grades = [photo.results[0].grade or 0 for photo in graded]
        if not grades:
            return None
        return GradeReading(
            statistics.median_high(grades),
            min(grades),
            max(grades),
            len(grades),
            release,
            all(photo.is_reviewed for photo in graded),
        )

    @property
    def confirmed_grades(self) -> tuple[int, ...]:
        """The grades that clinicians gave to the visit's photos when they confirmed or corrected."""
        return tuple(
            photo.confirmed.grade
            for photo in self.counted
            if photo.confirmed and photo.confirmed.grade is not None
        )

    @property
    def confirmed_grade(self) -> int | None:
        """The median of the confirmed grades; of two middle ones the severer."""
        grades = self.confirmed_grades
        return statistics.median_high(grades) if grades else None

    @property
    def to_retake(self) -> tuple[tuple[str, str], ...]:
        """Exercises, with their side, that have a rejected photo and no analysed one."""
        done = {photo.key for photo in self.photos if photo.results}
        rejected = dict.fromkeys(photo.key for photo in self.photos if photo.status == "rejected")
        return tuple(key for key in rejected if key not in done)


def rounded(value: float) -> Decimal:
    """A symmetry with the two decimals that it can bear; halves go up, as a reader would do it."""
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def difference(before: float, after: float) -> float:
    """How much the rounded figures differ."""
    return float(rounded(after) - rounded(before))


def counted(photos: Iterable[PhotoPoint]) -> tuple[PhotoPoint, ...]:
    """The photo that counts for each exercise and side: the last one taken that was analysed."""
    latest: dict[tuple[str, str], PhotoPoint] = {}
    for photo in sorted(photos, key=lambda one: one.taken_at):
        if photo.results:
            latest[photo.key] = photo
    return tuple(latest.values())


def lengths_of(symmetry: Any) -> Lengths:
    """Left and right of each region that was measured in millimetres."""
    if not isinstance(symmetry, dict) or symmetry.get("unit") != "mm":
        return {}
    pairs = {region: symmetry.get(region) or {} for region in rules.REGIONS}
    return {
        region: (float(pair["left"]), float(pair["right"]))
        for region, pair in pairs.items()
        if pair.get("left") is not None and pair.get("right") is not None
    }


@dataclass(frozen=True, slots=True)
class Closure:
    """The share of its opening at rest by which each eye closes, 0 to 1; nothing else makes closed eyes comparable."""

    left: float
    right: float

    @property
    def ratio(self) -> float | None:
        """How alike both close, 0 to 1; None where neither does (see `rules.LEAST_CLOSURE`)."""
        most = max(self.left, self.right)
        return round(min(self.left, self.right) / most, 3) if most >= rules.LEAST_CLOSURE else None


def closure(closed: dict[str, Any], rest: dict[str, Any] | None) -> Closure | None:
    """How far both eyes close. closed, rest: `symmetry` of two photos of one visit by one release.

    The lengths of the closed eyes are taken in the scale of the photo at rest. None without the lid openings of both
    photos, or where an eye is shut at rest.
    """
    now, before = lengths_of(with_rest_scale(closed, rest)).get("eye"), lengths_of(rest).get("eye")
    if now is None or before is None or min(before) <= 0:
        return None
    return Closure(*(min(1.0, max(0.0, 1 - a / b)) for a, b in zip(now, before, strict=True)))


def with_closure(photos: Iterable[PhotoPoint]) -> tuple[PhotoPoint, ...]:
    """The photos, those of closed eyes with the likeness of both closures in place of the ratio of what stays open.

    The opening at rest, and the scale of the lengths, come from the visit's photo at rest, as the same release measured
    it; without one the eyes of that photo can't be compared.
    """
    photos = tuple(photos)
    rest = next((photo for photo in counted(photos) if photo.exercise == "rest"), None)

    def alike(result: Result) -> Result:
        before = rest.result_of(result.release) if rest is not None else None
        if before is None:
            return replace(result, eye=None)
        found = closure(result.symmetry, before.symmetry)
        lengths = lengths_of(with_rest_scale(result.symmetry, before.symmetry))
        return replace(result, eye=found.ratio if found is not None else None, lengths=lengths)

    return tuple(
        replace(photo, results=tuple(map(alike, photo.results))) if photo.exercise in CLOSURES else photo
        for photo in photos
    )


def newest_release(photos: Sequence[PhotoPoint]) -> str:
    """The newest release among the photos' newest ones: one that none of them knows a newer one than."""
    newest = [photo.results[0].release for photo in photos]
    outdated = {result.release for photo in photos for result in photo.results[1:]}
    return next((release for release in newest if release not in outdated), newest[0])


def change(region: str, *, before: Measured, after: Measured) -> Change | None:
    """The region's change, like with like: the same exercise and the newest release that both visits have."""
    for exercise in rules.REGION_EXERCISES[region]:
        earlier = [photo for photo in before.counted if photo.exercise == exercise]
        for photo in (photo for photo in after.counted if photo.exercise == exercise):
            for result in photo.results:
                value = result.ratio(region)
                for other in earlier:
                    match = other.result_of(result.release)
                    if value is None or match is None or (old := match.ratio(region)) is None:
                        continue
                    return Change(
                        region,
                        Reading(old, exercise, match.release, other.photo_id, other.is_reviewed),
                        Reading(value, exercise, result.release, photo.photo_id, photo.is_reviewed),
                    )
    return None


def changes(*, before: Measured, after: Measured) -> tuple[Change, ...]:
    """The changes of all regions that both visits measured alike."""
    found = (change(region, before=before, after=after) for region in rules.REGIONS)
    return tuple(one for one in found if one is not None)


def mean_change(*, before: Measured, after: Measured) -> float | None:
    """The mean change of the regions that both visits measured alike; none where there is no such region."""
    found = changes(before=before, after=after)
    return round(statistics.fmean(one.by for one in found), 4) if found else None


def last_change(visits: Sequence[Measured]) -> tuple[int, int, float] | None:
    """The last measured visit against the nearest one before that was measured alike: places, mean change."""
    measured = [place for place, visit in enumerate(visits) if visit.counted]
    for place in reversed(measured[:-1]):
        by = mean_change(before=visits[place], after=visits[measured[-1]])
        if by is not None:
            return place, measured[-1], by
    return None


def is_worse(by: float | None) -> bool:
    """Whether such a change is a fall that asks for attention."""
    return by is not None and by < -rules.WORSE_MARGIN

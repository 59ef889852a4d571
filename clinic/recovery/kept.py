"""What one visit gives to a course, small enough to be kept beside it: a course is read without its photos' results.

`VisitSummary` keeps two plain values of each visit: `compared`, by which visits are held against each other, and
`figures`, which are drawn, listed and told. Nothing in them depends on other visits but for a borrowed photo at rest.
What a release says of its own errors is read anew each time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from clinic.examination.along import Along
from clinic.visits.grading import VisitFinding
from inference.pipeline.codes import SIDES
from inference.releases import registry

from . import rules
from .compared import Compared, Reading
from .measures import GradeReading, MeasuredVisit
from .moved_along import along_in, from_plain, to_plain
from .resting import Resting, resting_of

FORM: Final = 4
"""Raised where what is kept, or what it follows from, means something else than before. 0: nothing is kept."""


class Counted(NamedTuple):
    """A photo that counts for its exercise, with the figures of its newest release (see `measures.Result`).

    left, right: movement since rest, mm."""

    photo: str
    exercise: str
    side: str
    reviewed: bool
    release: str
    brow: float | None
    eye: float | None
    mouth: float | None
    share: float | None
    left: float | None
    right: float | None

    @property
    def key(self) -> tuple[str, str]:
        """What the photo is a photo of."""
        return self.exercise, self.side

    @property
    def photo_id(self) -> uuid.UUID:
        return uuid.UUID(self.photo)

    def ratio(self, region: str) -> float | None:
        """The ratio of that region's distances."""
        return getattr(self, region)


@dataclass(frozen=True)
class VisitFigures:
    """Of one visit, from what is kept of it or would be."""

    figures: Mapping[str, Any]
    kept_compared: Sequence[Any]
    weak_side: str

    @cached_property
    def readings(self) -> dict[str, Reading | None]:
        """Brow, eye and mouth by name."""
        found = self.figures["readings"]
        return {region: _reading(found[region]) for region in rules.REGIONS}

    @cached_property
    def counted(self) -> tuple[Counted, ...]:
        """The photo that counts for each exercise and side."""
        return tuple(map(Counted._make, self.figures["counted"]))

    @property
    def is_measured(self) -> bool:
        """Whether any of its photos was analysed."""
        return bool(self.kept_compared)

    @property
    def photo_count(self) -> int:
        """Its photos, analysed or not."""
        return self.figures["photos"]

    @cached_property
    def compared(self) -> Compared:
        """What other visits are held against."""
        lent = self.figures["rest_date"]
        return Compared(self.kept_compared, self.weak_side, dt.date.fromisoformat(lent) if lent else None)

    @cached_property
    def resting(self) -> tuple[Resting, ...]:
        """The asymmetries of the face at rest."""
        return tuple(
            Resting(name, value, release, photo, side, reviewed)
            for name, value, release, photo, side, reviewed in self.figures["resting"]
        )

    @cached_property
    def along(self) -> tuple[Along, ...]:
        """What moved along with its exercises."""
        return tuple(map(from_plain, self.figures["along"]))

    @property
    def along_side(self) -> str:
        """The side that is held against the other: the weak one, the left where none is known."""
        return self.weak_side if self.weak_side in SIDES else "left"

    def along_of(self, part: str, exercise: str) -> Along | None:
        """What that part did in that exercise."""
        return next((one for one in self.along if one.is_of(part, exercise)), None)

    @property
    def composite(self) -> float | None:
        """Mean of the three; none where one is missing."""
        return self.figures["composite"]

    @property
    def basis(self) -> list[Any]:
        """What is behind the composite."""
        return self.figures["basis"]

    @cached_property
    def releases(self) -> tuple[str, ...]:
        """The model releases that gave the visit's figures."""
        return tuple(self.figures["releases"])

    @property
    def said(self) -> bool:
        """Whether a clinician has had a word on the visit."""
        return self.figures["said"]

    @property
    def clinician_grade(self) -> int | None:
        """The clinician's House-Brackmann grade."""
        return self.figures["clinician_grade"]

    @property
    def grade(self) -> int | None:
        """The one grade of the visit: the clinician's, else the model's."""
        return self.figures["grade"]

    @property
    def grade_source(self) -> str:
        """Whose it is: "clinician", "model", or empty."""
        return self.figures["grade_source"]

    @cached_property
    def model_grade(self) -> GradeReading | None:
        """The model's preliminary grade, from all views together, with its 95 % interval."""
        found = self.figures["model_grade"]
        return GradeReading(*found, reviewed=self.said) if found else None

    def reading(self, region: str) -> Reading | None:
        """The region's figure."""
        return self.readings[region]

    @property
    def has_rest(self) -> bool:
        """Whether other visits may borrow its photo at rest."""
        return self.figures["rest"] is not None

    @property
    def holds(self) -> bool:
        """Whether the releases' own papers are still those that it was found with."""
        return all(registry.paper_of(release) == paper for release, paper in self.figures["papers"].items())


@dataclass(frozen=True, slots=True)
class KeptComparison:
    """A visit of which nothing else is asked than how it is held against others."""

    compared: Compared


def _reading(plain: Sequence[Any] | None) -> Reading | None:
    if plain is None:
        return None
    value, exercise, release, photo, reviewed, kind, exercises, left, right, lent = plain
    return Reading(
        value, exercise, release, uuid.UUID(photo), reviewed, kind, tuple(exercises), left, right,
        dt.date.fromisoformat(lent) if lent else None,
    )  # fmt: skip


def figures_of(measured: MeasuredVisit, finding: VisitFinding) -> VisitFigures:
    """What is kept of a visit whose photos' results are at hand."""
    grade, ends = finding.model_grade, finding.model_range
    low, high = ends or (grade, grade)
    lent = measured.compared.rest_date
    return VisitFigures(
        {
            "readings": {region: _plain(reading) for region, reading in measured.readings.items()},
            "photos": len(measured.photos),
            "counted": [_counted(photo) for photo in measured.counted],
            "resting": [
                [one.name, one.value, one.release, one.photo, one.side, one.reviewed]
                for one in resting_of(measured)
            ],
            "along": [to_plain(one) for one in along_in(measured)],
            "composite": measured.composite,
            "basis": [[kind, list(exercises)] for kind, exercises in measured.basis],
            "releases": list(measured.releases),
            "rest_date": lent.isoformat() if lent else None,
            "rest": _rest(measured),
            "said": finding.clinician is not None,
            "clinician_grade": finding.clinician.grade if finding.clinician is not None else None,
            "grade": finding.grade,
            "grade_source": finding.source,
            "model_grade": None if grade is None else [grade, low, high, finding.photos, finding.release],
            "papers": {
                release: registry.paper_of(release)
                for release in {*measured.known_releases, finding.release} - {""}
            },
        },
        measured.compared.plain,
        measured.weak_side,
    )


def _plain(reading: Reading | None) -> list[Any] | None:
    if reading is None:
        return None
    return [
        reading.value, reading.exercise, reading.release, str(reading.photo_id), reading.reviewed, reading.kind,
        list(reading.exercises), reading.left, reading.right,
        reading.rest_date.isoformat() if reading.rest_date else None,
    ]  # fmt: skip


def _counted(photo: Any) -> list[Any]:
    one = photo.results[0]
    moved = (one.moved.left, one.moved.right) if one.moved is not None else (None, None)
    return [
        str(photo.photo_id), photo.exercise, photo.side, photo.is_reviewed, one.release, one.brow, one.eye,
        one.mouth, one.share, *moved,
    ]  # fmt: skip


def _rest(measured: MeasuredVisit) -> list[str] | None:
    """What other visits may borrow: the visit's own photo at rest with its results, and what was put right in them."""
    rest = measured.rest
    if rest is None or rest.borrowed:
        return None
    return [rest.photo.photo_id.hex, *(one.analysis_id.hex + one.correction for one in rest.photo.results)]

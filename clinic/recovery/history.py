"""The recovery history of one episode, as data: one shape for the page, the CSV and the API."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from clinic.common.spans import Onset
from clinic.patients.models import TreatmentKind
from clinic.visits.exercises import ORDER
from clinic.visits.grading import VisitFinding

from .course import Course
from .measures import GradeReading, Measured, PhotoPoint, Reading


@dataclass(frozen=True, slots=True)
class VisitPoint:
    """One visit: the clinician's own words, and the model's preliminary figures beside them.

    `day` and `week` count from onset, `since` says it in words. `finding` holds the visit's one grade and whose it is.
    The model's figures come from the newest release that analysed each photo.
    """

    visit_id: uuid.UUID
    at: dt.datetime
    date: dt.date
    day: int
    week: int
    clinician: str
    finding: VisitFinding
    measured: Measured
    since: str = ""

    @property
    def photos(self) -> tuple[PhotoPoint, ...]:
        """Every photo of the visit, analysed or not."""
        return self.measured.photos

    @property
    def counted(self) -> tuple[PhotoPoint, ...]:
        """The photo that counts for each exercise and side: the last one stored that was analysed."""
        return self.measured.counted

    @property
    def clinician_grade(self) -> int | None:
        """The clinician's House-Brackmann grade of the visit."""
        return self.finding.clinician.grade if self.finding.clinician is not None else None

    @property
    def grade(self) -> int | None:
        """The one grade of the visit: the clinician's, else the model's."""
        return self.finding.grade

    @property
    def model_grade(self) -> GradeReading | None:
        """The model's preliminary grade, from all views together, with its 95 % interval."""
        found, ends = self.finding, self.finding.model_range
        if found.model_grade is None:
            return None
        low, high = ends or (found.model_grade, found.model_grade)
        return GradeReading(found.model_grade, low, high, found.photos, found.release, not self.preliminary)

    @property
    def brow(self) -> Reading | None:
        """The brow's figure."""
        return self.measured.reading("brow")

    @property
    def eye(self) -> Reading | None:
        """The eye's figure."""
        return self.measured.reading("eye")

    @property
    def mouth(self) -> Reading | None:
        """The mouth's figure."""
        return self.measured.reading("mouth")

    @property
    def readings(self) -> dict[str, Reading | None]:
        """Brow, eye and mouth by name."""
        return self.measured.readings

    @property
    def composite(self) -> float | None:
        """Mean of the three; none where one is missing."""
        return self.measured.composite

    @property
    def releases(self) -> tuple[str, ...]:
        """The model releases that gave the visit's figures."""
        return self.measured.releases

    @property
    def preliminary(self) -> bool:
        """Whether the visit waits for a clinician's word."""
        return self.finding.clinician is None

    @property
    def waiting(self) -> int:
        """Photos whose analysis hasn't ended."""
        return sum(photo.status in ("queued", "running") for photo in self.photos)

    def photo_of(self, exercise: str, side: str = "") -> PhotoPoint | None:
        """The photo that counts for that exercise and side."""
        return next((photo for photo in self.counted if photo.key == (exercise, side)), None)


@dataclass(frozen=True, slots=True)
class TreatmentMark:
    """A treatment on the time axis."""

    treatment_id: uuid.UUID
    date: dt.date
    day: int
    week: int
    kind: str
    label: str
    note: str

    @property
    def title(self) -> str:
        """What stands at its mark: of another treatment the note says more than its kind."""
        return self.note if self.kind == TreatmentKind.OTHER and self.note else self.label


@dataclass(frozen=True, slots=True)
class ModelChange:
    """From this visit on, other model releases gave the figures than at the measured visit before."""

    visit_id: uuid.UUID
    date: dt.date
    day: int
    week: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A mark on the time axis, with the number by which chart and list know it: one of the two is set."""

    number: int
    day: int
    treatment: TreatmentMark | None = None
    change: ModelChange | None = None

    @property
    def date(self) -> dt.date:
        """The day of whichever it is."""
        return self._one.date

    @property
    def week(self) -> int:
        """The week of whichever it is."""
        return self._one.week

    @property
    def _one(self) -> TreatmentMark | ModelChange:
        one = self.treatment or self.change
        assert one is not None
        return one


@dataclass(frozen=True, slots=True)
class History:
    """All that the record knows of one episode's course."""

    episode_id: uuid.UUID
    patient_id: uuid.UUID
    onset: Onset
    cause: str
    weak_side: str
    visits: tuple[VisitPoint, ...]
    treatments: tuple[TreatmentMark, ...]
    model_changes: tuple[ModelChange, ...]
    course: Course
    mixed: frozenset[str] = field(init=False)
    """The regions whose figures come from different exercises, or are of different kinds: these are named beside
    them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mixed", _mixed(self.visits))

    @property
    def exercises(self) -> tuple[tuple[str, str], ...]:
        """The exercises and sides that were analysed at least once, in the protocol's order."""
        found = {photo.key for visit in self.visits for photo in visit.counted}
        return tuple(sorted(found, key=lambda key: (ORDER.get(key[0], len(ORDER)), key)))

    @property
    def events(self) -> tuple[Event, ...]:
        """Treatments and changes of the model in the order of their days."""
        marks: list[tuple[int, TreatmentMark | None, ModelChange | None]] = [
            *((one.day, one, None) for one in self.treatments),
            *((one.day, None, one) for one in self.model_changes),
        ]
        marks.sort(key=lambda mark: mark[0])
        return tuple(Event(number, *mark) for number, mark in enumerate(marks, 1))

    @property
    def first_graded(self) -> VisitPoint | None:
        """The oldest visit with a clinician's grade."""
        return next((v for v in self.visits if v.clinician_grade), None)

    @property
    def releases(self) -> tuple[str, ...]:
        """Every release that gave a figure, in the order of the visits."""
        return tuple(dict.fromkeys(release for visit in self.visits for release in visit.releases))

    @property
    def waiting(self) -> int:
        """Photos of the episode whose analysis hasn't ended."""
        return sum(visit.waiting for visit in self.visits)

    @property
    def last_graded(self) -> VisitPoint | None:
        """The newest visit with a clinician's grade."""
        return next((v for v in reversed(self.visits) if v.clinician_grade), None)

    @property
    def last_model_graded(self) -> VisitPoint | None:
        """The newest visit that the model graded."""
        return next((visit for visit in reversed(self.visits) if visit.model_grade), None)

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to draw: a measured photo or a clinician's grade."""
        return self.is_measured or self.last_graded is not None

    @property
    def is_measured(self) -> bool:
        """Whether any photo was analysed."""
        return any(visit.counted for visit in self.visits)


def _mixed(visits: Iterable[VisitPoint]) -> frozenset[str]:
    found: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for visit in visits:
        for region, reading in visit.readings.items():
            if reading is not None:
                found.setdefault(region, set()).add((reading.kind, reading.exercises))
    return frozenset(region for region, bases in found.items() if len(bases) > 1)

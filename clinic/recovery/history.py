"""The recovery history of one episode, as data: one shape for the page, the CSV and the API."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from clinic.common.spans import Onset
from clinic.visits import protocols
from clinic.visits.exercises import ORDER
from clinic.visits.grading import VisitFinding
from clinic.visits.models import SkippedExercise
from clinic.visits.series import skipped_sentence

from .compared import Reading
from .course import Course, course_of
from .kept import Counted, VisitFigures
from .measures import MeasuredVisit, PhotoPoint
from .scores import ScaleScore


@dataclass(frozen=True, kw_only=True)
class VisitPoint(VisitFigures):
    """One visit of a course: its figures, when it was, and the clinician's own words.

    `day` and `week` count from onset. waiting: photos whose analysis hasn't ended.
    The model's figures come from the newest release that analysed each photo. `known`: also all photos, with what every
    release and clinician found in them; None where the course alone was asked for. is_kept: the figures are
    those that are kept of it, so that what else is kept of it holds as well. protocol: with which it was begun;
    not_taken: the exercises that were left out with a reason, which are no figures.
    """

    visit_id: uuid.UUID
    at: dt.datetime
    date: dt.date
    day: int
    week: int
    clinician: str
    onset: Onset
    waiting: int = 0
    known: VisitRecord | None = None
    is_kept: bool = False
    protocol: str = ""
    not_taken: tuple[SkippedExercise, ...] = ()

    @property
    def not_taken_sentence(self) -> str:
        """What the visit's protocol asked for and was left out, and why; empty where nothing was."""
        asked = protocols.of_key(self.protocol).exercises
        return skipped_sentence([one for one in self.not_taken if one.exercise in asked], len(asked))

    @property
    def since(self) -> str:
        """The time from onset in words; empty where that isn't known."""
        return self.onset.since(self.date)

    @property
    def measured(self) -> MeasuredVisit:
        """The photos and what follows from them."""
        assert self.known is not None, "the course alone was asked for"
        return self.known.measured

    @property
    def finding(self) -> VisitFinding:
        """The visit's one grade and whose it is."""
        assert self.known is not None, "the course alone was asked for"
        return self.known.finding

    @property
    def photos(self) -> tuple[PhotoPoint, ...]:
        """Every photo of the visit, analysed or not."""
        return self.measured.photos

    @property
    def brow(self) -> Reading | None:
        """The brow's figure."""
        return self.reading("brow")

    @property
    def eye(self) -> Reading | None:
        """The eye's figure."""
        return self.reading("eye")

    @property
    def mouth(self) -> Reading | None:
        """The mouth's figure."""
        return self.reading("mouth")

    @property
    def preliminary(self) -> bool:
        """Whether the visit waits for a clinician's word."""
        return not self.said

    def photo_of(self, exercise: str, side: str = "") -> Counted | None:
        """The photo that counts for that exercise and side."""
        return next((photo for photo in self.counted if photo.key == (exercise, side)), None)


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """The whole of a visit: its photos and what was found in them."""

    measured: MeasuredVisit
    finding: VisitFinding


@dataclass(frozen=True, slots=True)
class TreatmentMark:
    """A treatment on the time axis. title: what stands at its mark; told: what else is, the note included;
    coded: the same for programs; units: of toxin, None where none are told."""

    treatment_id: uuid.UUID
    date: dt.date
    day: int
    week: int
    kind: str
    label: str
    note: str
    title: str = ""
    told: str = ""
    coded: str = ""
    product: str = ""
    units: float | None = None


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
class TimelineMark:
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
    def title(self) -> str:
        """What stands at the mark, in words."""
        if self.treatment is not None:
            return self.treatment.title
        return _("Model %(release)s") % {"release": ", ".join(self.change.after) if self.change else ""}

    @property
    def _one(self) -> TreatmentMark | ModelChange:
        one = self.treatment or self.change
        assert one is not None
        return one


@dataclass(frozen=True)
class EpisodeHistory:
    """All that the record knows of one episode's course. What is said of it is worked out where it is asked for: of
    hundreds of visits that takes longer than to read them."""

    episode_id: uuid.UUID
    patient_id: uuid.UUID
    onset: Onset
    cause: str
    weak_side: str
    visits: tuple[VisitPoint, ...]
    treatments: tuple[TreatmentMark, ...]
    model_changes: tuple[ModelChange, ...]
    scores: tuple[ScaleScore, ...] = ()
    """Finished assessments by clinical scales, oldest first."""
    cleared: bool = False
    """Whether the red flags of the episode let a model's findings be shown."""

    @cached_property
    def course(self) -> Course:
        """The course in one sentence, with the changes behind it."""
        seen = [(visit.date, visit) for visit in self.visits]
        return course_of(seen, onset=self.onset, weak_side=self.weak_side)

    @cached_property
    def mixed(self) -> frozenset[str]:
        """The regions whose figures come from different exercises, or are of different kinds: these are named beside
        them."""
        return _mixed(self.visits)

    @property
    def exercises(self) -> tuple[tuple[str, str], ...]:
        """The exercises and sides that were analysed at least once, in the protocol's order."""
        found = {(photo[1], photo[2]) for visit in self.visits for photo in visit.figures["counted"]}
        return tuple(sorted(found, key=lambda key: (ORDER.get(key[0], len(ORDER)), key)))

    @property
    def events(self) -> tuple[TimelineMark, ...]:
        """Treatments and changes of the model in the order of their days."""
        marks: list[tuple[int, TreatmentMark | None, ModelChange | None]] = [
            *((one.day, one, None) for one in self.treatments),
            *((one.day, None, one) for one in self.model_changes),
        ]
        marks.sort(key=lambda mark: mark[0])
        return tuple(TimelineMark(number, *mark) for number, mark in enumerate(marks, 1))

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
        return any(visit.is_measured for visit in self.visits)


def _mixed(visits: Iterable[VisitPoint]) -> frozenset[str]:
    found: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for visit in visits:
        for region, reading in visit.readings.items():
            if reading is not None:
                found.setdefault(region, set()).add((reading.kind, reading.exercises))
    return frozenset(region for region, bases in found.items() if len(bases) > 1)

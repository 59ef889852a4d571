"""What is read about home programmes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Sum

from clinic.common.dates import day_in
from clinic.patients.rules import clinic_today
from clinic.visits.exercises import Step, step_of
from clinic.visits.models import Origin, Photo, Visit, VisitQuerySet
from clinic.visits.selectors import visible_visits
from clinic.visits.series import SeriesPlace

from . import doses
from .adherence import PracticeWeek, weeks
from .doses import REST
from .models import HomePractice, HomeProgramme, HomeProgrammeQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import Clinic, User
    from clinic.patients.models import Episode


def visible_programmes(*, user: User | AnonymousUser) -> HomeProgrammeQuerySet:
    """Programmes that the user may see, with what every page of theirs needs."""
    found = HomeProgramme.objects.visible_to(user)  # type: ignore[arg-type]  # nobody sees nothing
    return found.select_related("episode__patient__clinic", "made_by")


def programmes_of(*, episode: Episode) -> list[HomeProgramme]:
    """The episode's programmes, newest first."""
    found = list(HomeProgramme.objects.filter(episode=episode).select_related("made_by"))
    for one in found:
        one.episode = episode
    return found


def running_programme(*, episode: Episode) -> HomeProgramme | None:
    """What the patient is asked for now."""
    found = HomeProgramme.objects.running().filter(episode=episode)
    return found.select_related("episode__patient__clinic", "made_by").first()


@dataclass(frozen=True, slots=True)
class AskedExercise:
    """An exercise of a programme on one day. dose: in words; done, times: how often of how often."""

    step: Step
    dose: str
    times: int
    done: int

    @property
    def is_done(self) -> bool:
        return self.done >= self.times

    @property
    def more(self) -> int:
        return self.done + 1

    @property
    def less(self) -> int:
        return self.done - 1


def asked_on(*, programme: HomeProgramme, day: dt.date) -> list[AskedExercise]:
    """What the patient is asked to do that day, with what they say that they did."""
    done = dict(HomePractice.objects.filter(programme=programme, day=day).values_list("step", "times"))
    return [
        AskedExercise(doses.BY_STEP[one["step"]], doses.in_words(one), one["times"], done.get(one["step"], 0))
        for one in programme.doses
        if one["step"] in doses.BY_STEP
    ]


@dataclass(frozen=True, slots=True)
class PractisedProgramme:
    """A programme with the weeks in which it was asked for."""

    programme: HomeProgramme
    weeks: tuple[PracticeWeek, ...]

    @property
    def doses(self) -> list[tuple[Step, str]]:
        """Its exercises, each with its dose in words."""
        return [
            (doses.BY_STEP[one["step"]], doses.in_words(one))
            for one in self.programme.doses
            if one["step"] in doses.BY_STEP
        ]


def practice_of(*, programmes: Sequence[HomeProgramme]) -> list[PractisedProgramme]:
    """Those programmes, each week by week to its last day or today, in one query beside their episodes' clinics."""
    done: dict[Any, dict[dt.date, int]] = defaultdict(dict)
    rows = HomePractice.objects.filter(programme__in=programmes).order_by().values("programme_id", "day")
    for row in rows.annotate(times=Sum("times")):
        done[row["programme_id"]][row["day"]] = row["times"]
    return [
        PractisedProgramme(
            one,
            tuple(
                weeks(
                    done[one.pk],
                    starts_on=one.starts_on,
                    until=_last_day(one),
                    times_a_day=doses.times_a_day(one.doses),
                    per_week=one.per_week,
                )
            ),
        )
        for one in programmes
    ]


def _last_day(programme: HomeProgramme) -> dt.date:
    """On which it was asked for: that of its end, else today."""
    patient = programme.episode.patient
    today = clinic_today(patient)
    ended = programme.ended_at
    return today if ended is None else min(today, day_in(ended, patient.clinic.time_zone))


def visit_of_today(*, programme: HomeProgramme) -> Visit | None:
    """The visit into which today's photos from home go."""
    time_zone = programme.episode.patient.clinic.time_zone
    today = clinic_today(programme.episode.patient)
    sent = Visit.objects.current().filter(episode_id=programme.episode_id, origin=Origin.HOME)
    newest = sent.select_related("patient__clinic", "episode", "clinician").order_by("-at").first()
    return newest if newest is not None and day_in(newest.at, time_zone) == today else None


@dataclass(frozen=True, slots=True)
class PhotographedExercise:
    """An exercise before the camera; place: whether today's photo of it was sent."""

    step: Step
    place: SeriesPlace

    @property
    def taken(self) -> bool:
        return self.place.taken


def photographed_on(*, programme: HomeProgramme) -> list[PhotographedExercise]:
    """What today's photos are asked of: the face at rest, then the programme's exercises."""
    visit = visit_of_today(programme=programme)
    sent = (
        set(visit.photos.filter(archived_at__isnull=True).values_list("exercise", "side")) if visit else set()
    )
    steps = [
        step_of(REST),
        *(doses.BY_STEP[one["step"]] for one in programme.doses if one["step"] in doses.BY_STEP),
    ]
    return [
        PhotographedExercise(step, SeriesPlace(step.exercise, (step.exercise.code, step.side) in sent))
        for step in steps
    ]


def unseen_visits(*, user: User, clinic: Clinic) -> VisitQuerySet:
    """Visits from home that nobody has looked at, the oldest first."""
    return (
        visible_visits(user=user)
        .current()
        .filter(origin=Origin.HOME, seen_at__isnull=True)
        .filter(patient__clinic=clinic, patient__archived_at__isnull=True)
        .order_by("at")
    )


def photos_by_visit(*, visits: Sequence[Visit]) -> dict[uuid.UUID, list[Photo]]:
    """The photos of those visits as they were taken, in one query."""
    found: dict[uuid.UUID, list[Photo]] = defaultdict(list)
    for photo in Photo.objects.current().filter(visit__in=visits).order_by("taken_at", "created_at"):
        found[photo.visit_id].append(photo)
    return found

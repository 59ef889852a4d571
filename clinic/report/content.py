"""What a report says, as data: read from the record in the language that is active."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.dates import day_in
from clinic.examination import milestone_sentences, scale_page
from clinic.examination.models import Assessment, TaskKind
from clinic.examination.scales import BY_CODE
from clinic.examination.selectors import tasks_of
from clinic.examination.selectors_milestones import due_milestones
from clinic.examination.selectors_red_flags import ScreeningInWords, screenings_of
from clinic.examination.selectors_scales import finished_assessments
from clinic.patients.models import Episode, RedFlags
from clinic.recovery import course as course_words
from clinic.recovery.course import number, verdict_words
from clinic.recovery.history import EpisodeHistory, TreatmentMark, VisitPoint
from clinic.recovery.reference import Reference, reference_of
from clinic.recovery.rules import REGIONS
from clinic.recovery.selectors import course
from clinic.validation import ledger, tallies
from clinic.visits.models import Visit, VisitConfirmation
from clinic.visits.sentences import ROMAN, SEVERITY

from .audience import ReportChoice
from .confirmed import confirmed_course

if TYPE_CHECKING:
    from clinic.examination.milestones import Milestone
    from clinic.examination.models import Task

Row = TypeVar("Row")
NORMAL: Final = 1
MOST_GRADES: Final = 14
"""Visits in the letter's table: the first ones and the newest; what lies between is counted."""
FIRST_GRADES: Final = 2
MOST_LISTED: Final = 4
"""Treatments, and things to be done, on the patient's one page."""
MOST_ASSESSMENTS: Final = 6
"""Of one scale, the first and the newest."""


@dataclass(frozen=True, slots=True)
class GradedVisit:
    """A visit with what a clinician wrote."""

    date: dt.date
    since: str
    grade: str
    severity: str
    by: str
    impression: str


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """A finished assessment of a scale. parts: its sub-scores in words."""

    date: dt.date
    total: str
    parts: str
    by: str


@dataclass(frozen=True, slots=True)
class ToldScale:
    """One scale over the visits. errors: how large a change has to be, and who found that. left_out: assessments
    between those that are listed."""

    name: str
    range: str
    rows: tuple[ScaleRow, ...]
    errors: tuple[str, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class MeasuredChange:
    """A region's confirmed figure first and last. error: of one comparison; verdict: what the change means."""

    region: str
    first: str
    first_date: dt.date
    last: str
    last_date: dt.date
    change: str
    error: str
    verdict: str
    release: str


@dataclass(frozen=True, slots=True)
class OpenTask:
    """What is still to be done, in words."""

    what: str
    who: str
    plan: str
    when: str


@dataclass(frozen=True, slots=True)
class ReportContent:
    """All that both documents are written from.

    history: the course with confirmed figures alone. screening: the newest answers to the red flags. left_out: visits
    whose figures nobody has confirmed. unvalidated: releases that this clinic has not validated.
    """

    choice: ReportChoice
    episode: Episode
    history: EpisodeHistory
    left_out: int
    graded: tuple[GradedVisit, ...]
    grades_left_out: int
    screening: ScreeningInWords | None
    scales: tuple[ToldScale, ...]
    measured: tuple[MeasuredChange, ...]
    tasks: tuple[OpenTask, ...]
    unvalidated: tuple[str, ...]
    reference: Reference | None

    @property
    def asked(self) -> bool:
        """Whether the red flags of the episode were answered."""
        return self.episode.red_flags not in (RedFlags.UNASKED, RedFlags.EARLIER)

    @property
    def points_to_stroke(self) -> bool:
        return self.episode.red_flags == RedFlags.STROKE

    @property
    def releases(self) -> tuple[str, ...]:
        """The model releases behind the figures that are told."""
        return self.history.releases

    @property
    def first(self) -> GradedVisit | None:
        """The first visit with a clinician's grade."""
        return next((one for one in self.graded if one.grade), None)

    @property
    def last(self) -> GradedVisit | None:
        """The newest visit with a clinician's grade."""
        return next((one for one in reversed(self.graded) if one.grade), None)

    @property
    def last_day(self) -> dt.date | None:
        """Of the newest visit."""
        return self.history.visits[-1].date if self.history.visits else None

    @property
    def plain_change(self) -> str:
        """What the photos say of the course, without a figure; empty where nothing confirmed can be compared."""
        known = self.history.course
        if known.change is None or known.kind != "changed":
            return ""
        return {
            "better": _("Measured in your photos your face moves more evenly than at first."),
            "worse": _("Measured in your photos your face moves less evenly than before."),
            "same": _(
                "Measured in your photos no change shows yet that is larger than what such a measurement can tell."
            ),
        }.get(known.verdict or "", "")

    @property
    def newest_treatments(self) -> tuple[TreatmentMark, ...]:
        """Those that a page has room for."""
        return self.history.treatments[-MOST_LISTED:]

    @property
    def next_steps(self) -> tuple[OpenTask, ...]:
        """The same of what is still to be done."""
        return self.tasks[:MOST_LISTED]


def report_content(*, episode: Episode, choice: ReportChoice) -> ReportContent:
    """What a report of that episode says. `choice.until` must be a visit of its course."""
    known = confirmed_course(course(episode=episode), until=choice.until)
    visits = list(known.history.visits)
    graded = _graded(visits)
    return ReportContent(
        choice=choice,
        episode=episode,
        history=known.history,
        left_out=known.left_out,
        graded=graded if len(graded) <= MOST_GRADES else _ends(graded, FIRST_GRADES, MOST_GRADES),
        grades_left_out=max(0, len(graded) - MOST_GRADES),
        screening=next(iter(screenings_of(episode=episode)), None),
        scales=_scales(episode, visits[-1].date if choice.until is not None else None),
        measured=_measured(known.history),
        tasks=(*_tasks(episode), *_milestones(episode)),
        unvalidated=_unvalidated(episode, known.history),
        reference=reference_of(known.history),
    )


def _ends(rows: tuple[Row, ...], first: int, most: int) -> tuple[Row, ...]:
    return (*rows[:first], *rows[len(rows) - (most - first) :])


def _graded(visits: Sequence[VisitPoint]) -> tuple[GradedVisit, ...]:
    """The visits at which a clinician graded or wrote anything, oldest first."""
    ids = [one.visit_id for one in visits]
    impressions = dict(Visit.objects.filter(pk__in=ids).values_list("pk", "impression"))
    words = VisitConfirmation.objects.filter(visit_id__in=ids).order_by("created_at")
    by = dict(words.values_list("visit_id", "by__full_name"))
    return tuple(
        GradedVisit(
            date=one.date,
            since=one.since,
            grade=ROMAN.get(one.clinician_grade or 0, ""),
            severity=_severity(one.clinician_grade),
            by=by.get(one.visit_id, one.clinician) if one.clinician_grade else one.clinician,
            impression=impressions.get(one.visit_id, ""),
        )
        for one in visits
        if one.clinician_grade or impressions.get(one.visit_id)
    )


def _severity(grade: int | None) -> str:
    if grade == NORMAL:
        return _("no weakness")
    return str(SEVERITY.get(grade or 0, ""))


def _scales(episode: Episode, until: dt.date | None) -> tuple[ToldScale, ...]:
    """Finished assessments in visits and between them, until that day."""
    time_zone = episode.patient.clinic.time_zone
    found: dict[tuple[str, str], list[tuple[dt.date, Assessment]]] = {}
    for row in finished_assessments(episode=episode):
        day = day_in(row.at, time_zone)
        if until is None or day <= until:
            found.setdefault((row.scale, row.scale_version), []).append((day, row))
    return tuple(_scale(every) for every in found.values())


def _scale(rows: Sequence[tuple[dt.date, Assessment]]) -> ToldScale:
    newest = rows[-1][1]
    known = newest.definition
    name = (
        _(known.name)
        if known is not None
        else _(BY_CODE[newest.scale].name)
        if (newest.scale in BY_CODE)
        else newest.scale
    )
    total = known.total if known is not None else None
    shown = tuple(rows) if len(rows) <= MOST_ASSESSMENTS else _ends(tuple(rows), 1, MOST_ASSESSMENTS)
    return ToldScale(
        name=name,
        range=f"{scale_page.said(total.low)}–{scale_page.said(total.high)}" if total is not None else "",
        rows=tuple(
            ScaleRow(
                day,
                scale_page.total_of(one) or "–",
                "; ".join(f"{part.name} {part.value}" for part in scale_page.figures_of(one)),
                _("the patient") if one.way else one.by.full_name,
            )
            for day, one in shown
        ),
        errors=tuple(
            _("%(figure)s: a change of less than %(points)s may be chance (%(source)s)")
            % {"figure": figure, "points": points, "source": source}
            for figure, points, source in (scale_page.detectable(known) if known is not None else ())
        ),
        left_out=len(rows) - len(shown),
    )


def _measured(history: EpisodeHistory) -> tuple[MeasuredChange, ...]:
    """Of each region its figure since the first visit that was measured alike."""
    measured = [one for one in history.visits if one.is_measured]
    if len(measured) < 2:
        return ()
    found = []
    for region in REGIONS:
        change = history.course.changes.since_first(region)
        if change is None or change.since is None:
            continue
        found.append(
            MeasuredChange(
                region=course_words.figure_words(region, change.after, history.weak_side),
                first=number(change.before.value),
                first_date=change.since,
                last=number(change.after.value),
                last_date=measured[-1].date,
                change=signed(change.shown),
                error=number(change.error) if change.error is not None else "–",
                verdict=verdict_words(change.verdict, change.limit),
                release=change.after.release,
            )
        )
    return tuple(found)


def signed(value: float) -> str:
    """A change with its sign."""
    if round(value, 2) == 0:
        return number(0.0)
    return f"+{number(value)}" if value > 0 else number(value)


def _tasks(episode: Episode) -> list[OpenTask]:
    """The open tasks behind which a person stands."""
    return [
        OpenTask(
            what=milestone_sentences.taken_up(one) if one.milestone else str(TaskKind(one.kind).label),
            who=one.owner.full_name if one.owner else "",
            plan=one.plan,
            when=date_format(one.next_check) if one.next_check else "",
        )
        for one in tasks_of(patient=episode.patient)
        if one.episode_id == episode.pk and _of_a_person(one, episode)
    ]


def _of_a_person(task: Task, episode: Episode) -> bool:
    if task.raised_by_id is not None:
        return True
    return episode.shows_findings and (task.owner_id is not None or bool(task.plan))


def _milestones(episode: Episode) -> list[OpenTask]:
    due: list[Milestone] = due_milestones(patient=episode.patient)
    return [
        OpenTask(
            milestone_sentences.name(one.code),
            "",
            milestone_sentences.sentence(one),
            milestone_sentences.window(one),
        )
        for one in due
        if one.episode_id == episode.pk
    ]


def _unvalidated(episode: Episode, history: EpisodeHistory) -> tuple[str, ...]:
    if not history.releases:
        return ()
    counted = tallies.sums(clinic_id=episode.patient.clinic_id)
    return tuple(one for one in history.releases if not ledger.is_validated(counted=counted, release=one))


def day_of(visit: Visit) -> dt.date:
    """The visit's day where the clinic is."""
    return day_in(visit.at, visit.patient.clinic.time_zone)

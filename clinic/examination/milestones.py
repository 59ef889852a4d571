"""Days on which somebody who was treated should be looked at again: plain functions of what is on record.

After botulinum toxin: a look at 2 to 4 weeks, when its effect is full; what is missing is added, and what is too much
is known for the next session. It fades within 3 to 4 months, after which the look tells nothing any more. (General
practice; a default of this product.)

After the first visit of a Bell's palsy:
- days 11 to 17: 28 % of 829 patients of the Scandinavian trial were worse by then than at first, and of them 45 %
  recovered completely within a year, 73 % of the others.
- day 21 without any movement: 85 % of those who were not treated move within three weeks (Peitersen, Acta Otolaryngol
  Suppl 2002;549:4-30); whoever doesn't is referred, and the diagnosis is looked at again.
- 3 months without complete recovery: reassess or refer (AAO-HNS guideline on Bell's palsy: Baugh et al., Otolaryngol
  Head Neck Surg 2013;149(3 Suppl):S1-27).
- from 4 months on: synkinesis is looked for. (General practice; a default of this product.)

The latter never hold for a stroke, whose follow-up is the clinician's own. Days are counted from the onset as exactly
as it is known: of a month alone nothing is said within the first weeks, and months are counted from its last day.
"""

from __future__ import annotations

import calendar
import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from clinic.common.spans import Onset, Precision
from clinic.patients.models import Cause


class MilestoneCode(StrEnum):
    """Which look it is; these are stored with a task that settles one."""

    TOXIN_RECALL = "toxin_recall"
    EARLY_REVIEW = "early_review"
    NO_MOVEMENT = "no_movement"
    INCOMPLETE = "incomplete"
    SYNKINESIS = "synkinesis"


RECALL_DAYS: Final = (14, 28)
EFFECT_DAYS: Final = 112
"""For how long a look at an injection tells anything: 16 weeks."""
REVIEW_DAYS: Final = (11, 17)
MOVEMENT_DAY: Final = 21
RECOVERY_MONTHS: Final = 3
SYNKINESIS_MONTHS: Final = 4
LAST_MONTHS: Final = 12
"""Until when a Bell's palsy is followed so: what hasn't recovered by then is another matter."""
NORMAL: Final = 1
NO_MOVEMENT_GRADE: Final = 6
"""House-Brackmann: normal, and total paralysis. Grade V still moves a little."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A visit: its day where the clinic is, and the grade that a clinician gave; None where nobody did."""

    day: dt.date
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What of an episode milestones follow from. visits, toxin: oldest first; settled: those that a person took up, by
    code and treatment."""

    episode_id: uuid.UUID
    cause: str
    onset: Onset
    visits: Sequence[Seen] = ()
    toxin: Sequence[tuple[uuid.UUID, dt.date]] = ()
    settled: frozenset[tuple[str, uuid.UUID | None]] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A look that nobody has taken. begins, until: within which days it should be; ends: from the next day on it tells
    nothing any more. since: what it is counted from. grade: the newest that a clinician gave, where it matters."""

    code: MilestoneCode
    episode_id: uuid.UUID
    since: dt.date
    begins: dt.date
    until: dt.date
    ends: dt.date
    treatment_id: uuid.UUID | None = None
    grade: int | None = None

    def is_due(self, today: dt.date) -> bool:
        """Whether it asks for somebody on that day."""
        return self.begins <= today <= self.ends

    @property
    def key(self) -> tuple[str, uuid.UUID | None]:
        """By which a person settles it."""
        return self.code.value, self.treatment_id


def unanswered(facts: CourseFacts) -> list[Milestone]:
    """The milestones of an episode that neither a visit nor a person has answered, whether they have begun or not, in
    the order in which they begin."""
    found = [one for one in (*_recalls(facts), *_after_bells_palsy(facts)) if one.key not in facts.settled]
    return sorted(found, key=lambda one: one.begins)


def _recalls(facts: CourseFacts) -> Iterator[Milestone]:
    """One of each injection, until it is given again."""
    for place, (treatment_id, day) in enumerate(facts.toxin):
        begins, until = (day + dt.timedelta(days=days) for days in RECALL_DAYS)
        later = [other for _, other in facts.toxin[place + 1 :] if other > day]
        ends = min([day + dt.timedelta(days=EFFECT_DAYS), *(other - dt.timedelta(days=1) for other in later)])
        if ends >= begins and not _seen_from(facts, begins):
            yield Milestone(
                MilestoneCode.TOXIN_RECALL,
                facts.episode_id,
                day,
                begins,
                until,
                ends,
                treatment_id=treatment_id,
            )


def _after_bells_palsy(facts: CourseFacts) -> Iterator[Milestone]:
    onset = facts.onset
    exact = onset.precision == Precision.DAY
    if facts.cause != Cause.BELLS_PALSY or not (exact or onset.precision == Precision.MONTH):
        return
    since = onset.date if exact else months_after(onset.date.replace(day=1), 1) - dt.timedelta(days=1)
    recovery, synkinesis, last = (
        months_after(since, months) for months in (RECOVERY_MONTHS, SYNKINESIS_MONTHS, LAST_MONTHS)
    )
    grade = next((one.grade for one in reversed(facts.visits) if one.grade), None)

    def milestone(code: MilestoneCode, begins: dt.date, until: dt.date, ends: dt.date) -> Milestone:
        return Milestone(code, facts.episode_id, onset.date, begins, until, ends, grade=grade)

    if exact:
        first, until, third = (since + dt.timedelta(days=days) for days in (*REVIEW_DAYS, MOVEMENT_DAY))
        before = third - dt.timedelta(days=1)
        if _known_before(facts, first) and not _seen_from(facts, first):
            yield milestone(MilestoneCode.EARLY_REVIEW, first, until, before)
        still = grade == NO_MOVEMENT_GRADE or (grade is None and not _seen_from(facts, third))
        if _known_before(facts, third) and still:
            yield milestone(MilestoneCode.NO_MOVEMENT, third, third, recovery - dt.timedelta(days=1))
    incomplete = grade != NORMAL and (grade is not None or not _seen_from(facts, recovery))
    if _known_before(facts, recovery) and incomplete:
        yield milestone(MilestoneCode.INCOMPLETE, recovery, recovery, last)
    if _known_before(facts, synkinesis) and grade != NORMAL and not _seen_from(facts, synkinesis):
        yield milestone(MilestoneCode.SYNKINESIS, synkinesis, last, last)


def _seen_from(facts: CourseFacts, day: dt.date) -> bool:
    """Whether a visit fell on that day or after it."""
    return any(one.day >= day for one in facts.visits)


def _known_before(facts: CourseFacts, day: dt.date) -> bool:
    """Whether the clinic knew the patient by then: of what came before the first visit nothing was missed here."""
    return any(one.day < day for one in facts.visits)


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last one of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1]))

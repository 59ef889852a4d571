"""Second readings: asked for, taken, given back, kept. Callers have asked the policy first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.accounts.models import Membership
from clinic.audit import services as audit
from clinic.audit.models import Access, ReadEvent
from clinic.common.writing import lock, save
from clinic.visits.grading import clinicians_findings
from clinic.visits.models import Confirmation, Visit, VisitConfirmation

from .models import Assessment, BlindReading, SecondReading
from .scales import BY_CODE, WrongAnswers

if TYPE_CHECKING:
    from clinic.accounts.models import User

SCALE: Final = BY_CODE["sunnybrook"]
"""What may be answered beside the grade."""
TELLING: Final = (Access.RECORD, Access.EXPORT)
"""Reads after which a visit's grade may be known."""


@transaction.atomic
def ask_for_second_reading(*, user: User, visit: Visit) -> SecondReading:
    """Let a colleague read a visit that a clinician has graded. ValidationError without a grade or a photo, or where
    one is open already."""
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    found = clinicians_findings(visits=[visit])[visit.pk]
    if found is None or found.grade is None:
        raise ValidationError(_("Grade the visit first."), "not_graded")
    if not visit.photos.filter(archived_at__isnull=True).exists():
        raise ValidationError(_("The visit has no photo."), "no_photo")
    if SecondReading.objects.filter(visit=visit, closed_at__isnull=True).exists():
        raise ValidationError(_("A second reading of this visit is asked for already."), "taken")
    second = SecondReading(visit=visit, asked_by=user)
    save(second, user=user)
    return second


def may_read_blind(*, user: User, second: SecondReading) -> bool:
    """Whether the user can't know what the first reader found: had no word on the visit, didn't ask, and hasn't looked
    at the record since the visit."""
    visit = second.visit
    told = (
        VisitConfirmation.objects.filter(visit=visit, by=user),
        Confirmation.objects.filter(photo__visit=visit, by=user),
        Assessment.objects.filter(visit=visit, by=user),
        ReadEvent.objects.filter(user=user, patient=visit.patient_id, kind__in=TELLING, at__gte=visit.at),
    )
    return user.pk not in (second.asked_by_id, visit.clinician_id) and not any(one.exists() for one in told)


@transaction.atomic
def take_second_reading(*, user: User, second: SecondReading) -> SecondReading:
    """From now on the user sees the photos of the visit, and nothing else of its patient. ValidationError where
    somebody has it, or where the user may know what was found."""
    lock(second)
    if second.reader_id is not None or second.closed_at is not None:
        raise ValidationError(_("A colleague reads this visit already."), "taken")
    if not may_read_blind(user=user, second=second):
        raise ValidationError(
            _("You have seen this record since the visit: a colleague must read it."), "not_blind"
        )
    second.reader = Membership.objects.in_force().get(user=user, clinic_id=second.visit.patient.clinic_id)
    second.taken_at = timezone.now()
    save(second, user=user, only=["reader", "taken_at"])
    return second


@transaction.atomic
def give_back(*, user: User, second: SecondReading) -> SecondReading:
    """The visit waits for a reader again, and the record is open to the user."""
    lock(second)
    second.reader = second.taken_at = None
    save(second, user=user, only=["reader", "taken_at"])
    return second


@transaction.atomic
def withdraw(*, user: User, second: SecondReading) -> SecondReading:
    """Nobody is asked any more; who reads it at the moment is let out. ValidationError where it is done."""
    lock(second)
    if second.closed_at is not None:
        raise ValidationError(_("This second reading is done."), "closed")
    second.closed_at = timezone.now()
    save(second, user=user, only=["closed_at"])
    return second


@transaction.atomic
def keep_reading(
    *, user: User, second: SecondReading, grade: int, answers: Mapping[str, Any] | None = None
) -> BlindReading:
    """Keep what the user found, beside what the first reader had found until now, and open the record to the user.

    answers: of Sunnybrook, all of it or nothing. ValidationError where one is missing or unknown to the scale, where
    the reading isn't the user's, or where the first grade was taken back.
    """
    lock(second)
    if second.closed_at is not None or second.reader is None or second.reader.user_id != user.pk:
        raise ValidationError(_("This second reading is done."), "closed")
    visit = second.visit
    Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    first = clinicians_findings(visits=[visit])[visit.pk]
    if first is None or first.grade is None:
        raise ValidationError(_("The first grade was taken back. Give the reading back."), "not_graded")
    given = _scored(answers or {})
    reading = BlindReading(
        second=second,
        by=user,
        grade=grade,
        first_grade=first.grade,
        answers=given,
        scale_version=SCALE.version if given else "",
        total=SCALE.score(given).total if given else None,
        first_total=_first_total(visit, user),
    )
    reading.full_clean(exclude=["second", "by"])
    save(reading, user=user)
    audit.log_change(record=reading, user=user, how="given")
    second.closed_at = timezone.now()
    save(second, user=user, only=["closed_at"])
    return reading


def _scored(answers: Mapping[str, Any]) -> dict[str, Any]:
    try:
        given = SCALE.check(answers)
    except WrongAnswers as error:
        raise ValidationError(list(error.problems.values()), code="invalid") from error
    if given and not SCALE.score(given).is_complete:
        raise ValidationError(_("Answer all of Sunnybrook, or none of it."), "incomplete")
    return given


def _first_total(visit: Visit, user: User) -> float | None:
    finished = Assessment.objects.filter(
        visit=visit, scale=SCALE.code, scale_version=SCALE.version, finished_at__isnull=False
    ).exclude(by=user)
    return finished.values_list("total", flat=True).first()

"""What a visit's date must fit: the patient's life, the illness that it belongs to, and the patient's other visits.

And which side an exercise has."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.dates import day_in

from . import exercises, moments
from .models import ExerciseSide, Visit
from .refusals import refuse

if TYPE_CHECKING:
    from clinic.patients.models import Episode, Patient

ONE_MINUTE = dt.timedelta(minutes=1)


def episode_on(*, patient: Patient, day: dt.date) -> Episode | None:
    """The episode that a visit of that day belongs to: the newest that had begun; None where none had."""
    begun = patient.episodes.filter(onset_date__lte=day)
    return begun.order_by("-onset_date", "-created_at").first()


def check_visit(visit: Visit) -> None:
    """ValidationError of `at` where the visit can't have been then: in the future, before birth, before its illness."""
    moments.check(moment=visit.at, field="at", ahead=moments.VISIT_AHEAD)
    patient, episode = visit.patient, visit.episode
    day = day_in(visit.at, patient.clinic.time_zone)
    check_birth(patient, day, "at")
    if episode.onset_date and day < episode.onset_date:
        raise ValidationError({"at": _before_onset(patient, episode, day)})


def checked_side(exercise: str, side: str) -> str:
    """The side that a photo of that exercise is filed with; IntakeError for a code that there is not."""
    if exercise not in exercises.BY_CODE or side not in ("", *ExerciseSide.values):
        raise refuse("unknown_exercise")
    return side if exercises.by_code(exercise).sided else ""


def check_birth(patient: Patient, day: dt.date, field: str) -> None:
    """ValidationError of that field for a day before the patient's birth."""
    if patient.birth_date and day < patient.birth_date:
        raise ValidationError(
            {
                field: ValidationError(
                    _("This date lies before the patient's birth on %(birth)s."),
                    code="before_birth",
                    params={"birth": date_format(patient.birth_date)},
                )
            }
        )


def _before_onset(patient: Patient, episode: Episode, day: dt.date) -> ValidationError:
    fits = episode_on(patient=patient, day=day)
    if fits is None:
        return ValidationError(
            _("This date lies before the onset on %(onset)s. Check the date, or correct the onset."),
            code="before_onset",
            params={"onset": date_format(episode.onset_date)},
        )
    return ValidationError(
        _(
            "This date lies before the onset on %(onset)s. On that day the patient was treated for another illness: "
            "%(cause)s, onset %(began)s. Choose that care episode, or correct the date."
        ),
        code="other_episode",
        params={
            "onset": date_format(episode.onset_date),
            "cause": fits.get_cause_display(),
            "began": date_format(fits.onset_date),
        },
    )


def visit_at(*, patient: Patient, at: dt.datetime) -> Visit | None:
    """The patient's current visit that begins in that minute: a second one is the first, sent once more."""
    minute = at.replace(second=0, microsecond=0)
    return Visit.objects.current().filter(patient=patient, at__gte=minute, at__lt=minute + ONE_MINUTE).first()

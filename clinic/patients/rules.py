"""What a patient's records must satisfy, beyond what one field or one constraint can say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.common.dates import today_in
from clinic.common.folding import tidy_number
from clinic.common.spans import Precision

from .models import BirthPrecision, Cause, Episode, Patient, RedFlags

Errors = dict[str, list[ValidationError]]
OLDEST_BIRTH = dt.date(1900, 1, 1)


def clinic_today(patient: Patient) -> dt.date:
    """Today where the patient's clinic is."""
    return today_in(patient.clinic.time_zone)


def _error(code: str, message: str, **params: object) -> ValidationError:
    return ValidationError(message, code=code, params=params)


def not_archived(patient: Patient) -> None:
    """An archived record is read only, and so is a restricted one."""
    if patient.restricted_at is not None:
        raise _error("restricted", _("This record is restricted. It is kept, but neither changed nor used."))
    if patient.archived_at is not None:
        raise _error("archived", _("This record is archived. Restore it before changing it."))


def red_flags_asked(episode: Episode) -> None:
    """Nothing is signed of an illness whose red flags nobody asked about."""
    if episode.red_flags == RedFlags.UNASKED:
        raise _error("red_flags", _("Answer the red flags of this care episode first, then sign."))


def check_patient(patient: Patient, onsets: Iterable[dt.date] = ()) -> Errors:
    """The errors of a patient by field; `onsets` are those of the patient's episodes."""
    errors: Errors = {}
    born = patient.birth_date
    if isinstance(born, dt.date):
        first = min(onsets, default=None)
        if born > clinic_today(patient):
            errors["birth_date"] = [_error("future", _("The birth date lies in the future."))]
        elif born < OLDEST_BIRTH:
            errors["birth_date"] = [_error("too_old", _("The birth date lies before 1900."))]
        elif first is not None and born > first:
            errors["birth_date"] = [
                _error(
                    "after_onset",
                    _("An episode began on %(onset)s, before this birth date."),
                    onset=date_format(first),
                )
            ]
    if patient.record_number and _number_taken(patient):
        errors["record_number"] = [
            _error("taken", _("This record number is taken by another patient of the clinic."))
        ]
    return errors


def _number_taken(patient: Patient) -> bool:
    number = tidy_number(patient.record_number)
    same = Patient.objects.filter(clinic_id=patient.clinic_id, record_number__iexact=number)
    return same.exclude(pk=patient.pk).exists()


def settle_birth(patient: Patient) -> None:
    """Of a year alone, the date kept is its first day."""
    if patient.birth_precision == BirthPrecision.YEAR and isinstance(patient.birth_date, dt.date):
        patient.birth_date = patient.birth_date.replace(month=1, day=1)


def settle_onset(episode: Episode, patient: Patient) -> None:
    """The date that stands for an onset which isn't known to the day: the earliest that it may have been. A congenital
    palsy without a date begins at birth; of an onset that nobody knows the date kept is the day on which it was
    entered."""
    born = patient.birth_date if isinstance(patient.birth_date, dt.date) else None
    if episode.cause == Cause.CONGENITAL and episode.onset_date is None and born is not None:
        episode.onset_date, episode.onset_precision = born, patient.birth_precision
    if episode.onset_precision == Precision.UNKNOWN:
        episode.onset_date = episode.onset_date or clinic_today(patient)
    if not isinstance(episode.onset_date, dt.date):
        return
    if episode.onset_precision == Precision.MONTH:
        episode.onset_date = episode.onset_date.replace(day=1)
    elif episode.onset_precision == Precision.YEAR:
        episode.onset_date = episode.onset_date.replace(month=1, day=1)
    same_year = born is not None and born.year == episode.onset_date.year
    if episode.onset_precision in (Precision.MONTH, Precision.YEAR) and born is not None and same_year:
        episode.onset_date = max(born, episode.onset_date)


def check_onset(episode: Episode, patient: Patient, first_visit: dt.date | None = None) -> Errors:
    """The errors of an episode's onset: in the future, before birth, or after a visit of the episode."""
    onset = episode.onset_date
    if not isinstance(onset, dt.date):
        return {}
    message = None
    if onset > clinic_today(patient):
        message = _error("future", _("The onset lies in the future."))
    elif isinstance(patient.birth_date, dt.date) and onset < patient.birth_date:
        message = _error(
            "before_birth",
            _("The onset lies before the patient's birth on %(birth)s."),
            birth=date_format(patient.birth_date),
        )
    elif onset < OLDEST_BIRTH:
        message = _error("too_old", _("The onset lies before 1900."))
    elif first_visit is not None and onset > first_visit and episode.onset_precision != Precision.UNKNOWN:
        message = _error(
            "after_visit",
            _("This episode has a visit on %(visit)s, before this onset."),
            visit=date_format(first_visit),
        )
    return {"onset_date": [message]} if message else {}


def check_day(field: str, day: object, patient: Patient) -> Errors:
    """The errors of a dated event of a patient: it lies in the future, or before birth."""
    if not isinstance(day, dt.date):
        return {}
    if day > clinic_today(patient):
        return {field: [_error("future", _("This date lies in the future."))]}
    if isinstance(patient.birth_date, dt.date) and day < patient.birth_date:
        return {field: [_error("before_birth", _("This date lies before the patient's birth."))]}
    if day < OLDEST_BIRTH:
        return {field: [_error("too_old", _("This date lies before 1900."))]}
    return {}

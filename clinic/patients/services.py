"""Everything that is written about patients, their episodes and treatments.

Each function raises ValidationError, by field, for what the records must not hold; the caller has
asked the policy whether the user may do it.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.common.dates import day_in
from clinic.common.folding import tidy_number
from clinic.common.spans import Precision
from clinic.common.summaries import summaries
from clinic.common.writing import Basis, Errors, assign, errors_of, lock, raise_if, save

from . import rules
from .models import Episode, Patient, RedFlags, Treatment
from .treatment_details import canonical, check_details
from .treatments import DETAILS

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User

PATIENT_FIELDS = frozenset(
    {"record_number", "name", "birth_date", "birth_precision", "sex", "phone", "email", "languages"}
)
EPISODE_FIELDS = frozenset({"cause", "weak_side", "onset_date", "onset_precision", "notes"})
TREATMENT_FIELDS = frozenset({"kind", "date", "note", *DETAILS})


def _first_onsets(patient: Patient) -> list[dt.date]:
    return list(patient.episodes.values_list("onset_date", flat=True))


def _assign_patient(patient: Patient, fields: dict[str, object], based_on: Basis | None = None) -> list[str]:
    number = fields.get("record_number")
    if isinstance(number, str):
        fields = {**fields, "record_number": tidy_number(number)}
    changed = assign(patient, fields, PATIENT_FIELDS, based_on=based_on)
    rules.settle_birth(patient)
    return changed


def _store_patient(patient: Patient, user: User) -> None:
    try:
        with transaction.atomic():
            save(patient, user=user)
    except IntegrityError as error:
        # Two desks typed the same number at the same moment.
        taken = ValidationError(
            _("This record number is taken by another patient of the clinic."), code="taken"
        )
        raise ValidationError({"record_number": [taken]}) from error


@transaction.atomic
def create_patient(*, user: User, clinic: Clinic, record_number: str, name: str, **fields: object) -> Patient:
    """Log a new patient of the clinic."""
    patient = Patient(clinic=clinic)
    _assign_patient(patient, {"record_number": record_number, "name": name, **fields})
    raise_if(errors_of(patient, rules.check_patient(patient)))
    _store_patient(patient, user)
    summaries().refresh(patient_id=patient.pk, visits=())
    return patient


@transaction.atomic
def register(
    *, user: User, clinic: Clinic, patient: dict[str, object], episode: dict[str, object]
) -> tuple[Patient, Episode]:
    """Log a new patient and the episode that brought them, or neither; raises the errors of both together."""
    person, illness = Patient(clinic=clinic), Episode()
    _assign_patient(person, patient)
    assign(illness, episode, EPISODE_FIELDS)
    rules.settle_onset(illness, person)
    errors: Errors = errors_of(person, rules.check_patient(person))
    errors.update(errors_of(illness, rules.check_onset(illness, person), exclude=["patient"]))
    raise_if(errors)
    _store_patient(person, user)
    illness.patient = person
    save(illness, user=user)
    summaries().refresh(patient_id=person.pk, visits=())
    return person, illness


@transaction.atomic
def update_patient(
    *, user: User, patient: Patient, based_on: Basis | None = None, **fields: object
) -> Patient:
    """Change what is recorded of a patient."""
    lock(patient, based_on)
    rules.not_archived(patient)
    changed = _assign_patient(patient, fields, based_on=based_on)
    raise_if(errors_of(patient, rules.check_patient(patient, _first_onsets(patient))))
    if changed:
        _store_patient(patient, user)
    return patient


def _set_archived(patient: Patient, user: User, at: dt.datetime | None, based_on: Basis | None) -> Patient:
    lock(patient, based_on)
    if (patient.archived_at is None) != (at is None):
        patient.archived_at = at
        save(patient, user=user)
        summaries().recount(patient_id=patient.pk)
    return patient


@transaction.atomic
def archive_patient(*, user: User, patient: Patient, based_on: Basis | None = None) -> Patient:
    """Take the patient off the lists; nothing is deleted."""
    return _set_archived(patient, user, timezone.now(), based_on)


@transaction.atomic
def restore_patient(*, user: User, patient: Patient, based_on: Basis | None = None) -> Patient:
    """Put an archived patient back on the lists."""
    return _set_archived(patient, user, None, based_on)


@transaction.atomic
def open_episode(
    *,
    user: User,
    patient: Patient,
    cause: str,
    weak_side: str,
    onset_date: dt.date | None = None,
    onset_precision: str = Precision.DAY,
    notes: str = "",
) -> Episode:
    """Begin a care episode of the patient."""
    rules.not_archived(patient)
    episode = Episode(patient=patient)
    fields = {
        "cause": cause,
        "weak_side": weak_side,
        "onset_date": onset_date,
        "onset_precision": onset_precision,
        "notes": notes,
    }
    assign(episode, fields, EPISODE_FIELDS)
    rules.settle_onset(episode, patient)
    raise_if(errors_of(episode, rules.check_onset(episode, patient)))
    save(episode, user=user)
    summaries().refresh(patient_id=patient.pk, visits=())
    return episode


def _first_visit(episode: Episode) -> dt.date | None:
    at = episode.visits.filter(archived_at__isnull=True).order_by("at").values_list("at", flat=True).first()
    return day_in(at, episode.patient.clinic.time_zone) if at else None


@transaction.atomic
def update_episode(
    *, user: User, episode: Episode, based_on: Basis | None = None, **fields: object
) -> Episode:
    """Change what is recorded of an episode."""
    lock(episode, based_on)
    rules.not_archived(episode.patient)
    changed = assign(episode, fields, EPISODE_FIELDS, based_on=based_on)
    rules.settle_onset(episode, episode.patient)
    raise_if(errors_of(episode, rules.check_onset(episode, episode.patient, _first_visit(episode))))
    if changed:
        if "cause" in changed and episode.red_flags != RedFlags.EARLIER:
            # Another illness has other red flags.
            episode.red_flags = RedFlags.UNASKED
        save(episode, user=user)
        # Every figure is read from the weak side; the rest of an episode changes none.
        summaries().refresh(patient_id=episode.patient_id, visits=None if "weak_side" in changed else ())
    return episode


def _assign_treatment(
    treatment: Treatment, fields: dict[str, object], patient: Patient, based_on: Basis | None = None
) -> list[str]:
    """Set and check what is told of a treatment; the names of what changed."""
    if "injections" in fields:
        fields = {**fields, "injections": canonical(fields["injections"])}
    changed = assign(treatment, fields, TREATMENT_FIELDS, based_on=based_on)
    of_day = rules.check_day("date", treatment.date, patient)
    raise_if(errors_of(treatment, of_day, check_details(treatment)))
    return changed


def _store_treatment(treatment: Treatment, user: User) -> None:
    save(treatment, user=user)
    # A treatment may ask for a look some weeks later.
    summaries().place(patient_id=treatment.episode.patient_id)


@transaction.atomic
def add_treatment(
    *, user: User, episode: Episode, kind: str, date: dt.date, note: str = "", **details: object
) -> Treatment:
    """Record a treatment of the episode with its date. details: of its kind, as `treatments.FIELDS_OF` has them."""
    rules.not_archived(episode.patient)
    treatment = Treatment(episode=episode)
    _assign_treatment(treatment, {"kind": kind, "date": date, "note": note, **details}, episode.patient)
    _store_treatment(treatment, user)
    return treatment


@transaction.atomic
def update_treatment(
    *, user: User, treatment: Treatment, based_on: Basis | None = None, **fields: object
) -> Treatment:
    """Change a treatment."""
    patient = treatment.episode.patient
    lock(treatment, based_on)
    rules.not_archived(patient)
    if _assign_treatment(treatment, fields, patient, based_on=based_on):
        _store_treatment(treatment, user)
    return treatment


@transaction.atomic
def archive_treatment(*, user: User, treatment: Treatment, based_on: Basis | None = None) -> Treatment:
    """Take a treatment off the record; its history stays."""
    lock(treatment, based_on)
    rules.not_archived(treatment.episode.patient)
    if treatment.archived_at is None:
        treatment.archived_at = timezone.now()
        _store_treatment(treatment, user)
    return treatment


@transaction.atomic
def restore_treatment(*, user: User, treatment: Treatment, based_on: Basis | None = None) -> Treatment:
    """Put a treatment that was taken off back on the record."""
    lock(treatment, based_on)
    rules.not_archived(treatment.episode.patient)
    if treatment.archived_at is not None:
        treatment.archived_at = None
        _store_treatment(treatment, user)
    return treatment

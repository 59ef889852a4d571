"""A patient's rights: correction, restriction, legal hold. Erasure and destruction have modules of their own.

Callers have asked the policy. Each step writes one line into the log, which holds codes alone; what a person typed
stays in the record, and goes when the record goes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.audit.statements import hash_detail_of
from clinic.common.summaries import summaries
from clinic.common.writing import errors_of, raise_if, save
from clinic.patients import rules
from clinic.patients.models import (
    Correction,
    CorrectionState,
    LegalHold,
    Patient,
    Restriction,
    RestrictionGround,
)
from clinic.visits.pausing import resume_analyses, stop_analyses

if TYPE_CHECKING:
    from clinic.accounts.models import User


def _log(
    kind: str,
    user: User,
    patient: Patient,
    address: str | None,
    *,
    said: Restriction | LegalHold | None = None,
    **detail: str | int,
) -> None:
    """A line that holds the hash of what was said, so that nobody can lift a restriction or a hold unseen."""
    if said is not None:
        detail |= {"record": said._meta.model_name or "", **hash_detail_of(said)}
    log_event(
        kind=kind, user=user, patient=patient, address=address, page="patients:rights", detail=dict(detail)
    )


def _typed(text: str, field: str = "reason") -> str:
    tidy = " ".join(text.split())
    if not tidy:
        raise ValidationError({field: [ValidationError(_("Please say why."), code="required")]})
    return tidy


@transaction.atomic
def ask_correction(
    *, user: User, patient: Patient, received_on: dt.date, disputed: str, address: str | None = None
) -> Correction:
    """Note what a patient says is wrong in their record."""
    correction = Correction(
        patient=patient, received_on=received_on, disputed=disputed.strip(), recorded_by=user
    )
    raise_if(errors_of(correction, rules.check_day("received_on", received_on, patient)))
    save(correction, user=user)
    _log(Event.CORRECTION, user, patient, address, what="asked")
    return correction


@transaction.atomic
def decide_correction(
    *,
    user: User,
    correction: Correction,
    state: str,
    answer: str,
    statement: str = "",
    address: str | None = None,
) -> Correction:
    """Close a request: the record was corrected, or the patient's statement stands beside it from now on."""
    correction = (
        Correction.objects.select_for_update().select_related("patient__clinic").get(pk=correction.pk)
    )
    if correction.state != CorrectionState.OPEN:
        raise ValidationError(_("This request was decided already."), code="decided")
    if state not in (CorrectionState.CORRECTED, CorrectionState.STATEMENT):
        raise ValidationError({"state": [_("Choose what became of the request.")]})
    correction.state, correction.answer = state, answer.strip()
    correction.statement = statement.strip() if state == CorrectionState.STATEMENT else ""
    errors = {}
    if not correction.answer:
        errors["answer"] = [ValidationError(_("Say what was decided, and why."), code="required")]
    if state == CorrectionState.STATEMENT and not correction.statement:
        errors["statement"] = [
            ValidationError(_("Write down what the patient says, in their words."), code="required")
        ]
    correction.decided_at, correction.decided_by = timezone.now(), user
    raise_if(errors_of(correction, errors, exclude=["patient", "recorded_by"]))
    save(correction, user=user)
    _log(Event.CORRECTION, user, correction.patient, address, what=state)
    return correction


@transaction.atomic
def restrict(
    *, user: User, patient: Patient, ground: str, reason: str, address: str | None = None
) -> Restriction:
    """Close the record: kept, but neither shown nor used. What waits for an analysis is taken off the queue."""
    reason = _typed(reason)
    if ground not in RestrictionGround.values:
        raise ValidationError({"ground": [_("Choose why the record is restricted.")]})
    patient = _locked(patient)
    if patient.restricted_at is not None:
        raise ValidationError(_("This record is restricted already."), code="in_force")
    restriction = Restriction.objects.create(patient=patient, ground=ground, reason=reason, by=user)
    patient.restricted_at = restriction.created_at
    save(patient, user=user)
    stop_analyses(patient=patient)
    summaries().recount(patient_id=patient.pk)
    _log(Event.RESTRICTION, user, patient, address, said=restriction, ground=ground)
    return restriction


@transaction.atomic
def lift_restriction(*, user: User, patient: Patient, reason: str, address: str | None = None) -> Restriction:
    """Open the record again, and analyse what waited; not for a record that is on its way to be destroyed."""
    reason = _typed(reason)
    patient = _locked(patient)
    restriction = patient.restrictions.filter(lifted_at__isnull=True).first()
    if restriction is None:
        raise ValidationError(_("This record is not restricted."), code="not_in_force")
    if patient.erasures.exists():
        raise ValidationError(
            _("The patient asked to be forgotten: the record stays closed until it is destroyed."),
            code="erased",
        )
    restriction.lifted_at, restriction.lifted_by, restriction.lifted_reason = timezone.now(), user, reason
    restriction.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    patient.restricted_at = None
    save(patient, user=user)
    resume_analyses(patient=patient)
    summaries().recount(patient_id=patient.pk)
    _log(Event.RESTRICTION_LIFTED, user, patient, address, said=restriction, ground=restriction.ground)
    return restriction


@transaction.atomic
def hold(*, user: User, patient: Patient, reason: str, address: str | None = None) -> LegalHold:
    """Put the record under legal hold: nothing of it is erased or destroyed until that is lifted."""
    reason = _typed(reason)
    patient = _locked(patient)
    if patient.holds.filter(lifted_at__isnull=True).exists():
        raise ValidationError(_("This record is under legal hold already."), code="in_force")
    found = LegalHold.objects.create(patient=patient, reason=reason, by=user)
    _log(Event.LEGAL_HOLD, user, patient, address, said=found)
    return found


@transaction.atomic
def lift_hold(*, user: User, patient: Patient, reason: str, address: str | None = None) -> LegalHold:
    """End the legal hold."""
    reason = _typed(reason)
    patient = _locked(patient)
    found = patient.holds.filter(lifted_at__isnull=True).first()
    if found is None:
        raise ValidationError(_("This record is not under legal hold."), code="not_in_force")
    found.lifted_at, found.lifted_by, found.lifted_reason = timezone.now(), user, reason
    found.save(update_fields=["lifted_at", "lifted_by", "lifted_reason"])
    _log(Event.LEGAL_HOLD_LIFTED, user, patient, address, said=found)
    return found


def _locked(patient: Patient) -> Patient:
    """The patient as they are now, and nobody else's to change until this is done."""
    return Patient.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=patient.pk)

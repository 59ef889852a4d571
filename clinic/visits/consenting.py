"""Consents to the uses of a patient's photos. The caller has asked the policy."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.audit import services as audit
from clinic.common.writing import errors_of, lock, raise_if, save
from clinic.patients import rules
from clinic.patients.models import Consent, ConsentUse

from .pausing import resume_analyses

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.common.writing import Basis
    from clinic.patients.models import Patient


@transaction.atomic
def give_consent(*, user: User, patient: Patient, use: str, given_on: dt.date, manner: str = "") -> Consent:
    """Record that the patient consents to one use of the photos."""
    rules.not_archived(patient)
    consent = Consent(patient=patient, use=use, given_on=given_on, manner=manner, recorded_by=user)
    errors = rules.check_day("given_on", given_on, patient)
    in_force = ValidationError(_("This consent is already in force."), code="in_force")
    if Consent.objects.in_force().filter(patient=patient, use=use).exists():
        errors = {**errors, "use": [in_force]}
    raise_if(errors_of(consent, errors))
    try:
        with transaction.atomic():
            save(consent, user=user)
    except IntegrityError as error:
        raise ValidationError({"use": [in_force]}) from error
    audit.log_change(record=consent, user=user, how="given")
    if use == ConsentUse.RECORD:
        resume_analyses(patient=patient)
    return consent


@transaction.atomic
def revoke_consent(*, user: User, consent: Consent, based_on: Basis | None = None) -> Consent:
    """Record that the patient takes a consent back; the row stays as its history."""
    lock(consent, based_on)
    # Only the first of two revocations counts: the row tells who and when.
    if consent.revoked_at is not None:
        raise ValidationError(_("This consent was already revoked."), code="revoked")
    consent.revoked_at, consent.revoked_by = timezone.now(), user
    save(consent, user=user, only=["revoked_at", "revoked_by"])
    audit.log_change(record=consent, user=user, how="revoked")
    return consent

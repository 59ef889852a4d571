"""Who carries out a patient's rights. Each asks the role in the patient's clinic; seeing the record comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.accounts import policies
from clinic.audit.records import patient_of, writers_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import Model

    from clinic.accounts.models import User

    from .models import Patient


def can_change(user: User | AnonymousUser, record: Model) -> bool:
    """Change a record of a patient or take it back: whoever writes records; another system only what it alone wrote."""
    clinic_id = patient_of(record).clinic_id
    if policies.is_integration(user, clinic_id):
        return writers_of(record) == {user.pk}
    return policies.can_write_records(user, clinic_id)


def can_carry_out_rights(user: User | AnonymousUser, patient: Patient) -> bool:
    """Hand out a copy, note and decide corrections, restrict: whoever treats patients, and the clinic's head."""
    return policies.can_confirm(user, patient.clinic_id)


def can_take_link_back(user: User | AnonymousUser, patient: Patient) -> bool:
    """Let a link that was sent to the patient work no more: whoever treats patients, also of a closed record."""
    return policies.can_confirm(user, patient.clinic_id)


def can_decide_on_record(user: User | AnonymousUser, patient: Patient) -> bool:
    """Open a restricted record, lift a restriction, erase, and hold: the clinic's head alone."""
    return policies.can_administer(user, patient.clinic_id)

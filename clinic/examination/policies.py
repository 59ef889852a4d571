"""What may be done with tasks and scales; each asks the role in the patient's clinic. A model is asked nothing: it only
raises tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic.accounts import policies

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User
    from clinic.patients.models import Episode, Patient
    from clinic.visits.models import Visit

    from .models import Assessment, SecondReading, Task


def can_raise_task(user: User | AnonymousUser, patient: Patient) -> bool:
    """Raise a task: a person who treats patients, never another system."""
    return not patient.is_closed and policies.can_confirm(user, patient.clinic_id)


def can_handle_task(user: User | AnonymousUser, task: Task) -> bool:
    """Say who looks after it and how, close it, or open it again: a person who treats patients, never a system."""
    return can_raise_task(user, task.patient)


def can_answer_red_flags(user: User | AnonymousUser, episode: Episode) -> bool:
    """Answer an episode's red flags: a person who treats patients, never a system."""
    return can_raise_task(user, episode.patient)


def can_ask_patient(user: User | AnonymousUser, episode: Episode) -> bool:
    """Hand or send a questionnaire to a patient, take a link back: a person who treats patients, never a system."""
    return can_raise_task(user, episode.patient)


def can_write_assessment(user: User | AnonymousUser, assessment: Assessment) -> bool:
    """Answer, finish or correct one that is there: as of a scale in its visit, and none that a patient answered."""
    return (
        not assessment.is_patients_own and assessment.visit is not None and can_assess(user, assessment.visit)
    )


def can_assess(user: User | AnonymousUser, visit: Visit) -> bool:
    """Answer a clinical scale, finish it, or correct it: a person who treats patients, never a system."""
    return (
        visit.archived_at is None
        and not visit.patient.is_closed
        and policies.can_confirm(user, visit.patient.clinic_id)
    )


def can_ask_second_reading(user: User | AnonymousUser, visit: Visit) -> bool:
    """Ask a colleague to read a visit blind, or take that wish back: a person who treats patients, never a system."""
    return can_assess(user, visit)


def can_read_blind(user: User | AnonymousUser, second: SecondReading) -> bool:
    """Be the second reader: a person who treats patients in the patient's clinic."""
    return can_assess(user, second.visit)

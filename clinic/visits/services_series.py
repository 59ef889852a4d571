"""What is written about a visit's series of photos. Callers have asked the policy first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.accounts import events
from clinic.common.versions import Basis
from clinic.common.writing import lock, save
from clinic.feed import services as feed
from clinic.feed.models import RecordKind, What
from clinic.patients.rules import not_archived
from inference.pipeline.codes import same_exercise

from . import exercises, protocols
from .models import Photo, SkippedExercise, SkipReason, Visit

if TYPE_CHECKING:
    from clinic.accounts.models import Clinic, User


@transaction.atomic
def skip_exercise(*, user: User, visit: Visit, exercise: str, reason: str, note: str = "") -> SkippedExercise:
    """Say that a visit does without an exercise, and why. Said again alike, nothing is written.

    ValidationError for an exercise or reason that there is not, where a photo of it is there or another reason stands,
    which is taken back first, without words for another reason, and in a record that is closed.
    """
    # The visit's row is where a photo that comes at this moment and this wait for each other.
    visit = _locked(visit)
    note = " ".join(note.split())
    if exercise not in {one.code for one in exercises.PROTOCOL}:
        raise ValidationError({"exercise": ValidationError(_("There is no such exercise."), code="unknown")})
    if reason == SkipReason.OTHER and not note:
        raise ValidationError({"note": ValidationError(_("Say in a few words why."), code="required")})
    there = visit.photos.filter(archived_at__isnull=True).values_list("exercise", flat=True)
    if any(same_exercise(code, exercise) for code in there):
        raise ValidationError(
            {"exercise": ValidationError(_("There is a photo of this exercise already."), code="taken")}
        )
    found = SkippedExercise.objects.filter(visit=visit, exercise=exercise).first()
    if found is None:
        found = SkippedExercise(visit=visit, exercise=exercise)
    elif found.lifted_at is None:
        if (found.reason, found.note) == (reason, note):
            return found
        said = _("It is noted as not taken already: %(reason)s. Take that back first.")
        raise ValidationError({"reason": ValidationError(said % {"reason": found.in_words}, code="taken")})
    found.reason, found.note, found.by, found.lifted_at = reason, note, user, None
    found.full_clean(exclude=["visit", "by"], validate_unique=False, validate_constraints=False)
    save(found, user=user)
    _tell(visit)
    return found


@transaction.atomic
def take_skip_back(*, user: User, visit: Visit, exercise: str) -> bool:
    """Say that an exercise is to be taken after all; whether anything had said otherwise."""
    visit = _locked(visit)
    found = SkippedExercise.objects.standing().filter(visit=visit, exercise=exercise).first()
    if found is None:
        return False
    _lift(user, found)
    _tell(visit)
    return True


def lift_skips_of(*, user: User | None, photo: Photo) -> None:
    """A photo came, or is filed otherwise: what it shows was taken after all. In the caller's transaction."""
    standing = SkippedExercise.objects.standing().filter(visit_id=photo.visit_id)
    answered = [one for one in standing if same_exercise(photo.exercise, one.exercise)]
    for one in answered:
        _lift(user, one)
    if answered:
        _tell(photo.visit)


@transaction.atomic
def choose_protocol(*, user: User, clinic: Clinic, protocol: str, based_on: Basis | None = None) -> Clinic:
    """With which protocol the clinic's visits begin from now on; those that were begun keep their own."""
    lock(clinic, based_on)
    if not protocols.can_be_chosen(protocol):
        raise ValidationError({"protocol": ValidationError(_("Choose one of these."), code="unknown")})
    if clinic.protocol != protocol:
        clinic.protocol = protocol
        save(clinic, user=user, only=["protocol"])
        events.changed(clinic, ["protocol"], kind=events.Event.CLINIC_CHANGED, user=user, clinic=clinic)
    return clinic


def _lift(user: User | None, skip: SkippedExercise) -> None:
    skip.lifted_at = timezone.now()
    save(skip, user=user, only=["lifted_at"])


def _locked(visit: Visit) -> Visit:
    locked = Visit.objects.select_for_update(of=("self",)).select_related("patient").get(pk=visit.pk)
    not_archived(locked.patient)
    if locked.archived_at is not None:
        raise ValidationError(_("This visit is archived. Bring it back before changing it."), code="archived")
    return locked


def _tell(visit: Visit) -> None:
    """Whoever keeps a copy of the visit asks for its series anew."""
    feed.note(
        kind=RecordKind.VISIT,
        record=visit.pk,
        what=What.CHANGED,
        patient=visit.patient_id,
        clinic=visit.patient.clinic_id,
        version=visit.version,
    )

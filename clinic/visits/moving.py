"""Photos and visits that were filed in the wrong place are moved here. Callers have asked the policies of both sides.

Nothing is copied: results, confirmations and history go along. Both sides' logs say it, and both sides' summaries are
made anew. What was judged beside a face at rest that went away, or beside none that is there now, is judged again.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit import services as audit
from clinic.common.summaries import summaries
from clinic.common.writing import lock, save
from clinic.patients.rules import not_archived
from clinic.patients.uses import check_record
from inference.again import judge_visits_again
from inference.withholding import follow_red_flags

from . import rules
from .models import Photo, Visit
from .services_series import lift_skips_of

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.patients.models import Episode, Patient


@transaction.atomic
def move_photo(*, user: User, photo: Photo, visit: Visit) -> Photo:
    """Put a photo into another visit, of its patient or of another one of the same clinic."""
    lock(photo)
    before = photo.visit
    if before.pk == visit.pk:
        return photo
    if photo.archived_at is not None or before.archived_at is not None:
        raise ValidationError(_("What was removed is brought back first, then moved."), "archived")
    _check_target(before.patient, visit.patient)
    if visit.archived_at is not None:
        raise ValidationError(_("This record is archived. Restore it before changing it."), "archived")
    _refuse_twins(visit.patient, [photo], leaving=photo)
    photo.visit = visit
    save(photo, user=user, only=["visit"])
    lift_skips_of(user=user, photo=photo)
    first = min(before.at, visit.at)
    follow_red_flags(visits=[before.pk, visit.pk])
    judge_visits_again(visits=[before, visit], episodes=[before.episode_id, visit.episode_id], since=first)
    changed = [before.pk, visit.pk]
    _tell_both(user, before, visit, before.patient, visit.patient, changed)
    return photo


@transaction.atomic
def move_visit(*, user: User, visit: Visit, episode: Episode) -> Visit:
    """Put a visit with its photos into another care episode, of its patient or of another one of the same clinic."""
    lock(visit)
    before = visit.episode
    if before.pk == episode.pk:
        return visit
    if visit.archived_at is not None:
        raise ValidationError(_("What was removed is brought back first, then moved."), "archived")
    source, target = visit.patient, episode.patient
    _check_target(source, target)
    if source.pk != target.pk:
        _refuse_twins(target, list(visit.photos.filter(archived_at__isnull=True)))
    visit.episode, visit.patient = episode, target
    rules.check_visit(visit)
    save(visit, user=user, only=["episode", "patient"])
    follow_red_flags(visits=[visit.pk])
    judge_visits_again(visits=[visit], episodes=[before.pk, episode.pk], since=visit.at)
    _tell_both(user, before, visit, source, target)
    return visit


def _check_target(source: Patient, target: Patient) -> None:
    """Files are sealed with their clinic's key, so nothing leaves the clinic; a patient's consent is asked anew."""
    if source.clinic_id != target.clinic_id:
        raise ValidationError(_("Nothing can be moved to another clinic."), "other_clinic")
    not_archived(source)
    not_archived(target)
    if source.pk != target.pk:
        check_record(target)


def _refuse_twins(target: Patient, photos: list[Photo], leaving: Photo | None = None) -> None:
    """A photo that the target already has is not put there twice."""
    there = Photo.objects.current().filter(
        visit__patient=target, original_sha256__in=[photo.original_sha256 for photo in photos]
    )
    if leaving is not None:
        there = there.exclude(pk=leaving.pk)
    if there.exists():
        raise ValidationError(_("The same photo is already there."), "same_in_patient")


def _tell_both(
    user: User,
    left: Visit | Episode,
    entered: Visit,
    source: Patient,
    target: Patient,
    changed: list[uuid.UUID] | None = None,
) -> None:
    """The record that was moved says so in its own log; the place that it left, and the one it entered, say it too."""
    audit.log_change(record=left, user=user, how="moved_away")
    audit.log_change(record=entered, user=user, how="moved_here")
    for patient_id in {source.pk, target.pk}:
        summaries().refresh(patient_id=patient_id, visits=changed)

"""What a photo shows and when it was taken, as people correct it. Callers have asked the policy first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.common.dates import day_in
from clinic.common.summaries import summaries
from clinic.common.writing import Basis, assign, lock, save
from clinic.patients.rules import not_archived
from inference.again import judge_again, look_again
from inference.pipeline.codes import Exercise, untaught

from . import moments, rules
from .models import Photo, Suggestion, TakenFrom
from .selectors import cards
from .services_mirroring import dismiss_suggestion
from .services_series import lift_skips_of

if TYPE_CHECKING:
    from clinic.accounts.models import User

    from .models import Visit

SHOWN = frozenset({"exercise", "side", "exercise_named"})
TAKEN = frozenset({"taken_at", "taken_from"})


@transaction.atomic
def change_exercise(
    *, user: User, photo: Photo, exercise: str, side: str = "", based_on: Basis | None = None
) -> Photo:
    """Say that a photo shows another exercise; what it was before stays in its history."""
    lock(photo, based_on)
    if _file(user, photo, exercise, side, True, based_on):
        summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
    return photo


@dataclass(frozen=True, slots=True)
class Filing:
    """Under what a photo is to be filed, and the version of it that was shown."""

    photo: Photo
    exercise: str
    side: str
    based_on: Basis | None = None


@transaction.atomic
def file_together(*, user: User, visit: Visit, filings: Sequence[Filing], named: bool = True) -> list[Photo]:
    """File these photos of a visit, all or none of them; where somebody filed one otherwise meanwhile, Conflict.

    named: a person says so, and the model's doubts about it are settled; else the photos were only put back where
    they lay, and are proposed again.
    """
    not_archived(visit.patient)
    # In one order, so that two who file at once don't wait for each other.
    for one in sorted(filings, key=lambda filing: filing.photo.pk):
        lock(one.photo, one.based_on)
        if one.photo.visit_id != visit.pk or one.photo.archived_at or visit.archived_at:
            raise ValidationError(_("The visit has changed meanwhile. Look at it again."), code="changed")
        _file(user, one.photo, one.exercise, one.side, named, one.based_on)
    photos = [one.photo for one in filings]
    if named:
        for card in cards(photos=photos):
            if card.other_exercise is not None:
                dismiss_suggestion(
                    user=user,
                    visit=visit,
                    photo=card.photo,
                    suggestion=Suggestion.EXERCISE,
                    value=card.other_exercise.code,
                )
    summaries().refresh(patient_id=visit.patient_id, visits=[visit.pk])
    return photos


def _file(
    user: User, photo: Photo, exercise: str, side: str, named: bool, based_on: Basis | None
) -> list[str]:
    """Write what a locked photo shows; the names of what changed."""
    before = photo.exercise
    shown = {"exercise": exercise, "side": rules.checked_side(exercise, side), "exercise_named": named}
    changed = assign(photo, shown, SHOWN, based_on=based_on)
    if changed:
        save(photo, user=user, only=changed)
        lift_skips_of(user=user, photo=photo)
        # Also a photo at rest that is said to be one only now.
        if Exercise.REST in (before, photo.exercise):
            judge_again(photo=photo)
        if untaught(before) != untaught(photo.exercise):
            look_again(photo=photo)
    return changed


@transaction.atomic
def change_taken_at(
    *, user: User, photo: Photo, taken_at: dt.datetime, based_on: Basis | None = None
) -> Photo:
    """Say when a photo was taken; ValidationError for a moment before the patient's birth or in the future."""
    lock(photo, based_on)
    not_archived(photo.visit.patient)
    check_taken(photo.visit, taken_at)
    # The moment alone can be the matter of a conflict: where it comes from goes with it.
    changed = assign(photo, {"taken_at": taken_at}, TAKEN, based_on=based_on)
    if changed:
        photo.taken_from = TakenFrom.GIVEN
        save(photo, user=user, only=["taken_at", "taken_from"])
        summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
    return photo


def check_taken(visit: Visit, taken_at: dt.datetime) -> None:
    """ValidationError unless a photo of that visit can have been taken then."""
    moments.check(moment=taken_at, field="taken_at", ahead=moments.PHOTO_AHEAD)
    rules.check_birth(visit.patient, day_in(taken_at, visit.patient.clinic.time_zone), "taken_at")


@transaction.atomic
def follow_visit(*, user: User, visit: Visit, before: dt.datetime) -> None:
    """The visit was dated otherwise: photos that only had its date, which was `before`, have its new one."""
    zone = visit.patient.clinic.time_zone
    for photo in visit.photos.select_for_update().filter(taken_from__in=[TakenFrom.VISIT, TakenFrom.REFUSED]):
        if day_in(photo.taken_at, zone) == day_in(before, zone):
            photo.taken_at = visit.at
            save(photo, user=user, only=["taken_at"])

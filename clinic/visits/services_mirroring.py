"""What people do about a model's suggestion: turn mirrored photos over, or keep what they filed."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from clinic.audit import services as audit
from clinic.common.summaries import summaries
from clinic.common.writing import save
from clinic.patients.rules import not_archived
from clinic.store import files
from inference import services as inference_services
from inference.again import judge_again
from inference.pipeline.codes import Exercise

from . import intake
from .models import Dismissal, Photo, Suggestion
from .refusals import refuse

if TYPE_CHECKING:
    from clinic.accounts.models import User

    from .models import Visit

QUALITY = 95
SHARED = ("exercise", "side", "exercise_named", "taken_at", "taken_from")
"""What people say of a photo is said of both of its versions."""


def turn_over(*, user: User, visit: Visit, photos: Sequence[Photo]) -> list[Photo]:
    """Put each photo's mirror image in its place, to be analysed anew; done twice it brings the first ones back.

    Both versions are kept: the one that leaves is archived, not changed, with its results and confirmations. All of the
    photos are turned, or none; ValidationError or IntakeError where one can't be.
    """
    written: list[str] = []
    committing = False
    try:
        with transaction.atomic():
            not_archived(visit.patient)
            current = _current(visit, photos)
            turned = [_turned(photo, user, written) for photo in current]
            for rest in (photo for photo in turned if photo.exercise == Exercise.REST):
                judge_again(photo=rest)
            audit.log_change(record=visit, user=user, how="turned_over")
            summaries().refresh(patient_id=visit.patient_id, visits=[visit.pk])
            committing = True
    except BaseException as error:
        if not committing:
            files.remove(*written)
        if isinstance(error, files.DecryptionError):
            raise refuse("key_missing") from error
        if isinstance(error, files.StoreAway):
            raise refuse(error.code) from error
        raise
    return turned


def _current(visit: Visit, photos: Sequence[Photo]) -> list[Photo]:
    """Those photos, locked, as they are now; ValidationError where one left the visit meanwhile."""
    found = list(
        Photo.objects.select_for_update(of=("self",))
        .select_related("visit__patient__clinic", "turned_from")
        .filter(visit=visit, archived_at__isnull=True, pk__in=[photo.pk for photo in photos])
        .order_by("taken_at", "created_at")
    )
    if len(found) != len(photos) or visit.archived_at is not None:
        raise ValidationError(_("The visit has changed meanwhile. Look at it again."), code="changed")
    return found


def _turned(photo: Photo, user: User, written: list[str]) -> Photo:
    """The other version of one photo in its place: the one that it was made from, or had before, or a new one."""
    other = photo.turned_from or photo.turned_to.filter(archived_at__isnull=False).first()
    _archive(photo, user)
    if other is not None:
        # Who filed it anew meanwhile, filed this face and not one of its versions.
        other.archived_at = None
        for name in SHARED:
            setattr(other, name, getattr(photo, name))
        save(other, user=user, only=["archived_at", *SHARED])
    else:
        other = _mirror_image(photo, user, written)
    inference_services.queue_analysis(photo=other)
    return other


def _archive(photo: Photo, user: User) -> None:
    photo.archived_at = timezone.now()
    save(photo, user=user, only=["archived_at"])
    inference_services.cancel(photo=photo)


def _mirror_image(photo: Photo, user: User, written: list[str]) -> Photo:
    with Image.open(io.BytesIO(files.read(photo)), formats=["JPEG"]) as stored:
        picture = ImageOps.mirror(stored.convert("RGB"))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY)
    content, clinic = stream.getvalue(), photo.visit.patient.clinic
    for data in (content, intake.thumbnail_of(content)):
        written.append(files.write(data, clinic=clinic))
    turned = Photo(
        visit=photo.visit,
        **{name: getattr(photo, name) for name in SHARED},
        image=written[-2],
        thumbnail=written[-1],
        width=picture.width,
        height=picture.height,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        # The file that was uploaded is the same one: uploaded again, it is a twin of this photo too.
        original_sha256=photo.original_sha256,
        uploaded_by=user,
        turned_from=photo,
    )
    save(turned, user=user)
    return turned


def dismiss_suggestion(
    *, user: User, visit: Visit, suggestion: str, value: str, photo: Photo | None = None
) -> Dismissal:
    """Remember that a person turned a model's suggestion down, of a photo or of the whole visit."""
    if suggestion not in Suggestion.values:
        raise ValidationError(_("There is no such suggestion."), code="unknown")
    if photo is not None and photo.visit_id != visit.pk:
        raise ValidationError(_("The photo belongs to another visit."), code="other_visit")
    with transaction.atomic():
        not_archived(visit.patient)
        kept, created = Dismissal.objects.get_or_create(
            visit=visit, photo=photo, suggestion=suggestion, value=value, defaults={"by": user}
        )
        if created:
            audit.log_change(record=kept, user=user, how="kept")
            summaries().outdate(visits=[visit.pk])
    return kept

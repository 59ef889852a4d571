"""What is written about visits and photos. Callers have asked the policy first."""

from __future__ import annotations

import datetime as dt
import errno
import logging
import zoneinfo
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from clinic.accounts.policies import is_integration
from clinic.audit import services as audit
from clinic.common.dates import day_in
from clinic.common.meters import counts_uploads
from clinic.common.summaries import summaries
from clinic.common.versions import base_value
from clinic.common.writing import Basis, assign, lock, save
from clinic.patients.rules import not_archived
from clinic.patients.selectors import current_episode
from clinic.patients.uses import check_record
from clinic.store import files
from inference import finding
from inference import services as inference_services
from inference.again import judge_again, judge_visits_again
from inference.jobs.states import Status
from inference.pipeline.codes import Exercise

from . import decoding, intake, protocols, rules
from .confirming import record_grade
from .from_home import take_over
from .models import Confirmation, Origin, Photo, TakenFrom, Visit
from .refusals import refuse
from .services_filing import change_exercise, check_taken, follow_visit
from .services_series import lift_skips_of

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.patients.models import Episode, Patient
    from inference.models import Analysis

logger = logging.getLogger(__name__)

# No room on the disk, none for this account, none for a file of that size.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
EDITABLE = frozenset({"impression", "grade", "at"})


def create_visit(
    *,
    user: User | None,
    patient: Patient,
    episode: Episode | None = None,
    at: dt.datetime | None = None,
    impression: str = "",
    grade: int | None = None,
    protocol: str = "",
    asked_by: User | None = None,
) -> Visit:
    """A new visit, in the episode that had begun by then, unless another of the patient's is given. protocol: key of
    the one that it is begun with, the clinic's unless given. asked_by: of one whose photos the patient sends from home,
    which nobody of the clinic makes, whoever asked for them.
    """
    if protocol and not protocols.can_be_chosen(protocol):
        raise ValidationError({"protocol": ValidationError(_("Choose one of these."), code="unknown")})
    at = at or timezone.now()
    day = day_in(at, patient.clinic.time_zone)
    episode = episode or rules.episode_on(patient=patient, day=day) or current_episode(patient=patient)
    if episode is None:
        raise ValidationError(
            _("Record what the patient is treated for first: a visit belongs to a care episode.")
        )
    if episode.patient_id != patient.pk:
        raise ValidationError(_("The care episode belongs to another patient."))
    visit = Visit(
        patient=patient,
        episode=episode,
        at=at,
        clinician=asked_by or user,
        origin=Origin.CLINIC if asked_by is None else Origin.HOME,
        impression=impression.strip(),
        grade=grade,
        protocol=protocol or _usual_protocol(patient, from_home=asked_by is not None),
    )
    rules.check_visit(visit)
    visit.full_clean(exclude=["patient", "episode", "clinician"])
    with transaction.atomic():
        save(visit, user=user)
        if grade is not None and user is not None:
            record_grade(user=user, visit=visit, grade=grade)
        summaries().refresh(patient_id=patient.pk, visits=[visit.pk])
    return visit


def _usual_protocol(patient: Patient, *, from_home: bool) -> str:
    return (protocols.FROM_HOME if from_home else protocols.of_clinic(patient.clinic)).key


@transaction.atomic
def update_visit(*, user: User, visit: Visit, based_on: Basis | None = None, **changes: Any) -> Visit:
    """Change impression, grade or time of a visit; what stays the same writes nothing."""
    lock(visit, based_on)
    before = visit.at
    changed = assign(visit, changes, EDITABLE, based_on=based_on)
    if not changed:
        return visit
    if "at" in changed:
        rules.check_visit(visit)
    visit.full_clean(exclude=["patient", "episode", "clinician"])
    if {"impression", "grade"} & set(changed):
        changed += take_over(visit, user)
        if is_integration(visit.clinician, visit.patient.clinic_id):
            # Another system logged the visit; whoever says something of the patient has seen them.
            visit.clinician = user
            changed = [*changed, "clinician"]
    save(visit, user=user, only=changed)
    if "grade" in changed:
        record_grade(user=user, visit=visit, grade=visit.grade)
    if "at" in changed:
        follow_visit(user=user, visit=visit, before=before)
        judge_visits_again(visits=[visit], episodes=[visit.episode_id], since=min(before, visit.at))
    summaries().refresh(patient_id=visit.patient_id, visits=[visit.pk])
    return visit


def archive_visit(*, user: User, visit: Visit, based_on: Basis | None = None) -> Visit:
    """Take a visit out of lists and charts; its record and photos stay."""
    return _set_visit_archived(user, visit, timezone.now(), based_on)


def restore_visit(*, user: User, visit: Visit, based_on: Basis | None = None) -> Visit:
    """Bring an archived visit back."""
    return _set_visit_archived(user, visit, None, based_on)


@transaction.atomic
def _set_visit_archived(user: User, visit: Visit, when: dt.datetime | None, based_on: Basis | None) -> Visit:
    lock(visit, based_on)
    if (visit.archived_at is None) == (when is None):
        return visit
    visit.archived_at = when
    save(visit, user=user, only=["archived_at"])
    judge_visits_again(visits=[visit], episodes=[visit.episode_id], since=visit.at)
    summaries().refresh(patient_id=visit.patient_id, visits=[visit.pk])
    return visit


@counts_uploads
def store_photo(
    *,
    user: User | None,
    visit: Visit,
    upload: Any,
    exercise: str,
    side: str = "",
    named: bool = True,
    taken_at: dt.datetime | None = None,
    anyway: bool = True,
) -> Photo:
    """Take a photo in and queue its analysis, or raise IntakeError and leave nothing behind.

    named: whether somebody said which exercise it shows (see `filing`). taken_at: read from the file if left out.
    anyway: also where another patient of the clinic has the same file, which a person is asked about first. user: None
    where the patient sends it from home; it counts as whose clinic's work the visit is.
    """
    _refuse_without_leave(visit)
    if taken_at is not None:
        check_taken(visit, taken_at)
    side = rules.checked_side(exercise, side)
    zone = zoneinfo.ZoneInfo(visit.patient.clinic.time_zone)
    prepared = decoding.prepare(upload=upload, zone=zone)
    _refuse_twice(visit, prepared.original_sha256, zone)
    if not anyway:
        _warn_of_twin_elsewhere(visit, prepared.original_sha256)
    names = _write_files(prepared, visit)
    moment, taken_from = _taken(visit, taken_at, prepared, zone)
    photo = Photo(
        visit=visit,
        exercise=exercise,
        side=side,
        exercise_named=named,
        taken_at=moment,
        taken_from=taken_from,
        image=names[0],
        thumbnail=names[1],
        width=prepared.width,
        height=prepared.height,
        size=len(prepared.image),
        sha256=prepared.sha256,
        original_sha256=prepared.original_sha256,
        uploaded_by=user or visit.clinician,
    )
    _write_row(user, photo)
    return photo


def _write_files(prepared: intake.Prepared, visit: Visit) -> list[str]:
    """The photo's two files, both or none."""
    written: list[str] = []
    try:
        for content in (prepared.image, prepared.thumbnail):
            written.append(files.write(content, clinic=visit.patient.clinic))
    except BaseException as error:
        files.remove(*written)
        if isinstance(error, files.DecryptionError):
            raise refuse("key_missing") from error
        if isinstance(error, files.StoreAway):
            logger.error("A photo could not be stored: %s", error)
            raise refuse(error.code) from error
        if isinstance(error, OSError):
            logger.error("A photo could not be stored: %s", errno.errorcode.get(error.errno or 0, "OSError"))
            raise refuse("disk_full" if error.errno in FULL else "not_stored") from error
        raise
    return written


def _write_row(user: User | None, photo: Photo) -> None:
    """The row that names the files, and its analysis.

    The files go with a row that surely is not there. Where the answer to the commit got lost, or something failed
    after it, they stay: they are the row's, or the sweep finds that they are nobody's.
    """
    committing = False
    try:
        with transaction.atomic():
            save(photo, user=user)
            lift_skips_of(user=user, photo=photo)
            inference_services.queue_analysis(photo=photo)
            if photo.exercise == Exercise.REST:
                judge_again(photo=photo)
            summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
            committing = True
    except BaseException as error:
        if not committing:
            files.remove(*filter(None, (photo.image.name, photo.thumbnail.name)))
        # Two uploads of the same photo raced each other; the other one is in.
        if isinstance(error, IntegrityError) and (
            "same_photo_once_per_visit" in str(error) or "original_sha256" in str(error)
        ):
            raise refuse("same_in_visit") from error
        raise


def _refuse_without_leave(visit: Visit) -> None:
    """Whether the patient allows it is asked at this use of their face, as at every other."""
    try:
        check_record(visit.patient)
    except ValidationError as error:
        raise refuse(error.code or "no_consent") from error


def _taken(
    visit: Visit, given: dt.datetime | None, prepared: intake.Prepared, zone: zoneinfo.ZoneInfo
) -> tuple[dt.datetime, TakenFrom]:
    """When the photo was taken, and who says so: the caller, the file unless it can't be, else its visit."""
    if given is not None:
        return given, TakenFrom.GIVEN
    read, strange = prepared.taken_at, prepared.date_refused
    if read is not None:
        try:
            check_taken(visit, read)
        except ValidationError:
            strange = True
        else:
            return read, TakenFrom.FILE
    return _assumed_time(visit, zone), TakenFrom.REFUSED if strange else TakenFrom.VISIT


def _assumed_time(visit: Visit, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """When a photo that does not say was taken: now in today's visit, else at the time of the visit."""
    now = timezone.now()
    return now if visit.at.astimezone(zone).date() == now.astimezone(zone).date() else visit.at


def _refuse_twice(visit: Visit, original_sha256: str, zone: zoneinfo.ZoneInfo) -> None:
    twin = (
        Photo.objects.current()
        .filter(visit__patient_id=visit.patient_id, original_sha256=original_sha256)
        .select_related("visit")
        .first()
    )
    if twin is None:
        return
    if twin.visit_id == visit.pk:
        raise refuse("same_in_visit")
    raise refuse(
        "same_in_patient",
        day=formats.date_format(twin.visit.at.astimezone(zone), "DATE_FORMAT"),
    )


def _warn_of_twin_elsewhere(visit: Visit, original_sha256: str) -> None:
    """The same file in another patient's record is a slip more often than not. Whose it is, is not told."""
    others = Photo.objects.current().filter(
        visit__patient__clinic_id=visit.patient.clinic_id, original_sha256=original_sha256
    )
    if others.exclude(visit__patient_id=visit.patient_id).exists():
        raise refuse("same_elsewhere")


@transaction.atomic
def archive_photo(*, user: User, photo: Photo, based_on: Basis | None = None) -> Photo:
    """Take a photo out of its visit; file, results and confirmations stay."""
    lock(photo, based_on)
    if photo.archived_at is None:
        photo.archived_at = timezone.now()
        save(photo, user=user, only=["archived_at"])
        inference_services.cancel(photo=photo)
        if photo.exercise == Exercise.REST:
            judge_again(photo=photo)
        summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
    return photo


@transaction.atomic
def restore_photo(*, user: User, photo: Photo, based_on: Basis | None = None) -> Photo:
    """Bring an archived photo back; IntakeError if the same photo was uploaded again meanwhile."""
    lock(photo, based_on)
    if photo.archived_at is None:
        return photo
    if photo.visit.photos.filter(archived_at=None, original_sha256=photo.original_sha256).exists():
        raise refuse("same_in_visit")
    photo.archived_at = None
    save(photo, user=user, only=["archived_at"])
    lift_skips_of(user=user, photo=photo)
    inference_services.queue_analysis(photo=photo)
    if photo.exercise == Exercise.REST:
        judge_again(photo=photo)
    summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
    return photo


def confirm(
    *,
    user: User,
    analysis: Analysis,
    palsy: bool,
    exercise: str = "",
    weak_side: str = "",
    grade: int | None = None,
    comment: str = "",
    based_on: Basis | None = None,
) -> Confirmation:
    """Add the clinician's word on one finding; earlier ones stay, the newest counts.

    exercise: what the photo shows, if the clinician says so: it is filed under it. Left out, nothing is said of it.
    based_on: the version of the photo that was shown; where somebody filed it elsewhere since, nothing is said.
    """
    if analysis.status != Status.SUCCEEDED:
        raise ValidationError(_("Only a photo with a result can be confirmed or corrected."))
    if palsy and not weak_side:
        raise ValidationError({"weak_side": _("Choose the weak side.")})
    if not palsy and weak_side:
        raise ValidationError({"weak_side": _("Without palsy there is no weak side.")})
    if not palsy and grade not in (None, 1):
        raise ValidationError({"grade": _("Without palsy the grade is I.")})
    confirmation = Confirmation(
        photo=analysis.photo,
        analysis=analysis,
        by=user,
        exercise=exercise or analysis.photo.exercise,
        names_exercise=bool(exercise),
        palsy=palsy,
        weak_side=weak_side,
        grade=grade,
        comment=comment.strip(),
        agrees=False,
    )
    found = finding.from_analysis(analysis, asked=analysis.photo.exercise)
    if not exercise:
        found = replace(found, exercise=confirmation.exercise)
    confirmation.agrees = finding.agree(finding.from_confirmation(confirmation), found)
    confirmation.full_clean(exclude=["photo", "analysis", "by"])
    with transaction.atomic():
        photo = _still_there(analysis.photo)
        refiles = bool(exercise) and exercise != photo.exercise
        if refiles and based_on and base_value(photo, based_on, "exercise") != photo.exercise:
            said = _("%(who)s filed this photo here meanwhile. Choose again if it shows something else.")
            raise ValidationError(said % {"who": _("Somebody")}, "stale")
        confirmation.save(force_insert=True)
        audit.log_change(record=confirmation, user=user, how="given")
        if exercise:
            side = "" if refiles else photo.side
            change_exercise(user=user, photo=analysis.photo, exercise=exercise, side=side)
        summaries().refresh(patient_id=photo.visit.patient_id, visits=[photo.visit_id])
    return confirmation


def _still_there(photo: Photo) -> Photo:
    """The photo, its visit and its record were open when the page was shown; whoever closes them meanwhile is first."""
    locked = Photo.objects.select_for_update(of=("self",)).select_related("visit__patient").get(pk=photo.pk)
    if locked.archived_at or locked.visit.archived_at:
        raise ValidationError(_("This record is archived. Restore it before changing it."), code="archived")
    not_archived(locked.visit.patient)
    return locked
